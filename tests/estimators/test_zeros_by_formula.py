"""Zero-inflated and hurdle regressions by formula: a class of zeros beside those of the response."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from click.testing import CliRunner
from sklearn.exceptions import ConvergenceWarning
from statsmodels.discrete.truncated_model import TruncatedLFPoisson

import emkit as ek
from emkit.cli import group

DATA = Path(__file__).parents[1] / "oracles" / "data"
RIGHT = "fem + mar + kid5 + phd + ment"
NAMES = ("intercept", "fem", "mar", "kid5", "phd", "ment")
# what hurdle() of R's pscl finds, as the tests of the R package glmmADMB have it (github.com/bbolker/glmmadmb, tests of
# truncated families); pscl tells the log-odds of more than 0, so that signs of the second part are turned
PSCL = {
    "counts": [0.671139312872, -0.228582657955, 0.096484989277, -0.142187559329, -0.012726372584, 0.018745479740],
    "zeros": [-0.236796012435, 0.251151128618, -0.326233583613, 0.285248715785, -0.022219397099, -0.080121354687],
}  # fmt: skip


@pytest.fixture(scope="module")
def biochemists():
    frame = pd.read_csv(DATA / "biochemists.csv")
    return frame.assign(fem=frame.fem == "Women", mar=frame.mar == "Married").astype(float)


@pytest.fixture(scope="module")
def inflated(biochemists):
    return ek.MixtureRegression(f"art ~ {RIGHT} | {RIGHT}", family="zero-inflated:poisson").fit(biochemists)


@pytest.fixture(scope="module")
def hurdle(biochemists):
    return ek.MixtureRegression(f"art ~ {RIGHT} | {RIGHT}", family="hurdle:poisson", tol=1e-13).fit(biochemists)


@pytest.fixture(scope="module")
def few():
    """Sixty counts of two kinds, and zeros."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=60)
    y = np.where(rng.random(60) < 0.3, 0, rng.poisson(np.exp(np.where(rng.random(60) < 0.5, 2.5, 0.5) + 0.3 * x)))
    return pd.DataFrame({"y": y, "x": x})


def test_a_hurdle_is_that_of_pscl(hurdle):
    np.testing.assert_allclose(hurdle.components_.parts[0].coefficients[0], PSCL["counts"], atol=2e-6)
    np.testing.assert_allclose(hurdle.gates_[1], PSCL["zeros"], atol=2e-6)
    assert hurdle.coefficient_names_ == hurdle.gate_names_ == NAMES


def test_a_hurdle_is_its_two_parts(hurdle, biochemists):
    """Whether there are any is a logistic regression, and how many one without zeros: each fitted by statsmodels."""
    design = sm.add_constant(biochemists[list(NAMES[1:])].to_numpy())
    y = biochemists.art.to_numpy()
    none = sm.Logit(y == 0, design).fit(disp=0, tol=1e-12)
    some = TruncatedLFPoisson(y[y > 0], design[y > 0]).fit(method="newton", disp=0, tol=1e-12)
    assert hurdle.result_.log_likelihood == pytest.approx(none.llf + some.llf, abs=1e-8)
    np.testing.assert_allclose(hurdle.gates_[1], none.params, atol=1e-8)
    np.testing.assert_allclose(hurdle.components_.parts[0].coefficients[0], some.params, atol=1e-8)
    errors = hurdle.result_.standard_errors()
    np.testing.assert_allclose([errors[f"gates[1, {j}]"] for j in range(6)], none.bse, rtol=1e-5)
    found = [errors[f"components.parts.0.coefficients[0, {j}]"] for j in range(6)]
    np.testing.assert_allclose(found, some.bse, rtol=1e-5)


def test_counts_alone_are_the_zero_inflated_columns():
    """One number for each part: the closed form of the oracle, which `ZeroInflated` finds, too."""
    rows = pd.read_csv(DATA / "biochemists_art.csv")
    model = ek.MixtureRegression("art ~ 1", family="zero-inflated:poisson", tol=1e-12).fit(rows, sample_weight=rows.freq)
    expected = {
        each["name"]: each["value"] for each in json.loads((DATA / "zip_biochemists.expected.json").read_text())["expect"]
    }
    assert model.weights_[1] == pytest.approx(expected["p"], abs=1e-6)
    assert np.exp(model.components_.parts[0].coefficients.item()) == pytest.approx(expected["lambda"], abs=1e-6)
    assert model.result_.log_likelihood == pytest.approx(expected["loglik"], abs=1e-6)


def test_a_summary_has_a_table_of_counts_and_one_of_zeros(inflated):
    text = inflated.result_.summary(standard_errors=True)
    counts, zeros = text.index("\n  counts "), text.index("\n  zeros ")
    assert "  ment " in text[counts:zeros]
    assert "gate" not in text[counts:zeros]
    assert "gate: ment" in text[zeros:]
    assert inflated.result_.to_dict()["component_names"] == ["counts", "zeros"]


def test_means_are_those_of_counts_that_are_not_zeros(inflated, hurdle, biochemists):
    design = np.column_stack([np.ones(915), biochemists[list(NAMES[1:])]])
    for model in (inflated, hurdle):
        means = np.exp(design @ model.components_.parts[0].coefficients[0])
        means = means / -np.expm1(-means) if model is hurdle else means
        zeros = 1 / (1 + np.exp(-design @ model.gates_[1]))
        np.testing.assert_allclose(model.predict(biochemists), means * (1 - zeros))
        np.testing.assert_allclose(model.predict(biochemists, component=0), means)
        assert not model.predict(biochemists, component=1).any()
        np.testing.assert_allclose(model.predict_proba(biochemists, with_response=False)[:, 1], zeros)
        np.testing.assert_allclose(model.residuals(biochemists), biochemists.art - means * (1 - zeros))
    np.testing.assert_array_equal(hurdle.predict_components(biochemists) == 1, biochemists.art == 0)


def test_a_rootogram_begins_at_zero(inflated, hurdle):
    from emkit.views import rootogram

    for model, zeros in ((inflated, 273.19), (hurdle, 275.0)):  # the score equations of a hurdle say that all are expected
        found = rootogram(model.result_._subject(), model.params_)
        assert found.x[0] == 0
        assert found.observed[0] == 275
        assert found.expected[0] == pytest.approx(zeros, abs=0.01)


def test_a_fit_is_kept_and_predicts_again(inflated, biochemists, tmp_path):
    again = ek.load(inflated.result_.save(tmp_path / "fit.emk"))
    np.testing.assert_allclose(again.predict_proba(biochemists), inflated.predict_proba(biochemists))
    np.testing.assert_allclose(again.means(biochemists).of_all, inflated.predict(biochemists))


@pytest.mark.parametrize("family", ["zero-inflated:poisson", "hurdle:poisson"])
def test_several_classes_of_counts_stand_beside_the_zeros(family, few):
    model = ek.MixtureRegression("y ~ x", 3, family=family, n_init=4, random_state=0).fit(few)
    assert model.result_.source.component_names == ("counts 1", "counts 2", "zeros")
    levels = model.components_.parts[0].coefficients[:, 0]
    assert levels[0] < levels[1]
    assert model.predict_proba(few).shape == (60, 3)
    assert not model.predict_proba(few[few.y > 0])[:, 2].any()


def test_amounts_with_zeros_are_a_hurdle_without_truncation():
    rng = np.random.default_rng(2)
    x = rng.normal(size=80)
    y = np.where(rng.random(80) < 0.4, 0.0, rng.gamma(3.0, np.exp(1 + 0.5 * x)))
    model = ek.MixtureRegression("y ~ x | x", family="hurdle:gamma").fit({"y": y, "x": x})
    some = y > 0
    alone = ek.MixtureRegression("y ~ x", 1, family="gamma").fit({"y": y[some], "x": x[some]})
    np.testing.assert_allclose(model.components_.parts[0].coefficients, alone.components_.coefficients, rtol=1e-4)


def test_numbers_of_classes_are_chosen_among_those_that_can_be(few):
    choice = ek.select(ek.MixtureRegression("y ~ x", family="zero-inflated:poisson", n_init=2), few, n_components=[1, 2, 3])
    assert "at least 2 components" in choice.lines[0].trouble
    assert [line.fit is not None for line in choice.lines] == [False, True, True]


def test_the_command_line_says_the_same(inflated, biochemists, tmp_path):
    path, kept = tmp_path / "rows.csv", tmp_path / "fit.emk"
    biochemists.to_csv(path, index=False)
    formula = ("--formula", f"art ~ {RIGHT} | {RIGHT}", "--family", "zero-inflated:poisson")
    fit = CliRunner().invoke(group, ["fit", str(path), *formula, "-k", "2", "--json", "--save", str(kept)])
    found = json.loads(fit.stdout)
    assert found["log_likelihood"] == pytest.approx(inflated.result_.log_likelihood, abs=1e-6)
    assert found["component_names"] == ["counts", "zeros"]
    told = CliRunner().invoke(group, ["predict", str(kept), str(path)])
    assert {"probability_counts", "probability_zeros"} <= set(told.stdout.splitlines()[0].split(","))
    lone = CliRunner().invoke(group, ["fit", str(path), *formula, "-k", "1"])
    assert lone.exit_code == 2
    assert "at least 2 components" in lone.stderr


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("zero-inflated-poisson", "did you mean 'zero-inflated:poisson'"),
        ("zero-infalted:poisson", r"of zeros it may say zero-inflated:FAMILY, hurdle:FAMILY, zero-truncated:FAMILY"),
        ("zero-inflated:poison", "Did you mean 'poisson'"),
        ("zero-inflated:gaussian", "no zeros of its own"),
        ("zero-inflated:ordered", "no zeros of its own"),
        ("zero-inflated:multinomial", "no zeros of its own"),
        ("hurdle:gaussian", "no regression of counts"),
    ],
)
def test_what_cannot_be_is_said(family, said, few):
    with pytest.raises(ek.ParameterError, match=said):
        ek.MixtureRegression("y ~ x", family=family).fit(few)


def test_zeros_are_refused_where_none_are_seen(few):
    with pytest.raises(ek.DataError, match="zeros are not seen"):
        ek.MixtureRegression("y ~ x", family="zero-truncated:poisson").fit(few)
    found = ek.MixtureRegression("y ~ x", 1, family="zero-truncated:poisson").fit(few[few.y > 0])
    assert found.predict(few).min() >= 1


def test_a_window_is_of_columns_by_themselves():
    with pytest.raises(ek.ModelError, match="use ZeroTruncatedRegression"):
        ek.Truncated(ek.PoissonRegression(0, 1), 1)


@pytest.mark.parametrize("law", ["poisson", "negative-binomial"])
def test_counts_beyond_a_hurdle_may_be_of_several_classes(law):
    """Statistics of a law may hold more than one number for each component."""
    frame = {"y": [0, 0, 0, 1, 2, 3, 1, 5, 9, 0, 1, 2] * 5, "x": list(range(12)) * 5}
    with pytest.warns(ConvergenceWarning):  # a search comes to no end among so few counts: what counts here are its steps
        begun = ek.MixtureRegression("y ~ x", 3, family=f"hurdle:{law}", max_iter=0, random_state=0).fit(frame)
    found = ek.fit(begun.model_, begun.result_.source, begun.params_, max_evaluations=60)
    assert np.diff([moment.objective for moment in found.history]).min() >= 0
    assert found.objective > begun.result_.objective + 1
    assert found.params.proportions[-1] == pytest.approx(20 / 60)
