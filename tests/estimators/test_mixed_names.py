"""Names, labels and files of mixed models: a result says what its estimator says, and no label is mistaken."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(8)
SCHOOL, UNIT = np.repeat(list("ABCDEFGH"), 12), np.tile(np.repeat([1, 2, 3], 4), 8)
X = RNG.uniform(0, 3, 96)
Y = (
    1 + RNG.standard_normal(8).repeat(12) + 0.8 * RNG.standard_normal(24).repeat(4)
    + X * (0.5 + 0.6 * RNG.standard_normal(8).repeat(12)) + 0.5 * RNG.standard_normal(96)
)  # fmt: skip
FRAME = {"y": Y, "x": X, "school": SCHOOL, "unit": UNIT}
FORMULAS = {
    "slopes": "y ~ x + (x | school)",
    "scalar": "y ~ x + (x || school)",
    "nested": "y ~ x + (1 | school/unit)",
    "slopes of schools": "y ~ x + (x | school) + (1 | school:unit)",
}


def fitted(formula, frame=None, **options):
    return ek.MixedRegression(formula, **options).fit(FRAME if frame is None else frame)


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("name", FORMULAS)
def test_a_result_names_what_its_estimator_names(name, method):
    model = fitted(FORMULAS[name], method=method, covariance="scalar" if name == "scalar" else None)
    told = model.result_.tidy(standard_errors=True)
    rows = zip(told["parameter"], told["column"], told["estimate"], told["std_error"], strict=True)
    columns = dict(zip(told["path"], rows, strict=True))
    fixed = [columns[f"fixed[{j}]"] for j in range(2)]
    assert [row[:2] for row in fixed] == [("fixed effect", "intercept"), ("fixed effect", "x")]
    np.testing.assert_allclose([row[2] for row in fixed], model.coefficients_, rtol=1e-7)
    errors = np.sqrt(np.diag(model.coefficient_covariance_))
    np.testing.assert_allclose([row[3] for row in fixed], errors, rtol=1e-12 if method == "reml" else 0.1)
    assert columns["within"][:2] == ("error variance", None)
    lines = [*zip(told["parameter"], told["column"], strict=True)]
    assert len(set(lines)) == len(lines)  # no two are called the same
    for text in (model.result_.summary(), model.result_.summary(standard_errors=True)):
        assert "effect 1" not in text
        assert "covariate 1" not in text
        assert "error variance" in text
        assert FORMULAS[name] in text


def test_both_levels_are_named_as_formulas_name_them():
    told = fitted(FORMULAS["slopes of schools"]).result_.tidy(standard_errors=False)
    spreads = [*zip(told["parameter"], told["column"], strict=True)][3:]
    assert spreads == [
        ("variance", "intercept of school"), ("covariance", "intercept of school, x of school"), ("variance", "x of school"),
        ("variance", "intercept of school:unit"),
    ]  # fmt: skip
    scalar = fitted("y ~ x + (x | school)", covariance="scalar").result_.tidy(False)
    assert ("variance", "intercept, x") in [*zip(scalar["parameter"], scalar["column"], strict=True)]


def test_brackets_mean_what_they_say_whichever_is_the_outer():
    """Units 1, 2, 3 of all schools as the outer groups, and schools within these as the inner ones."""
    with pytest.warns(ek.EmkitWarning, match="edge"):
        found = fitted("y ~ x + (1 | unit) + (1 | school:unit)")
    assert len(found.groups_) == 3
    assert "intercept of unit:school" in found.summary()


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize("name", FORMULAS)
def test_a_fit_from_a_file_predicts_as_before(name, method, tmp_path):
    model = fitted(FORMULAS[name], method=method)
    new = {"x": [0.5, 1.0, 2.0], "school": ["B", "C", "new"], "unit": [2, 9, 1]}
    loaded = ek.load(model.result_.save(tmp_path / "fit.emk"))
    for frame in (FRAME, new):
        wanted = model.predict(frame)
        np.testing.assert_allclose(loaded.means(frame).of_all, wanted, rtol=1e-12)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(frame), wanted)
        np.testing.assert_allclose(loaded.means(frame, random=False).of_all, model.predict(frame, random=False), rtol=1e-12)
    assert "intercept" in loaded.summary()
    assert loaded.plot("effects").get_xlabel() == "intercept"


def test_rows_by_no_formula_come_with_labels_of_their_groups(tmp_path):
    rows, model = np.column_stack([Y, X]), ek.MixedModel(0, (1,), (1,))
    source = ek.ArraySource(rows, groups=SCHOOL)
    found = ek.fit(model, source, model.start(source.profile), solver="anderson")
    wanted = fitted("y ~ x + (x | school)", method="ml").predict(FRAME)
    loaded = ek.load(found.save(tmp_path / "fit.emk"))
    np.testing.assert_allclose(loaded.means(rows, groups=SCHOOL).of_all, wanted, atol=1e-4)
    effects, _ = loaded.latent(rows, groups=SCHOOL)
    np.testing.assert_allclose(effects, loaded.effects.levels[0].means, atol=1e-10)
    with pytest.raises(ek.DataError, match="give `groups`, or ask for means without"):
        loaded.means(rows)
    with pytest.raises(ek.DataError, match="96 rows but the groups have shape"):
        loaded.means(rows, groups=SCHOOL[:4])


def test_factors_of_new_rows_are_told_by_a_fit_from_a_file(tmp_path):
    rows = RNG.standard_normal((50, 1)) @ np.ones((1, 4)) + 0.5 * RNG.standard_normal((50, 4))
    model = ek.FactorAnalysis(1).fit(rows)
    loaded = ek.load(model.result_.save(tmp_path / "fit.emk"))
    told, scores = loaded.latent(rows[:3])[0], model.transform(rows[:3])
    np.testing.assert_allclose(told * np.sign(told[0] * scores[0]), scores, rtol=1e-12)  # a factor can be reflected
    with pytest.raises(ek.ModelError, match="Mixture has no continuous latent variables"):
        ek.GaussianMixture(1, random_state=0).fit(rows).result_.latent(rows)


REFUSED = {
    "text for numbers": ({"school": ["A"], "unit": ["1"]}, "the group of row 0 is '1', and labels of groups in the fit are"),
    "numbers for text": ({"school": [1], "unit": [1]}, "the group of row 0 is 1, and labels of groups in the fit are text"),
    "an inner gap": ({"school": ["A"], "unit": [np.nan]}, "the group of row 0 is missing"),
    "an outer gap": ({"school": [None], "unit": [1]}, "the group of row 0 is missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_labels_that_no_group_could_have_are_refused(name, tmp_path):
    given, message = REFUSED[name]
    model = fitted(FORMULAS["nested"])
    loaded = ek.load(model.result_.save(tmp_path / "fit.emk"))
    for means in (model.predict, loaded.means):
        with pytest.raises(ek.DataError, match=message):
            means({"x": [1.0], **given})
    assert np.isfinite(model.predict({"x": [1.0], **given}, random=False)).all()


def test_a_number_may_be_a_covariate_and_tell_inner_groups():
    model = fitted("y ~ unit + (1 | school/unit)")
    plain = fitted("y ~ unit + (1 | school/class)", {**FRAME, "class": UNIT})
    assert model.result_.log_likelihood == pytest.approx(plain.result_.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(model.predict(FRAME), plain.predict({**FRAME, "class": UNIT}), rtol=1e-8)


def test_what_a_nested_fit_has_not_is_said_in_words_of_the_data():
    found = fitted(FORMULAS["nested"]).result_
    with pytest.raises(ek.ModelError, match="no components that a row could belong to"):
        found.predict(FRAME)
    again = found.without_data().with_data(FRAME)
    assert again.log_likelihood == found.log_likelihood
