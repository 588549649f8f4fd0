"""A one-factor model in some thirty lines, on the contract alone: what is latent is a number, not a class."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest

import emkit as ek
from emkit.inference.differences import curvature_steps, hessian, jacobian
from tests.factor import FactorParams, FactorSums

Array = np.ndarray
# six tests of ability, 112 people: covariances of R's datasets::ability.cov
TESTS = ["general", "picture", "blocks", "maze", "reading", "vocab"]
TRIANGLE = [24.641, 5.991, 6.7, 33.52, 18.137, 149.831, 6.023, 1.782, 19.424, 12.711, 20.755, 4.936, 31.43, 4.757, 52.604]
TRIANGLE += [29.701, 7.204, 50.753, 9.075, 66.762, 135.292]
PEOPLE = 112


class OneFactor(ek.LatentModel[FactorParams, FactorSums]):
    """x = loadings f + noise with f standard normal, in columns of mean 0; the noise has variances `uniquenesses`."""

    def latent(self, params: FactorParams, x: Array) -> tuple[Array, float]:
        """The mean (n,) of the factor of each row, given the row, and its variance."""
        weights = params.loadings / params.uniquenesses
        spread = 1 / (1 + weights @ params.loadings)
        return spread * (x @ weights), spread

    def e_step(self, params: FactorParams, chunk: ek.Chunk) -> ek.Expectation[FactorSums]:
        x, w, u = chunk.x, chunk.weights, params.uniquenesses
        mean, spread = self.latent(params, x)
        squares = (x**2 / u).sum(axis=1) - mean**2 / spread
        log_density = -0.5 * (squares + np.log(2 * np.pi * u).sum() - np.log(spread))
        sums = FactorSums(w.sum(), w @ (mean**2 + spread), (w * mean) @ x, w @ x**2)
        return ek.Expectation(sums, float(w @ log_density), w.sum())

    def starts(self, profile: Any, n_components: int, seeds: Iterable[int]) -> list[FactorParams]:
        """Half of each variance to the factor, with signs at random for all columns but the first."""
        half = np.sqrt(np.diag(profile.covariance) / 2)
        signs = [np.r_[1, np.random.default_rng(seed).choice([-1.0, 1.0], len(half) - 1)] for seed in seeds]
        return [FactorParams(half * sign, half**2) for sign in signs]

    def updates(self) -> Mapping[str, Any]:
        return {
            "loadings": lambda s, before, now: s.fx / s.ff,
            "uniquenesses": lambda s, before, now: _squares(s, now.loadings) / s.mass,
        }

    def expected(self, stats: FactorSums, before: FactorParams, now: FactorParams) -> ek.Expected:
        squares, u = _squares(stats, now.loadings), now.uniquenesses
        slopes = {"loadings": (stats.fx - stats.ff * now.loadings) / u, "uniquenesses": (squares / u - stats.mass) / (2 * u)}
        return ek.Expected(float(-0.5 * (squares / u + stats.mass * np.log(u)).sum()), slopes)


def _squares(s: FactorSums, loadings: Array) -> Array:
    """Expected sums of squares (d,) of what the factor leaves over."""
    return s.xx - 2 * loadings * s.fx + loadings**2 * s.ff


MODEL = OneFactor()
START = FactorParams(np.full(6, 0.5), np.full(6, 0.5))


@pytest.fixture(scope="module")
def correlation() -> Array:
    covariance = np.zeros((6, 6))
    covariance[np.tril_indices(6)] = TRIANGLE
    covariance += np.tril(covariance, -1).T
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)


@pytest.fixture(scope="module")
def scores(correlation) -> ek.ArraySource:
    """Rows with means 0 and exactly this correlation matrix (dividing by n): all that the likelihood sees of the people.

    A free mean would be estimated at 0, its value here, whatever the loadings; so the model leaves it out.
    """
    z = np.random.default_rng(0).normal(size=(PEOPLE, 6))
    z -= z.mean(axis=0)
    whitened = z @ np.linalg.inv(np.linalg.cholesky(z.T @ z / PEOPLE)).T
    return ek.ArraySource(whitened @ np.linalg.cholesky(correlation).T, columns=TESTS)


@pytest.fixture(scope="module")
def fitted(scores):
    return ek.fit(MODEL, scores, START, solver="anderson", tol=1e-12)


def implied(params: FactorParams) -> Array:
    return np.outer(params.loadings, params.loadings) + np.diag(params.uniquenesses)


def test_uniquenesses_and_discrepancy_are_those_of_the_reference(fitted, correlation):
    """Numbers: R's factanal, and direct minimisation of the discrepancy."""
    found = fitted.params.uniquenesses
    wanted = [
        0.5345989199863741,
        0.852578998203861,
        0.748185647089947,
        0.9101278078028948,
        0.2317161096537247,
        0.2797411155649746,
    ]
    np.testing.assert_allclose(found, wanted, atol=2e-4)
    sigma = implied(fitted.params)
    gap = np.linalg.slogdet(sigma)[1] - np.linalg.slogdet(correlation)[1] + np.trace(correlation @ np.linalg.inv(sigma)) - 6
    assert gap == pytest.approx(0.6993450353537833, abs=1e-6)


def test_anderson_takes_a_fraction_of_the_passes_of_plain_em(scores, fitted):
    plain = ek.fit(MODEL, scores, START, tol=1e-12)
    assert plain.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-9)
    assert 2 * fitted.evaluations < plain.evaluations  # 39 and 152


def direct(params: FactorParams, correlation: Array) -> float:
    sigma = implied(params)
    trace = np.trace(np.linalg.solve(sigma, correlation))
    return -PEOPLE / 2 * (6 * np.log(2 * np.pi) + np.linalg.slogdet(sigma)[1] + trace)


def test_standard_errors_are_those_of_the_direct_log_likelihood(fitted, correlation):
    assert fitted.log_likelihood == pytest.approx(direct(fitted.params, correlation), rel=1e-12)
    coordinates = MODEL.coordinates(fitted.params)
    there = coordinates.pack(fitted.params)
    height = lambda v: direct(coordinates.unpack(v, fitted.params), correlation)  # noqa: E731
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian(height, there, curvature_steps(height, there)))))
    found = fitted.standard_errors()
    np.testing.assert_allclose(found.errors[:6], errors[:6], rtol=1e-4)
    np.testing.assert_allclose(found.errors[6:], errors[6:] * fitted.params.uniquenesses, rtol=1e-4)
    assert fitted.free_parameters == 12
    assert fitted.identifiability()


def test_a_loading_held_at_zero_leaves_the_rest_to_be_maximised(scores, fitted):
    """Each row of loadings has a maximiser of its own, given the moments of the factor; a column at 0 is one left out."""
    start = FactorParams([0.5, 0.5, 0.0, 0.5, 0.5, 0.5], START.uniquenesses)
    held = ek.fit(ek.Frozen(MODEL, "loadings[2]"), scores, start, solver="anderson", tol=1e-12)
    assert held.params.loadings[2] == 0
    assert held.params.uniquenesses[2] == pytest.approx(1.0, abs=1e-9)  # nothing but its own variance
    assert held.free_parameters == 11
    assert held.log_likelihood < fitted.log_likelihood
    others = [0, 1, 3, 4, 5]
    without = ek.fit(MODEL, scores.x[:, others], FactorParams([0.5] * 5, [0.5] * 5), solver="anderson", tol=1e-12)
    np.testing.assert_allclose(held.params.loadings[others], without.params.loadings, atol=1e-6)
    np.testing.assert_allclose(held.params.uniquenesses[others], without.params.uniquenesses, atol=1e-6)


def test_with_the_uniquenesses_held_the_loadings_are_a_maximum(scores, correlation):
    whole = ek.fit(ek.Frozen(MODEL, "uniquenesses"), scores, START, solver="squarem")
    assert whole.free_parameters == 6
    np.testing.assert_array_equal(whole.params.uniquenesses, START.uniquenesses)
    height = lambda v: np.array([direct(FactorParams(v, START.uniquenesses), correlation)])  # noqa: E731
    np.testing.assert_allclose(jacobian(height, whole.params.loadings, np.full(6, 1e-2)), 0.0, atol=1e-3)


class CertainFactor(OneFactor):
    """Takes the factor of each person for known."""

    def e_step(self, params, chunk):
        right = super().e_step(params, chunk)
        mean, _ = self.latent(params, chunk.x)
        s = right.statistics
        return ek.Expectation(FactorSums(s.mass, float(chunk.weights @ mean**2), s.fx, s.xx), right.log_likelihood, right.rows)


def test_check_model_passes_and_finds_a_factor_taken_for_known(scores, fitted):
    ek.check_model(MODEL, scores, START)
    ek.check_model(ek.Frozen(MODEL, "loadings[1]"), scores, START)
    with pytest.raises(ek.ModelError, match=r"CertainFactor\.e_step is wrong"):
        ek.check_model(CertainFactor(), scores, fitted.params)


def test_the_summary_names_the_columns(fitted):
    text = fitted.summary(standard_errors=True)
    assert re.search(r"loading +reading +0\.8", text)
    assert re.search(r"uniqueness +maze +0\.91", text)


def test_starts_of_the_model_lead_to_the_maximum(scores, fitted):
    result = ek.fit(MODEL, scores, MODEL.starts(scores.profile, 1, range(5)), solver="anderson")
    assert result.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-6)
