"""Starts of mixtures: spread out, seeded, and refused where there cannot be any."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.search.seeding import check_components, spread_start
from tests import cases

X = np.concatenate([np.random.default_rng(0).normal(m, 1.0, (40, 2)) for m in (-4, 0, 4)])
MODEL = ek.Mixture(ek.FullGaussian())


@pytest.mark.parametrize("case", cases.FAMILIES, ids=lambda case: case.name)
@pytest.mark.parametrize("k", [1, 2, 4])
def test_every_family_has_starts_that_can_be_fitted(case, k):
    rng, k, n = np.random.default_rng(k), case.several(k), max(100, 30 * k)
    source = ek.ArraySource(case.draw(rng, n), rng.integers(0, 3, n).astype(float))
    model = ek.Mixture(case.family)
    start = spread_start(model, source, k, seed=5)
    assert start.proportions.shape == (k,)
    result = ek.fit(model, source, start, max_evaluations=20)
    assert not result.outcome.failed
    assert result.history[-1].objective >= result.history[0].objective - 1e-9


def test_the_same_seed_gives_the_same_start_and_another_seed_another():
    source = ek.ArraySource(X)
    first, again, other = (spread_start(MODEL, source, 3, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.components.means, again.components.means)
    assert not np.array_equal(first.components.means, other.components.means)


def test_components_start_apart():
    means = spread_start(MODEL, ek.ArraySource(X), 3, seed=0).components.means
    assert min(np.linalg.norm(means[i] - means[j]) for i in range(3) for j in range(i)) > 1


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_starts_do_not_depend_on_the_unit(unit):
    here, there = (spread_start(MODEL, ek.ArraySource(x), 3, seed=4).components for x in (X, unit * X))
    np.testing.assert_allclose(there.means, unit * here.means, rtol=1e-6, atol=1e-6 * unit)


def test_rows_of_weight_zero_do_not_move_a_start():
    strange = np.concatenate([X[:50], [[1e6, -1e6]], X[50:]])
    weights = np.ones(len(strange))
    weights[50] = 0
    here, there = (
        spread_start(MODEL, source, 2, seed=3).components for source in (ek.ArraySource(X), ek.ArraySource(strange, weights))
    )
    assert np.array_equal(here.means, there.means)


@pytest.mark.parametrize(
    ("n_components", "complaint"),
    [
        (0, "the number of components is 0"),
        (-2, "the number of components is -2"),
        (1.5, "the number of components is 1.5"),
        (True, "the number of components is True"),
        (4, "4 components were asked for but there are only 3 different rows"),
    ],
)
def test_a_senseless_number_of_components_is_refused(n_components, complaint):
    with pytest.raises(ek.DataError, match=complaint):
        check_components(ek.ArraySource([[1.0], [2.0], [2.0], [3.0]]), n_components)


def test_one_row_is_spoken_of_in_the_singular():
    with pytest.raises(ek.DataError, match=r"there is only 1 different row; use at most 1\."):
        check_components(ek.ArraySource([[1.0], [1.0]]), 2)


@pytest.mark.slow
@pytest.mark.parametrize("unit", [1e-145, 1e-100, 1e100, 1e149])
@pytest.mark.parametrize("family", ["exponential", "gamma"])
def test_amounts_in_any_unit_start_and_end_alike(family: str, unit: float):
    rng = np.random.default_rng(0)
    x = rng.gamma(1.5, 1 + 9 * rng.integers(2, size=(400, 1)))
    x /= x.max()
    here, there = (ek.MixtureModel(family, n_components=2, random_state=0).fit(x * scale).result_ for scale in (1, unit))
    assert there.converged
    assert there.log_likelihood + 400 * np.log(unit) == pytest.approx(here.log_likelihood, abs=1e-6)


@pytest.mark.parametrize(("family", "word"), [("exponential", "times"), ("gamma", "amounts")])
def test_amounts_whose_squares_overflow_are_refused_by_name(family: str, word: str):
    x = np.array([[1.0], [2e160], [3.0]])
    with pytest.raises(ek.DataError, match=rf"row 1, column 'x0' is 2e\+160; {word} beyond 1e\+150 overflow. Divide"):
        ek.MixtureModel(family, n_components=2).fit(x)


def test_times_whose_rates_overflow_are_refused_by_name():
    with pytest.raises(ek.DataError, match=r"column 'x0' has a mean of 2e-160; .* underflow. Multiply the column"):
        ek.MixtureModel("exponential", n_components=2).fit(np.array([[1e-160], [2e-160], [3e-160]]))
