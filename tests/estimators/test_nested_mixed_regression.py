"""Groups within groups by formula: what is told of both levels, and rows in any order, with gaps, and of groups not known."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(0)
SCHOOL = np.repeat([f"s{i}" for i in range(12)], 12)
CLASS = np.tile(np.repeat(list("abc"), 4), 12)
X = RNG.uniform(0, 3, 144)
Y = (
    1 + RNG.standard_normal(12).repeat(12) + 0.7 * RNG.standard_normal(36).repeat(4)
    + X * (0.5 + 0.4 * RNG.standard_normal(12).repeat(12)) + 0.5 * RNG.standard_normal(144)
)  # fmt: skip
FRAME = {"y": Y, "x": X, "school": SCHOOL, "class": CLASS}
LEVELS = "y ~ x + (1 | school/class)"


def fitted(formula=LEVELS, frame=None, weights=None, **options):
    return ek.MixedRegression(formula, **options).fit(FRAME if frame is None else frame, sample_weight=weights)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_statsmodels_agrees(method):
    pandas, formula = pytest.importorskip("pandas"), pytest.importorskip("statsmodels.formula.api")
    frame = pandas.DataFrame(FRAME).rename(columns={"class": "unit"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its optimiser
        peer = formula.mixedlm("y ~ x", frame, groups="school", re_formula="~x", vc_formula={"unit": "0 + C(unit)"})
        peer = peer.fit(reml=method == "reml", method=["bfgs"], gtol=1e-9)
    own = fitted("y ~ x + (x | school) + (1 | school:unit)", frame, method=method, tol=1e-10)
    assert own.result_.log_likelihood == pytest.approx(peer.llf, abs=1e-6)
    np.testing.assert_allclose(own.coefficients_, peer.fe_params, rtol=1e-4)
    np.testing.assert_allclose(own.effect_covariance_, peer.cov_re, rtol=5e-3, atol=1e-4)
    assert own.inner_effect_covariance_.item() == pytest.approx(peer.vcomp[0], rel=5e-3)
    theirs = np.concatenate([peer.random_effects[name].iloc[2:] for name in own.groups_])
    np.testing.assert_allclose(own.inner_effects_.ravel(), theirs, atol=2e-3)


def test_one_bracket_is_two():
    one, two = fitted(), fitted("y ~ x + (1 | class:school) + (1 | school)")
    assert one.result_.log_likelihood == two.result_.log_likelihood
    assert one.inner_effect_names_ == ("intercept",)
    apart = fitted("y ~ x + (x || school) + (1 | school:class)")
    assert apart.effect_covariance_[0, 1] == 0
    assert apart.result_.free_parameters == 4


def test_levels_of_one_column_may_be_of_other_effects():
    model = fitted("y ~ x + (0 + x | school) + (1 | school:class)")
    assert (model.effect_names_, model.inner_effect_names_) == (("x",), ("intercept",))
    wanted = model.coefficients_ @ [1, X[5]] + model.effects_[0, 0] * X[5] + model.inner_effects_[1, 0]
    assert model.predict(FRAME)[5] == pytest.approx(wanted, rel=1e-12)


def test_rows_come_in_any_order():
    order = np.random.default_rng(3).permutation(144)
    own, other = fitted(), fitted(frame={name: column[order] for name, column in FRAME.items()})
    assert other.result_.log_likelihood == pytest.approx(own.result_.log_likelihood, rel=1e-10)
    places = [own.inner_groups_.index(pair) for pair in other.inner_groups_]
    np.testing.assert_allclose(other.inner_effects_, own.inner_effects_[places], rtol=1e-5, atol=1e-7)


def test_predictions_have_the_effects_of_levels_that_are_known():
    model = fitted()
    new = {"x": [0.0, 0.0, 0.0], "school": ["s1", "s1", "none"], "class": ["b", "z", "a"]}
    base, school = model.coefficients_[0], model.effects_[1, 0]
    inner = model.inner_effects_[model.inner_groups_.index(("s1", "b")), 0]
    np.testing.assert_allclose(model.predict(new), [base + school + inner, base + school, base], rtol=1e-12)
    np.testing.assert_allclose(model.predict({"x": [0.0]}, random=False), base, rtol=1e-12)


def test_the_score_is_the_mean_log_likelihood():
    model = fitted(method="ml", tol=1e-12)
    assert model.score(FRAME) == pytest.approx(model.result_.log_likelihood / 144, rel=1e-9)


def test_samples_vary_at_both_levels_as_the_fit_says():
    model = fitted(random_state=0)
    many = {"x": np.zeros(8000), "school": np.repeat(np.arange(2000), 4), "class": np.tile([1, 1, 2, 2], 2000)}
    across = np.cov(model.sample(many).reshape(-1, 4).T)
    outer, inner = model.effect_covariance_.item(), model.inner_effect_covariance_.item()
    assert across[0, 2] == pytest.approx(outer, rel=0.15)
    assert across[0, 1] == pytest.approx(outer + inner, rel=0.15)
    assert across[0, 0] == pytest.approx(outer + inner + model.error_variance_, rel=0.1)


def test_gaps_and_weights_of_0_leave_rows_out():
    kept = (SCHOOL != "s0") & (np.arange(144) % 5 != 1)
    fewer = fitted(frame={name: column[kept] for name, column in FRAME.items()})
    with pytest.warns(ek.EmkitWarning, match="rows have gaps"):
        some = fitted(
            frame={**FRAME, "y": np.where(np.arange(144) % 5 == 1, np.nan, Y)}, weights=(SCHOOL != "s0").astype(float)
        )
    assert some.result_.log_likelihood == pytest.approx(fewer.result_.log_likelihood, rel=1e-11)
    assert some.inner_groups_ == fewer.inner_groups_


def test_a_weight_of_2_is_a_group_twice():
    twice = {name: np.concatenate([column, column[:12]]) for name, column in FRAME.items()}
    twice["school"] = np.concatenate([SCHOOL, ["again"] * 12])
    weighted = fitted(weights=1.0 + (SCHOOL == "s0"), method="ml")
    assert weighted.result_.log_likelihood == pytest.approx(fitted(frame=twice, method="ml").result_.log_likelihood, rel=1e-9)


def test_the_summary_names_both_levels():
    told = fitted("y ~ x + (x | school) + (1 | school:class)").summary(width=100)
    for words in ("144 rows in 12 groups and 36 inner groups", "x of school", "intercept of school:class", "correlations"):
        assert words in told


def test_inner_groups_that_do_not_differ_are_told():
    rng = np.random.default_rng(2)
    y = rng.standard_normal(12).repeat(12) + rng.standard_normal(144)
    with pytest.warns(ek.EmkitWarning, match="variance of 'intercept of school:class' between groups is 0, given those before"):
        model = fitted("y ~ 1 + (1 | school/class)", {**FRAME, "y": y})
    assert model.inner_effect_covariance_.item() == 0
    assert "edge" in model.summary()


OWN_LABELS = {**FRAME, "class": [f"{school}{own}" for school, own in zip(SCHOOL, CLASS, strict=True)]}


@pytest.mark.parametrize("brackets", ["(x | school) + (1 | class)", "(1 | class) + (x | school)"])
def test_rows_tell_which_groups_lie_within_which(brackets):
    own, wanted = fitted(f"y ~ x + {brackets}", OWN_LABELS), fitted("y ~ x + (x | school) + (1 | school:class)", OWN_LABELS)
    assert own.result_.log_likelihood == wanted.result_.log_likelihood
    assert (own.effect_names_, own.inner_effect_names_) == (wanted.effect_names_, wanted.inner_effect_names_)
    assert own.inner_groups_ == wanted.inner_groups_
    for asked in ("predict", "residuals", "score"):
        np.testing.assert_array_equal(getattr(own, asked)(OWN_LABELS), getattr(wanted, asked)(OWN_LABELS))
    np.testing.assert_array_equal(own.result_.means(OWN_LABELS).of_all, own.predict(OWN_LABELS))
    assert own.sample(OWN_LABELS).shape == (144,)


def test_rows_that_are_none_do_not_make_groups_cross():
    astray = {name: [*column, column[0]] for name, column in OWN_LABELS.items()} | {"class": [*OWN_LABELS["class"], "s1a"]}
    formula = "y ~ x + (1 | school) + (1 | class)"
    with pytest.raises(ek.ParameterError, match="class 's1a' rows of several school"):
        fitted(formula, astray)
    own = fitted(formula, OWN_LABELS).result_.log_likelihood
    assert fitted(formula, astray, [1.0] * 144 + [0.0]).result_.log_likelihood == own
    astray["y"] = [*Y, np.nan]
    with pytest.warns(ek.EmkitWarning, match="1 of 145 rows have gaps"):
        assert fitted(formula, astray).result_.log_likelihood == own


def test_labels_that_several_schools_have_are_not_those_of_classes():
    with pytest.raises(ek.ParameterError, match=r"school 's0' has rows of several class, and class 'a' rows of several school"):
        fitted("y ~ x + (1 | school) + (1 | class)")
