"""Sums over all rows, however they are cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import emkit as ek
from emkit.core.statistics import Additive


@dataclass(frozen=True)
class Moments(Additive):
    mass: float
    total: np.ndarray


@pytest.mark.parametrize("chunk_rows", [1, 7, 100])
def test_a_total_is_the_sum_over_all_rows_with_their_weights(chunk_rows):
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(60, 2)), rng.uniform(1, 3, 60)
    profile = ek.ArraySource(x, weights, chunk_rows=chunk_rows).profile
    found = profile.total(lambda x, weights: Moments(float(weights.sum()), weights @ x))
    np.testing.assert_allclose(found.mass, weights.sum(), rtol=1e-13)
    np.testing.assert_allclose(found.total, weights @ x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(profile.average(lambda x: x), found.total / found.mass, rtol=1e-12, atol=1e-13)


def test_some_columns_are_known_as_the_whole_knows_them():
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.normal(size=30), rng.integers(0, 3, 30), rng.normal(5, 2, 30)])
    whole = ek.ArraySource(x, rng.uniform(1, 3, 30), ["a", "b", "c"], 7, levels=(None, ("u", "v", "w"), None)).profile
    some = whole.of((2, 1))
    assert (some.columns, some.levels) == (("c", "b"), (None, ("u", "v", "w")))
    assert (some.rows, some.total_weight) == (whole.rows, whole.total_weight)
    np.testing.assert_array_equal(some.least, whole.least[[2, 1]])
    np.testing.assert_allclose(some.covariance, whole.covariance[np.ix_([2, 1], [2, 1])], rtol=1e-13)
    np.testing.assert_array_equal(some.whole, [False, True])
    assert some.sample.profile.columns == ("c", "b")
    assert whole.of((2, 1)) is some
    assert whole.of((0, 1, 2)) is whole
    np.testing.assert_array_equal(some.of((1,)).least, whole.least[[1]])
    with pytest.raises(ek.DataError, match="row 0, column 'c' is "):
        some.refuse(lambda x: x > x[:, [1]], "no.")
