"""Loadings that components share: where the sums they are sought by must agree with others, and columns that are equal."""

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize

import emkit as ek
from emkit.families.gaussian import common_loadings
from emkit.families.gaussian.common_loadings import best_common, common_height


def covariances(seed, groups, d, rows=40):
    rng = np.random.default_rng(seed)
    lines = rng.standard_normal((d, 2))
    found = [
        np.cov((rng.standard_normal((rows, 2)) @ lines.T + rng.uniform(0.3, 2, d) * rng.standard_normal((rows, d))).T)
        for _ in range(groups)
    ]
    return np.array(found), rng


def loss(shares, given, loadings, noise):
    """Twice that of a row, from the covariances as they are written."""
    total = 0.0
    for share, covariance, own in zip(shares, given, noise, strict=True):
        fitted = loadings @ loadings.T + np.diag(np.broadcast_to(own, len(loadings)))
        total += share * (np.linalg.slogdet(fitted)[1] + np.trace(np.linalg.solve(fitted, covariance)))
    return total


@pytest.mark.parametrize("equal", [False, True], ids=["free", "equal"])
def test_slopes_and_curvature_are_those_of_the_loss(equal):
    given, rng = covariances(0, 3, 5)
    problem, unit = common_loadings._in_units(rng.uniform(1, 2, (1, 3)), given[None], equal)
    s = 1 if equal else 5
    at = 0.7 * rng.standard_normal((1, 10 + 3 * s))
    here = common_loadings._place(problem, at, 2)
    loadings, logs = common_loadings._parts(at, 3, 5, 2)
    scaled = given / np.outer(unit[0], unit[0])
    assert here.loss[0] == pytest.approx(loss(problem.shares[0], scaled, loadings[0], np.exp(logs[0])), rel=1e-12)
    beside = [[common_loadings._place(problem, at + sign * 1e-5 * way, 2) for sign in (1, -1)] for way in np.eye(at.size)]
    slopes = [(up.loss[0] - down.loss[0]) / 2e-5 for up, down in beside]
    bends = [(up.slopes[0] - down.slopes[0]) / 2e-5 for up, down in beside]
    np.testing.assert_allclose(here.slopes[0], slopes, atol=1e-8)
    np.testing.assert_allclose(here.curvature[0], bends, atol=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_no_search_from_elsewhere_ends_higher(seed):
    """From ten other starts, by another method; of as many columns, uniquenesses of any size."""
    groups, d, m, equal = 2 + seed % 2, 4 + seed % 3, 1 + seed % 2, seed == 3
    given, rng = covariances(seed, groups, d)
    mass = rng.uniform(20, 60, (1, groups))
    s = 1 if equal else d
    least = np.full((1, groups, s), 1e-6)
    middle = np.einsum("gjj->gj", given)[:, :s] / 2

    def there(at):
        return at[: d * m].reshape(d, m), np.exp(at[d * m :]).reshape(groups, s)

    def found(loadings, noise):
        return best_common(mass, given[None], loadings[None], noise[None], least).height[0]

    starts = [rng.standard_normal((d, m)) for _ in range(10)]
    ours = max(found(each, middle) for each in starts)
    shares = mass[0] / mass.sum()
    others = [
        minimize(
            lambda at: loss(shares, given, *there(at)),
            np.concatenate([each.ravel(), np.log(middle).ravel()]),
            method="L-BFGS-B",
            bounds=[(None, None)] * (d * m) + [(np.log(1e-6), 9)] * (groups * s),
            options={"maxfun": 20_000},
        ).fun
        for each in starts[:3]
    ]
    assert ours >= -min(others) / 2 - 1e-7


def test_side_by_side_is_one_by_one():
    given, rng = covariances(8, 6, 5)
    given, mass = given.reshape(3, 2, 5, 5), rng.uniform(1, 2, (3, 2))
    start, noise, least = rng.standard_normal((3, 5, 2)), rng.uniform(0.2, 1, (3, 2, 5)), np.full((3, 2, 5), 1e-6)
    least[1] = 0.5
    found = best_common(mass, given, start, noise, least)
    for b in range(3):
        one = best_common(*(each[[b]] for each in (mass, given, start, noise, least)))
        np.testing.assert_allclose(found.height[2 * b], one.height[0], rtol=1e-13)
        np.testing.assert_allclose(found.uniquenesses[2 * b : 2 * b + 2], one.uniquenesses, rtol=1e-8)
    again = common_height(mass, given, found.loadings[::2, 0], found.uniquenesses.reshape(3, 2, 5))
    np.testing.assert_allclose(again, found.height, rtol=1e-13)


def twice(apart, n=300):
    """Two groups; the last column is the third one, but for so much."""
    rng = np.random.default_rng(1)
    lines = np.array([[1.2, 0.0], [0.9, 0.4], [-0.5, 1.0], [0.3, 0.8], [0.7, -0.6], [0.2, 0.9]])
    kind = np.repeat([0, 1], n // 2)
    x = rng.standard_normal((n, 2)) @ lines.T + 0.7 * rng.standard_normal((n, 6)) + 2.0 * kind[:, None] * [1, -1, 1, 1, -1, 1]
    return np.column_stack([x, x[:, 2] + apart * rng.standard_normal(n)])


@pytest.mark.parametrize("apart", [0.0, 1e-9, 1e-6, 1e-4])
@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.parametrize("shared", [None, "loadings"])
def test_columns_that_are_equal_end_on_the_floor_or_an_edge(shared, m, apart):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", ek.EmkitWarning)
        found = ek.MixtureModel(ek.FactorNormal(m, shared=shared), 2, n_init=2, random_state=0).fit(twice(apart)).result_
    assert found.outcome.status is not ek.Status.DECREASED
    noise = found.params.components.uniquenesses
    assert apart > 1e-5 or noise[noise > 0].min() > 1e-7, "what is equal but for rounding is no estimate"


@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.parametrize("shared", [None, "uniquenesses", "loadings", "covariance"])
@pytest.mark.filterwarnings("ignore::emkit.errors.EmkitWarning")
def test_columns_that_are_equal_are_refused_without_a_floor(shared, m):
    family = ek.FactorNormal(m, shared=shared, floor=0)
    with pytest.raises(ek.DegenerateFitError, match="do not vary in every direction"):
        ek.MixtureModel(family, 2, n_init=2, random_state=0).fit(twice(0.0))
