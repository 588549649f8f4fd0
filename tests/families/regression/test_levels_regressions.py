"""Regressions of levels: one component is statsmodels', steps rise, cutpoints meet, words, levels that cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.discrete_model import MNLogit
from statsmodels.miscmodels.ordinal_model import OrderedModel

import emkit as ek
from tests.laws import maxima

FAMILIES = {"multinomial": ek.MultinomialRegression, "ordered": ek.OrderedRegression}
both = pytest.mark.parametrize("law", FAMILIES)


def drawn(seed, rows=120, middle=0.0):
    """Levels 0 to 3 by where a hidden number lies, and two covariates, of which the second lies around `middle`."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2)) * [1.0, 2.0]
    y = np.digitize(x @ [0.8, -0.5] + rng.logistic(size=rows), [-1.0, 0.2, 1.5])
    return ek.ArraySource(np.column_stack([y, x[:, 0], x[:, 1] + middle]), columns=["y", "a", "b"])


def fitted(law, source, components=1, **more):
    model = ek.Mixture(FAMILIES[law]("y", ("a", "b")))
    return ek.fit(model, source, model.starts(source.profile, components, [0]), **more)


@pytest.mark.parametrize(("seed", "middle"), [(0, 0.0), (1, 0.0), (2, 50.0)])
def test_one_ordered_component_is_the_proportional_odds_model(seed, middle):
    source = drawn(seed, middle=middle)
    fit = fitted("ordered", source, tol=1e-13)
    there = OrderedModel(source.x[:, 0], source.x[:, 1:] - [0.0, middle], distr="logit").fit(method="newton", disp=0)
    found, thresholds = fit.params.components, there.model.transform_threshold_params(there.params)[1:-1]
    assert fit.log_likelihood == pytest.approx(there.llf, abs=1e-9)
    np.testing.assert_allclose(found.coefficients[0], there.params[:2], atol=1e-7)
    np.testing.assert_allclose(found.cutpoints[0] - middle * found.coefficients[0, 1], thresholds, atol=1e-7)
    errors = fit.standard_errors()
    own = [errors[f"components.coefficients[0, {j}]"] for j in range(2)]
    np.testing.assert_allclose(own, there.bse[:2], rtol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_one_multinomial_component_is_the_multinomial_logit(seed):
    source = drawn(seed)
    fit = fitted("multinomial", source, tol=1e-13)
    design = np.column_stack([np.ones(source.rows), source.x[:, 1:]])
    there = MNLogit(source.x[:, 0], design).fit(method="newton", disp=0, tol=1e-13)
    assert fit.log_likelihood == pytest.approx(there.llf, abs=1e-9)
    np.testing.assert_allclose(fit.params.components.coefficients[0, 1:], np.asarray(there.params).T, atol=1e-8)
    assert not fit.params.components.coefficients[0, 0].any()
    errors = fit.standard_errors()
    own = [errors[f"components.coefficients[0, {level}, {j}]"] for level in (1, 2, 3) for j in range(3)]
    np.testing.assert_allclose(own, np.asarray(there.bse).T.ravel(), rtol=1e-5)


def test_two_ordered_levels_are_a_logistic_regression():
    source = drawn(3)
    two = ek.ArraySource(np.column_stack([source.x[:, 0] > 1, source.x[:, 1:]]).astype(float), columns=source.columns)
    logistic = ek.Mixture(ek.BinomialRegression("y", ("a", "b")))
    other = ek.fit(logistic, two, logistic.starts(two.profile, 1, [0]), tol=1e-13).params.components.coefficients[0]
    found = fitted("ordered", two, tol=1e-13).params.components
    np.testing.assert_allclose([-found.cutpoints[0, 0], *found.coefficients[0]], other, atol=1e-8)


@both
def test_no_step_falls_from_wild_starts(law):
    model, looked_at = ek.Mixture(FAMILIES[law]("y", ("a", "b"))), 0
    for seed in range(6):
        rng, source = np.random.default_rng(seed), drawn(seed, 25)
        start = model.starts(source.profile, 2, [seed])[0]
        settled = model.settled(source.profile)
        wild = maxima.random_point(settled, start, rng, [0.5, 3.0, 10.0][seed % 3])
        looked_at += maxima.assert_ascends(settled, source, wild, ek.solvers.Plain(), 20)
    assert looked_at > 60


def test_units_and_origins_of_covariates_change_ordered_coefficients_and_nothing_else():
    source = drawn(4)
    x = source.x.copy()
    x[:, 1] = 5.0 + 1e3 * x[:, 1]
    one, other = fitted("ordered", source), fitted("ordered", ek.ArraySource(x, columns=source.columns))
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-9)
    wanted, found = one.params.components, other.params.components
    np.testing.assert_allclose(found.coefficients * [1e3, 1.0], wanted.coefficients, rtol=1e-5)
    np.testing.assert_allclose(found.cutpoints - 5 * found.coefficients[:, :1], wanted.cutpoints, rtol=1e-5)


def test_cutpoints_meet_around_a_level_that_no_row_has_and_the_rest_is_a_logistic_regression():
    rng = np.random.default_rng(0)
    x = rng.normal(size=100)
    y = np.where(2 * x + rng.logistic(size=100) > 0, 2, 0)
    source = ek.ArraySource(np.column_stack([y, x]).astype(float), columns=["y", "x"])
    model = ek.Mixture(ek.OrderedRegression("y", "x", levels=3))
    fit = ek.fit(model, source, ek.MixtureParams([1.0], model.family.params([[0.0]], [[-1.0, 1.0]])))
    assert fit.converged
    assert fit.boundary == ("components.cutpoints[0, 1]",)
    found = fit.params.components
    assert found.cutpoints[0, 1] == pytest.approx(found.cutpoints[0, 0], abs=1e-8)
    logistic = ek.Mixture(ek.BinomialRegression("y", "x"))
    two = ek.ArraySource(np.column_stack([y == 2, x]).astype(float), columns=["y", "x"])
    alone = ek.fit(logistic, two, logistic.starts(two.profile, 1, [0]))
    assert fit.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-6)
    wanted = alone.params.components.coefficients[0]
    np.testing.assert_allclose([-found.cutpoints[0, 0], found.coefficients[0, 0]], wanted, rtol=1e-5)
    errors, lone = fit.standard_errors(), alone.standard_errors()
    name = "components.coefficients[0, %d]"
    assert errors[name % 0] == pytest.approx(lone[name % 1], rel=1e-4)


def test_cutpoints_that_met_part_again_where_rows_are_given_the_level_between_them():
    source = drawn(8, 40)
    family = ek.OrderedRegression("y", ("a", "b")).settled(source.profile)
    before = family.params([[0.1, 0.1]], [[-1.0, 0.5, 0.5]])
    sums = family.statistics(before, source.x, np.ones((40, 1)))
    now = family.updates()[""](sums, before, before)
    assert now.cutpoints[0, 2] > now.cutpoints[0, 1]
    assert np.isfinite(family.expected(sums, before, now).value)


@both
def test_probabilities_of_levels_add_up_and_are_those_of_the_density(law):
    source = drawn(5, 30)
    fit = fitted(law, source, 2, max_evaluations=5)
    family, params, x = fit.model.family, fit.params.components, source.x.copy()
    shares = family.shares(params, x)
    np.testing.assert_allclose(shares.sum(axis=2), 1.0, rtol=1e-12)
    for level in range(4):
        x[:, 0] = level
        np.testing.assert_allclose(np.exp(family.log_density(params, x)), shares[:, :, level], rtol=1e-12)


@both
def test_levels_are_drawn_as_often_as_they_are_probable(law):
    source = drawn(6, 30)
    fit = fitted(law, source, max_evaluations=5)
    rows = np.tile(source.x[:1], (20_000, 1))
    x, _ = fit.model.draw_given(fit.params, np.random.default_rng(0), rows)
    often = np.bincount(x[:, 0].astype(int), minlength=4) / len(x)
    np.testing.assert_allclose(often, fit.model.family.shares(fit.params.components, rows[:1])[0, 0], atol=0.015)
    np.testing.assert_array_equal(x[:, 1:], rows[:, 1:])


@both
def test_quantile_residuals_are_standard_normal(law):
    fit = fitted(law, drawn(7, 300))
    residuals = fit.quantile_residuals()
    assert abs(residuals.mean()) < 0.15
    assert residuals.std() == pytest.approx(1.0, abs=0.1)
    assert (fit.cdf(drawn(7, 300)) <= 1).all()


def test_levels_and_covariates_are_named_and_saved(tmp_path):
    frame = pd.DataFrame({"y": ["good", "bad", "fair", "good", "bad", "fair"], "a": [1.0, 2.0, 0.5, 0.0, 1.5, 3.0]})
    frame["y"] = pd.Categorical(frame["y"], ["bad", "fair", "good"], ordered=True)
    fit = ek.MixtureRegression("y ~ a", 1, family="ordered").fit(frame).result_
    for word in ("bad|fair", "fair|good", "coefficient  a", "ordered regression"):
        assert word in fit.summary()
    again = ek.load(fit.save(tmp_path / "fit.emk"))
    np.testing.assert_array_equal(again.params.components.cutpoints, fit.params.components.cutpoints)
    assert again.summary() == fit.summary()
    others = ek.MixtureRegression("y ~ a", 1, family="multinomial").fit(frame).result_
    for word in ("fair, intercept", "good, a", "multinomial regression"):
        assert word in others.summary()


def test_what_cannot_be_is_refused():
    with pytest.raises(ek.ModelError, match="needs a covariate"):
        ek.OrderedRegression("y")
    with pytest.raises(ek.ModelError, match="a coefficient of its own"):
        ek.MultinomialRegression("y", intercept=False)
    with pytest.raises(ek.ModelError, match="named twice"):
        ek.OrderedRegression("y", ("a", "a"))
    with pytest.raises(ek.ModelError, match="the level 'good' twice"):
        ek.OrderedRegression("y", "a", levels=("good", "good"))
    with pytest.raises(ek.ParameterError, match=r"cutpoints\[0, 1\] is -1, below the 1 before it"):
        ek.OrderedRegressionParams([[1.0]], [[1.0, -1.0]])
    x = drawn(0, 30).x
    for y, message in (
        (np.zeros(30), "has the one level 0, and a regression needs two"),
        (np.arange(30) * 10.0, "has 291 levels, and 100 are the most"),
    ):
        source = ek.ArraySource(np.column_stack([y, x[:, 1:]]), columns=["y", "a", "b"])
        with pytest.raises(ek.DataError, match=message):
            ek.Mixture(ek.OrderedRegression("y", ("a", "b"))).starts(source.profile, 1, [0])
    model = ek.Mixture(ek.OrderedRegression("y", "a"))
    start = ek.MixtureParams([1.0], model.family.params([[0.0]], [[-1.0, 1.0]]))
    with pytest.raises(ek.DataError, match="has level 3 of the response, which has only the levels 0 to 2"):
        ek.fit(model, drawn(0), start)
    with pytest.raises(ek.DataError, match="levels are coded 0, 1, 2"):
        ek.fit(model, ek.ArraySource(x[:, 1:], columns=["y", "a"]), start)
