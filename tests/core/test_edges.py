"""Estimates on the edge of their space: the maxima of the reference problems have zeros, and exact ones are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest

import emkit as ek
from emkit.core.edges import Edges
from tests.cases import SOLVERS
from tests.factor import FactorParams, FactorSums

Array = np.ndarray
POISSONS = ek.Mixture(ek.Poisson())
every_solver = pytest.mark.parametrize("solver", SOLVERS)


@every_solver
def test_a_poisson_rate_of_zero(solver):
    """A made-up table of counts whose lower rate is 0: the zero-inflated Poisson (reference: pscl::zeroinfl)."""
    counts = ek.ArraySource(np.arange(10.0), [60, 6, 14, 19, 20, 15, 9, 4, 2, 1])
    start = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[0.5], [4.0]]))
    result = ek.fit(POISSONS, counts, start, solver=solver)
    assert result.converged
    assert result.params.components.rates[0, 0] == 0
    assert result.params.components.rates[1, 0] == pytest.approx(3.8377277683800552, abs=1e-5)
    assert result.params.proportions[0] == pytest.approx(0.3867899248292175, abs=1e-5)
    assert result.log_likelihood == pytest.approx(-276.0903150839796, abs=1e-6)
    assert result.boundary == ("components.rates[0, 0]",)
    errors = result.standard_errors()
    assert np.isnan(errors["components.rates[0, 0]"])
    assert np.isfinite([errors["proportions[0]"], errors["components.rates[1, 0]"]]).all()


@every_solver
def test_a_rate_that_a_solver_would_chase_for_ever(solver):
    counts = ek.ArraySource(np.arange(7.0), [50, 10, 15, 12, 8, 4, 1])
    start = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[0.5], [4.0]]))
    result = ek.fit(POISSONS, counts, start, solver=solver)
    assert result.converged
    assert result.params.components.rates[0, 0] == 0
    assert result.evaluations < 150
    assert np.isfinite(result.standard_errors()["components.rates[1, 0]"])


def test_a_component_of_zeros_and_a_column_of_zeros_are_estimated():
    x = np.r_[np.zeros(50), np.random.default_rng(1).poisson(50, 50)][:, None]
    fitted = ek.MixtureModel("poisson", 2, random_state=0).fit(x)
    assert fitted.components_.rates[0, 0] == 0
    assert fitted.converged_
    with_zeros = ek.MixtureModel("poisson", 2, random_state=0).fit(np.column_stack([x, np.zeros(100)]))
    assert with_zeros.components_.rates[:, 1].tolist() == [0.0, 0.0]
    assert with_zeros.result_.log_likelihood == pytest.approx(fitted.result_.log_likelihood, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("columns", [10, 20])
def test_sparse_counts_are_never_refused(k, columns):
    """Rates from gamma(0.3, 1): most are next to nothing. An independent EM from the truth does no better."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        rates = rng.gamma(0.3, 1, (k, columns))
        x = rng.poisson(rates[rng.integers(k, size=400)]).astype(float)
        fitted = ek.MixtureModel("poisson", k, random_state=0).fit(x)
        assert fitted.converged_
        truth = ek.MixtureParams(np.full(k, 1 / k), ek.PoissonParams(np.maximum(rates, 1e-12)))
        assert fitted.result_.log_likelihood >= ek.fit(POISSONS, x, truth, max_evaluations=3_000).log_likelihood - 1e-6


@dataclass(frozen=True, eq=False)
class Variances(ek.Parameters):
    """`mean`, and the variances `between` groups (0 allowed) and `within` them."""

    mean: Annotated[float, ek.Real()]
    between: Annotated[float, ek.NonNegative()]
    within: Annotated[float, ek.Positive()]


@dataclass(frozen=True)
class EffectSums(ek.Additive):
    """Rows and groups; sums of y - level, of its square and of the squared level, expected."""

    rows: float
    groups: float
    rest: float
    rest_squared: float
    level_squared: float


class RandomEffects(ek.LatentModel[Variances, EffectSums]):
    """y = mean + level of the group + noise; the levels are latent. Written so that a variance of 0 between groups is fine."""

    def e_step(self, params: Variances, chunk: ek.Chunk) -> ek.Expectation[EffectSums]:
        y, first, n = chunk.x[:, 0], chunk.bounds[:-1], np.diff(chunk.bounds)
        total = params.within + n * params.between
        away = y - params.mean
        level = params.between * np.add.reduceat(away, first) / total
        spread = params.between * params.within / total
        rest = away + params.mean - np.repeat(level, n)
        squares = np.add.reduceat(away**2, first) - params.between * np.add.reduceat(away, first) ** 2 / total
        log_density = -0.5 * (n * np.log(2 * np.pi) + (n - 1) * np.log(params.within) + np.log(total) + squares / params.within)
        sums = EffectSums(n.sum(), len(n), rest.sum(), float(rest @ rest + n @ spread), float(level @ level + spread.sum()))
        return ek.Expectation(sums, float(log_density.sum()), float(n.sum()))

    def updates(self) -> Mapping[str, Any]:
        return {
            "mean": lambda s, before, now: s.rest / s.rows,
            "between": lambda s, before, now: s.level_squared / s.groups,
            "within": lambda s, before, now: (s.rest_squared - 2 * now.mean * s.rest) / s.rows + now.mean**2,
        }


GROUPS = {
    "a": [12.1, 9.4, 10.8, 11.3],
    "b": [10.2, 11.9, 9.9, 12.4, 10.6],
    "c": [11.5, 9.8, 12.2],
    "d": [9.6, 12.0, 10.9, 11.7, 10.1, 11.2],
    "e": [10.4, 11.8, 11.0],
}


@every_solver
def test_a_variance_of_zero_between_groups(solver):
    """Made-up data whose groups do not differ: the pooled normal is the maximum. Plain EM creeps there like 1 / steps."""
    y = np.concatenate(list(GROUPS.values()))
    groups = np.repeat(list(GROUPS), [len(values) for values in GROUPS.values()])
    result = ek.fit(RandomEffects(), y, Variances(10.0, 1.0, 1.0), groups=groups, solver=solver, tol=1e-6)
    assert result.converged
    assert result.params.between == 0
    assert result.params.mean == pytest.approx(10.99047619047619, abs=1e-6)
    assert result.params.within == pytest.approx(0.8151473922902491, abs=1e-6)
    assert result.log_likelihood == pytest.approx(-27.65165270440306, abs=1e-9)
    assert result.boundary == ("between",)
    errors = result.standard_errors()
    assert np.isnan(errors["between"])
    assert errors["mean"] == pytest.approx(np.sqrt(result.params.within / len(y)), rel=1e-5)


@pytest.mark.parametrize("solver", ["squarem", "anderson"])
def test_the_groups_of_the_documents_are_no_saddle(solver):
    y, groups = np.array([1.0, 3, 3, 1, 0, 4, 2, 2]), np.repeat(np.arange(4), 2)
    result = ek.fit(RandomEffects(), y, Variances(2.0, 1.0, 1.0), groups=groups, solver=solver)
    assert result.converged
    assert result.params.between == 0


def test_a_variance_between_groups_that_differ_stays_inside():
    y = np.array([55.0, 53, 54, 26, 37, 32, 78, 91, 85, 92, 100, 96, 49, 51, 50, 80, 85, 83])
    result = ek.fit(RandomEffects(), y, Variances(66.5, 100.0, 100.0), groups=np.repeat(np.arange(6), 3), solver="squarem")
    assert result.params.between == pytest.approx(511.8611, abs=1e-3)
    assert not result.boundary


class OneFactor(ek.LatentModel[FactorParams, FactorSums]):
    """x = loadings f + noise, written so that one uniqueness may be 0: not the noise's covariance is inverted, but the rows'.

    The factor's variance is estimated, too, and put into the loadings: at a uniqueness of 0 they could not move otherwise.
    Source: Liu, Rubin & Wu (1998), Parameter expansion to accelerate EM, Biometrika 85, 755-770.
    """

    def e_step(self, params: FactorParams, chunk: ek.Chunk) -> ek.Expectation[FactorSums]:
        x, sigma = chunk.x, np.outer(params.loadings, params.loadings) + np.diag(params.uniquenesses)
        weights = np.linalg.solve(sigma, params.loadings)
        mean, spread = x @ weights, max(1 - params.loadings @ weights, 0.0)
        squares = np.einsum("ni,ij,nj->n", x, np.linalg.inv(sigma), x)
        log_density = -0.5 * (squares + np.linalg.slogdet(sigma)[1] + x.shape[1] * np.log(2 * np.pi))
        sums = FactorSums(len(x), float(mean @ mean + len(x) * spread), mean @ x, (x**2).sum(axis=0))
        return ek.Expectation(sums, float(log_density.sum()), len(x))

    def updates(self) -> Mapping[str, Any]:
        return {
            "loadings": lambda s, before, now: s.fx / np.sqrt(s.ff * s.mass),
            "uniquenesses": lambda s, before, now: np.maximum((s.xx - s.fx**2 / s.ff) / s.mass, 0.0),
        }


@pytest.mark.parametrize("solver", ["squarem", "anderson"])
def test_a_uniqueness_of_zero(solver):
    """A made-up correlation matrix of 200 rows whose first column is the factor itself (a Heywood case)."""
    s = np.array([[1, 0.8, 0.75, 0.6], [0.8, 1, 0.5, 0.44], [0.75, 0.5, 1, 0.42], [0.6, 0.44, 0.42, 1]])
    z = np.random.default_rng(0).normal(size=(200, 4))
    z -= z.mean(axis=0)
    x = z @ np.linalg.inv(np.linalg.cholesky(z.T @ z / 200)).T @ np.linalg.cholesky(s).T
    result = ek.fit(OneFactor(), x, FactorParams([0.7] * 4, [0.5] * 4), solver=solver, tol=1e-6)
    np.testing.assert_allclose(result.params.uniquenesses, [0.0, 0.36, 0.4375, 0.64], atol=1e-3)
    np.testing.assert_allclose(np.abs(result.params.loadings), [1.0, 0.8, 0.75, 0.6], atol=1e-3)
    assert result.params.uniquenesses[0] == 0
    assert result.log_likelihood == pytest.approx(-905.6891342292513, abs=1e-3)
    assert "uniquenesses[0]" in result.boundary
    assert result.converged


def test_what_comes_to_rest_inside_is_left_there():
    coins = ek.lessons.two_coins()
    result = coins.fit()
    em = ek.EMMap(result.model, result.source, result.params)
    here = em(result.params)
    passes = em.evaluations
    assert Edges(em).beside(here, 10, settled=True) is None
    assert em.evaluations == passes


def test_an_edge_that_is_lower_is_not_taken():
    x = np.random.default_rng(0).poisson(0.05, 40).astype(float)
    start = ek.MixtureParams([1.0], ek.PoissonParams([[5.0]]))
    em = ek.EMMap(POISSONS, ek.ArraySource(x), start)
    assert Edges(em).beside(em(start), 0, settled=True) is None


def test_a_probability_of_zero_is_exact_in_a_run_to_the_end_and_not_in_a_sample():
    x = np.column_stack([np.r_[np.zeros(30), np.ones(30)], np.r_[np.zeros(28), np.ones(32)], np.r_[np.zeros(33), np.ones(27)]])
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.3, 0.3, 0.3], [0.7, 0.7, 0.7]]))
    result = ek.fit(ek.Mixture(ek.Bernoulli()), x, start, solver="anderson")
    assert result.params.components.probabilities[0, 0] == 0
    assert "components.probabilities[0, 0]" in result.boundary
    assert np.isfinite(result.log_likelihood)
