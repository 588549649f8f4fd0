"""Dividing rows among centres that lie far apart."""

from __future__ import annotations

import numpy as np
import pytest

from emkit.models.kmeans import nearest_of, spread_out

GRID = np.array([[a, b] for a in (0.0, 10.0, 20.0) for b in (0.0, 10.0, 20.0)])


def clusters(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(len(GRID), size=600)
    return GRID[labels] + rng.normal(size=(600, 2)), labels


def cost(x: np.ndarray, nearest: np.ndarray) -> float:
    return sum(float(((x[nearest == k] - x[nearest == k].mean(axis=0)) ** 2).sum()) for k in np.unique(nearest))


@pytest.mark.parametrize("seed", range(6))
def test_every_row_has_a_centre_and_the_seed_decides(seed):
    x, _ = clusters(0)
    nearest = spread_out(x, np.ones(len(x)), 9, seed)
    assert nearest.shape == (600,)
    assert set(nearest) == set(range(9))
    np.testing.assert_array_equal(nearest, spread_out(x, np.ones(len(x)), 9, seed))
    assert not np.array_equal(nearest, spread_out(x, np.ones(len(x)), 9, seed + 1))


def test_odd_seeds_improve_on_the_first_division():
    found = {True: 0, False: 0}
    for data in range(10):
        x, labels = clusters(data)
        best = cost(x, labels)
        for seed in range(10):
            found[seed % 2 == 1] += cost(x, spread_out(x, np.ones(len(x)), 9, seed)) <= best * (1 + 1e-9)
    assert found[True] == 50  # the nine clusters, every time
    assert found[False] < 50


def test_rows_of_weight_0_are_never_a_centre():
    x = np.concatenate([np.zeros((50, 2)), np.full((1, 2), 100.0), np.ones((50, 2))])
    weights = np.ones(101)
    weights[50] = 0.0
    for seed in range(6):
        nearest = spread_out(x, weights, 2, seed)
        assert nearest[0] != nearest[60]


def test_equal_rows_do_not_stand_in_the_way():
    x = np.array([[0.0]] * 20 + [[1.0]])
    for seed in range(4):
        assert len(spread_out(x, np.ones(21), 3, seed)) == 21


def test_the_nearest_centre_is_the_first_of_equals():
    np.testing.assert_array_equal(nearest_of(np.array([[0.0], [3.0], [1.0]]), np.array([[0.0], [2.0]])), [0, 1, 0])
