"""Regressions with one more number of each component: Student's t and negative binomial counts, against statsmodels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.miscmodels.tmodel import TLinearModel

import emkit as ek
from tests.laws import maxima

Array = np.ndarray
DATA = Path(__file__).parents[2] / "oracles" / "data"
LAWS = {"student-t": ek.StudentTRegression, "negative-binomial": ek.NegativeBinomialRegression}
laws = pytest.mark.parametrize("law", LAWS)


def drawn(law: str, seed: int, n: int, turn: float = 1.0) -> Array:
    """Rows of a response and two covariates."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2)) * [1.0, 3.0] + [0.0, 5.0]
    eta = turn * (0.4 + 0.7 * x[:, 0]) - 0.1 * x[:, 1]
    y = eta + 0.5 * rng.standard_t(3, n) if law == "student-t" else rng.poisson(np.exp(eta + 1) * rng.gamma(2.0, 0.5, n))
    return np.column_stack([y, x])


def fit_of_one(family: ek.families.Family, x: Array) -> ek.Result:
    source, model = ek.ArraySource(x), ek.Mixture(family)
    return ek.fit(model, source, model.starts(source.profile, 1, [0]), tol=1e-13, solver="anderson")


@pytest.mark.parametrize("seed", range(3))
def test_one_component_is_the_negative_binomial_model_of_statsmodels(seed):
    x = drawn("negative-binomial", seed, 100)
    found = fit_of_one(ek.NegativeBinomialRegression(0, (1, 2)), x)
    own = found.params.components
    start = [*own.coefficients[0], own.dispersions[0]]
    wanted = sm.NegativeBinomial(x[:, 0], sm.add_constant(x[:, 1:])).fit(start, method="newton", disp=0, tol=1e-14)
    np.testing.assert_allclose(start, wanted.params, rtol=1e-7, atol=1e-9)
    assert found.log_likelihood == pytest.approx(wanted.llf, rel=1e-12)
    errors = found.standard_errors()
    names = [*(f"components.coefficients[0, {j}]" for j in range(3)), "components.dispersions[0]"]
    np.testing.assert_allclose([errors[name] for name in names], wanted.bse, rtol=1e-4)


def test_the_looms_are_those_of_glm_nb():
    """Coefficients, theta and twice the log-likelihood as R prints them for glm.nb(breaks ~ wool + tension, warpbreaks)."""
    looms = pd.read_csv(DATA / "warpbreaks.csv")
    formula = "breaks ~ wool + C(tension, Treatment('L'))"
    model = ek.MixtureRegression(formula, 1, family="negative-binomial", random_state=0).fit(looms)
    np.testing.assert_allclose(model.components_.coefficients, [[3.6734, -0.1862, -0.5114, -0.2992]], atol=6e-5)
    assert model.components_.sizes[0] == pytest.approx(9.944, abs=6e-4)
    assert 2 * model.result_.log_likelihood == pytest.approx(-398.764, abs=6e-4)


def test_counts_that_spread_no_wider_have_the_coefficients_of_poisson_regression():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.binomial(10, 0.5, 100), rng.normal(size=100)])
    found, poisson = fit_of_one(ek.NegativeBinomialRegression(0, 1), x), fit_of_one(ek.PoissonRegression(0, 1), x)
    assert found.boundary == ("components.dispersions[0]",)
    assert found.params.components.sizes[0] == np.inf
    np.testing.assert_allclose(found.params.components.coefficients, poisson.params.components.coefficients, atol=1e-7)
    assert found.log_likelihood == pytest.approx(poisson.log_likelihood, abs=1e-8)


@pytest.mark.filterwarnings("ignore::UserWarning")  # its search ends where rounding lets it go no higher, and it says so
@pytest.mark.parametrize("seed", range(3))
def test_one_component_is_the_t_model_of_statsmodels(seed):
    x = drawn("student-t", seed, 100)
    found = fit_of_one(ek.StudentTRegression(0, (1, 2)), x)
    own = found.params.components
    start = np.array([*own.coefficients[0], own.freedoms[0], own.scales[0]])
    model = TLinearModel(x[:, 0], sm.add_constant(x[:, 1:]))
    wanted = model.fit(start * [1.01, 1, 1, 0.99, 1.01], method="bfgs", gtol=1e-9, maxiter=300, disp=0)
    np.testing.assert_allclose(start, wanted.params, rtol=1e-6, atol=1e-7)
    assert found.log_likelihood == pytest.approx(wanted.llf, rel=1e-12)


def test_held_degrees_of_freedom_leave_least_squares_with_weights():
    x = drawn("student-t", 4, 100)
    own = fit_of_one(ek.StudentTRegression(0, (1, 2), freedom=4.0), x).params.components
    design = np.column_stack([np.ones(100), x[:, 1:]])
    away = x[:, 0] - design @ own.coefficients[0]
    weights = 5 / (4 + away**2 / own.squared_scales[0])
    assert own.freedoms[0] == 4
    np.testing.assert_allclose(
        np.linalg.lstsq(design * weights[:, None] ** 0.5, x[:, 0] * weights**0.5)[0], own.coefficients[0]
    )
    assert own.squared_scales[0] == pytest.approx(np.mean(weights * away**2), rel=1e-7)


def test_tails_come_to_those_of_a_normal_distribution_where_nothing_is_far_off():
    x = drawn("student-t", 5, 60)
    x[:, 0] = x[:, 1] + np.random.default_rng(6).uniform(size=60)
    found, normal = fit_of_one(ek.StudentTRegression(0, (1, 2)), x), fit_of_one(ek.NormalRegression(0, (1, 2)), x)
    assert found.boundary == ("components.tails[0]",)
    np.testing.assert_allclose(found.params.components.coefficients, normal.params.components.coefficients, atol=1e-7)
    np.testing.assert_allclose(found.params.components.squared_scales, normal.params.components.variances, rtol=1e-6)


@pytest.mark.slow
@laws
def test_no_step_falls_from_wild_starts_also_with_a_shared_covariate(law):
    for seed in range(2):
        x = np.concatenate([drawn(law, seed, 20), drawn(law, seed + 9, 20, turn=-1.0)])
        source, model = ek.ArraySource(x), ek.Mixture(LAWS[law](0, 1, shared=2))
        settled = model.settled(source.profile)
        rng = np.random.default_rng(seed)
        wild = maxima.random_point(settled, model.starts(source.profile, 2, [seed])[0], rng, [0.5, 3.0][seed % 2])
        assert maxima.assert_ascends(settled, source, wild, ek.solvers.Plain(), 8) > 0


@pytest.mark.slow
@laws
def test_two_kinds_are_told_apart_predicted_and_kept_in_files(law, tmp_path):
    x = np.concatenate([drawn(law, 1, 40), drawn(law, 2, 40, turn=-3.0)])
    frame = dict(zip(["y", "a", "b"], x.T.tolist(), strict=True))
    model = ek.MixtureRegression("y ~ a + b", 2, family=law, n_init=1, random_state=0).fit(frame)
    assert model.converged_
    again = ek.load(model.result_.save(tmp_path / "fit.emk"))
    np.testing.assert_array_equal(again.params.components.coefficients, model.components_.coefficients)
    np.testing.assert_allclose(again.predict_proba(frame), model.predict_proba(frame))
    residuals = model.result_.quantile_residuals()
    assert abs(residuals.mean()) < 0.3
    assert residuals.std() == pytest.approx(1, abs=0.2)
    text = model.result_.summary(standard_errors=True)
    assert f"{law} regression" in text
    assert np.isfinite(model.residuals(frame)).all()


def test_a_distribution_of_t_responses_is_that_of_scipy():
    family = ek.StudentTRegression(0, 1)
    params = ek.StudentTRegressionParams([[1.0, 2.0], [0.0, -1.0]], [4.0, 1.0], [0.25, 0.0])
    x = np.array([[0.3, 1.0], [5.0, -1.0]])
    eta = np.array([[3.0, -1.0], [-1.0, 1.0]])
    wanted = np.column_stack([stats.t.cdf(x[:, 0], 4, eta[:, 0], 2), stats.norm.cdf(x[:, 0], eta[:, 1])])
    np.testing.assert_allclose(family.cdf(family.rows(params, x), params), wanted, rtol=1e-12)
    density = np.column_stack([stats.t.logpdf(x[:, 0], 4, eta[:, 0], 2), stats.norm.logpdf(x[:, 0], eta[:, 1])])
    np.testing.assert_allclose(family.log_density(params, x), density, rtol=1e-12)


def test_a_response_that_is_told_exactly_rests_on_the_floor():
    x = drawn("student-t", 3, 40)
    x[:, 0] = 1 + 0.5 * x[:, 1]
    with pytest.warns(ek.DegenerateDataWarning, match="tell 'x0' exactly"):
        fit = fit_of_one(ek.StudentTRegression(0, 1, freedom=4), x)
    np.testing.assert_allclose(fit.params.components.coefficients, [[1.0, 0.5]], atol=1e-6)
    assert fit.boundary == ("components.squared_scales[0]",)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ek.ParameterError, match="freedom is 0"):
        ek.StudentTRegression(0, 1, freedom=0)
    with pytest.raises(ek.ParameterError, match="floor is 2"):
        ek.StudentTRegression(0, 1, floor=2)
    model, x = ek.Mixture(ek.NegativeBinomialRegression(1, 0)), drawn("negative-binomial", 0, 20)
    start = ek.MixtureParams([1.0], ek.NegativeBinomialRegressionParams([[0.0, 0.0]], [1.0]))
    with pytest.raises(ek.DataError, match="must be whole numbers >= 0"):
        ek.fit(model, x, start)
