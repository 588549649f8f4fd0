"""Standard errors from scores: few passes, and equal to references by complex steps."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.inference import covariance, information, observed_information, standard_errors
from emkit.inference.differences import curvature_steps, hessian
from emkit.inference.scores import score
from emkit.search.seeding import spread_start
from tests import cases
from tests.laws.maxima import random_point

Array = np.ndarray


def complex_steps(log_likelihood, point: Array) -> Array:
    """The matrix of second derivatives: slopes by complex steps, which lose no digits, and differences of these."""
    p, tiny = len(point), 1e-20

    def slope(at: Array) -> Array:
        return np.array([log_likelihood(at + 1j * tiny * unit).imag / tiny for unit in np.eye(p)])

    def second(step: float) -> Array:
        return np.array([(slope(point + step * unit) - slope(point - step * unit)) / (2 * step) for unit in np.eye(p)])

    found = (4 * second(5e-4) - second(1e-3)) / 3
    return (found + found.T) / 2


def proportions(free: Array) -> Array:
    """All proportions, given all but the last."""
    return np.append(free, 1 - free.sum())


def log_sum_exp(table: Array) -> Array:
    highest = table.real.max(axis=1, keepdims=True)
    return np.log(np.exp(table - highest).sum(axis=1)) + highest[:, 0]


def normal_mixture(x: Array, k: int):
    """The log-likelihood of a mixture of normals, given proportions, means and covariance triangles, complex or not."""
    d = x.shape[1]
    rows, columns = np.tril_indices(d)

    def log_likelihood(v: Array) -> complex:
        weights = proportions(v[: k - 1])
        means = v[k - 1 : k - 1 + k * d].reshape(k, d)
        triangles = v[k - 1 + k * d :].reshape(k, -1)
        terms = []
        for j in range(k):
            covariance = np.zeros((d, d), dtype=v.dtype)
            covariance[rows, columns] = covariance[columns, rows] = triangles[j]
            away = x - means[j]
            square = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
            terms.append(np.log(weights[j]) - 0.5 * (square + np.log(np.linalg.det(covariance)) + d * np.log(2 * np.pi)))
        return log_sum_exp(np.stack(terms, axis=1)).sum()

    return log_likelihood


@pytest.fixture(scope="module")
def three_normals():
    """44 free parameters: K = 3, d = 4, n = 500."""
    rng = np.random.default_rng(0)
    parts = [([0, 0, 0, 0], 1.0, 200), ([4, 1, 0, 2], 0.5, 150), ([0, 4, 3, -1], 1.5, 150)]
    x = np.concatenate([rng.multivariate_normal(mean, scale * np.eye(4), n) for mean, scale, n in parts])
    model = ek.Mixture(ek.FullGaussian())
    return x, ek.fit(model, x, spread_start(model, ek.ArraySource(x), 3, 0), solver="anderson", tol=1e-13)


def test_standard_errors_of_44_parameters(three_normals):
    x, result = three_normals
    with result.em() as em:
        found = standard_errors(covariance(result.model, result.source, information(em, result.params)))
        assert em.evaluations <= 4 * 44
    c = result.params.components
    rows, columns = np.tril_indices(4)
    free = np.concatenate([result.params.proportions[:-1], c.means.ravel(), c.covariances[:, rows, columns].ravel()])
    inverse = np.linalg.inv(-complex_steps(normal_mixture(x, 3), free))
    wanted = np.sqrt(np.diag(inverse))
    mine = np.array([e for name, e in zip(found.names, found.errors, strict=True) if name != "proportions[2]"])
    np.testing.assert_allclose(mine, wanted, rtol=1e-6)
    last = np.sqrt(inverse[:2, :2].sum())
    assert found["proportions[2]"] == pytest.approx(last, rel=1e-6)


def test_standard_errors_of_a_latent_class_model_with_29_parameters():
    rng = np.random.default_rng(1)
    classes, items = 3, 9  # 2 proportions and 27 probabilities
    truth = rng.uniform(0.15, 0.85, (classes, items))
    x = (rng.random((900, items)) < truth[rng.integers(classes, size=900)]).astype(float)
    model = ek.Mixture(ek.Categorical((2,) * items))
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), classes, 3), solver="anderson", tol=1e-13)
    assert result.free_parameters == 29
    assert not result.boundary
    with result.em() as em:
        found = standard_errors(covariance(result.model, result.source, information(em, result.params)))
        assert em.evaluations <= 4 * 29

    def log_likelihood(v: Array) -> complex:
        p = v[2:].reshape(classes, items)
        joint = np.log(proportions(v[:2])) + x @ np.log(p).T + (1 - x) @ np.log(1 - p).T
        return log_sum_exp(joint).sum()

    yes = np.stack([column.probabilities[:, 1] for column in result.params.components.columns], axis=1)
    wanted = np.sqrt(np.diag(np.linalg.inv(-complex_steps(log_likelihood, np.append(result.params.proportions[:2], yes)))))
    mine = [found[f"proportions[{k}]"] for k in range(2)]
    mine += [found[f"components.columns.{j}.probabilities[{k}, 1]"] for k in range(classes) for j in range(items)]
    np.testing.assert_allclose(mine, wanted, rtol=1e-6)


@pytest.mark.parametrize("case", [*cases.MIXTURES, *cases.CELLS], ids=lambda case: case.name)
def test_the_score_is_the_slope_of_the_log_likelihood(case):
    rng = np.random.default_rng(3)
    x = case.draw(rng, 50)
    em = ek.EMMap(case.model, ek.ArraySource(x), case.params)
    point = em.coordinates.pack(random_point(case.model, case.params, rng, 0.05))
    found = score(em, em.coordinates.unpack(point, case.params))
    for j, slope in enumerate(found):
        move = 1e-4 * np.eye(len(point))[j]
        up, down = (em.objective(em.coordinates.unpack(point + sign * move, case.params)) for sign in (1, -1))
        assert slope == pytest.approx((up - down) / 2e-4, rel=1e-5, abs=1e-5)


class Silent(ek.Mixture):
    """A mixture that does not write its expected log-likelihood."""

    def expected(self, stats, before, now):
        raise NotImplementedError


class Numbers(ek.Mixture):
    """A mixture that writes the value of its expected log-likelihood, and no slopes."""

    def expected(self, stats, before, now):
        return ek.Expected(super().expected(stats, before, now).value)


class Partly(ek.Mixture):
    """A mixture that writes the slope of its proportions only."""

    def expected(self, stats, before, now):
        value, slopes = super().expected(stats, before, now)
        return ek.Expected(value, {"proportions": slopes["proportions"]})


@pytest.mark.parametrize("kind", [Silent, Numbers, Partly])
def test_whatever_a_model_leaves_out_is_worked_out_by_differences(kind):
    model, source, start = cases.spread_mixture("gaussian", 2)
    best = ek.fit(model, source, start, solver="squarem", tol=1e-12).params
    wanted = observed_information(ek.EMMap(model, source, best), best)
    em = ek.EMMap(kind(ek.FullGaussian()), source, best)
    np.testing.assert_allclose(observed_information(em, best), wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())
    assert (em.evaluations <= 4 * len(wanted)) is (kind is not Silent)


class Prior(ek.Mixture):
    """A prior that draws the proportions together."""

    def log_prior(self, params):
        return 2.0 * float(np.log(params.proportions).sum())


def test_a_prior_counts_in_the_information():
    source = ek.ArraySource([0.0, 1, 0, 2, 1, 6, 7, 5, 8, 6])
    params = ek.MixtureParams([0.45, 0.55], ek.PoissonParams([[0.7], [6.0]]))
    em = ek.EMMap(Prior(ek.Poisson()), source, params)
    there = em.coordinates.pack(params)
    height = lambda v: em.objective(em.coordinates.unpack(v, params))  # noqa: E731
    wanted = -hessian(height, there, curvature_steps(height, there))
    np.testing.assert_allclose(observed_information(em, params), wanted, rtol=1e-6, atol=1e-6)
    without = observed_information(ek.EMMap(ek.Mixture(ek.Poisson()), source, params), params)
    assert wanted[0, 0] > without[0, 0] + 0.5
    held = ek.EMMap(ek.Frozen(Prior(ek.Poisson()), "components"), source, params)
    np.testing.assert_allclose(observed_information(held, params), wanted[:1, :1], rtol=1e-6)


def test_a_column_that_is_always_the_same_leaves_the_others_their_standard_errors():
    rng = np.random.default_rng(0)
    tables = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    items = [rng.choice(3, size=300, p=tables[k]) for k in (0, 1) for _ in range(4)]
    x = np.column_stack([np.zeros(600), np.concatenate([np.stack(items[:4]), np.stack(items[4:])], axis=1).T])
    model = ek.Mixture(ek.Categorical((3,) * 5))
    result = ek.fit(model, x, spread_start(model, ek.ArraySource(x), 2, 0), solver="anderson")
    errors = result.standard_errors()
    inside = [name for name in errors.names if name not in result.boundary]
    assert len(inside) == 2 + 2 * 4 * 3
    assert np.isfinite([errors[name] for name in inside]).all()
    constant = [name for name in errors.names if name.startswith("components.columns.0")]
    assert len(constant) == 6
    assert all(np.isnan(errors[name]) and "boundary" in errors.reasons[name] for name in constant)
    assert "()" not in result.identifiability().sentence
    assert result.identifiability()
