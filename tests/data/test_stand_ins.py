"""A few rows that stand for many."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.data.stand_ins import standing_in


def test_rows_of_a_covariance_have_it():
    covariance = np.array([[4.0, 1e-4, 0.0], [1e-4, 1e-8, 0.0], [0.0, 0.0, 1e9]])
    found = ek.rows_of_covariance(covariance, 40, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(found.profile.covariance, covariance, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.profile.mean, [1, 2, 3], rtol=1e-12)


@pytest.mark.parametrize(
    ("covariance", "said"),
    [
        ([[1.0, 2.0]], "has shape"),
        ([[1.0, 0.5], [0.4, 1.0]], "symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], "no covariance"),
        ([[0.0, 0.0], [0.0, 0.0]], "no covariance"),
        ([[1.0, np.nan], [np.nan, 1.0]], "finite"),
    ],
)
def test_what_is_no_covariance_is_refused(covariance, said):
    with pytest.raises(ek.DataError, match=said):
        ek.rows_of_covariance(covariance, 10)


@pytest.mark.parametrize("n", [0, -3, np.nan])
def test_a_number_of_rows_that_cannot_be_is_refused(n):
    with pytest.raises(ek.DataError, match="n is"):
        ek.rows_of_covariance([[1.0]], n)


def test_means_that_do_not_fit_are_refused():
    with pytest.raises(ek.DataError, match="of 1 columns"):
        ek.rows_of_covariance([[1.0]], 10, [1.0, 2.0])


def test_rows_stand_in_for_each_pattern_of_gaps():
    rng = np.random.default_rng(0)
    x, weights = rng.normal([1e6, 0, -5], 1.0, (300, 3)), rng.integers(1, 3, 300).astype(float)
    x[:100, 2] = np.nan
    x[100] = np.nan
    source = ek.ArraySource(x, weights, ["a", "b", "c"], chunk_rows=70)
    found = standing_in(source)
    assert found.rows < 20
    assert found.total_weight == pytest.approx(source.total_weight)
    for own in (slice(0, 100), slice(101, 300)):
        seen = ~np.isnan(x[own][0])
        like = (~np.isnan(found.x) == seen).all(axis=1)
        one, other = (
            np.cov(a[:, seen].T, aweights=w, ddof=0) for a, w in ((x[own], weights[own]), (found.x[like], found.weights[like]))
        )
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)


def test_few_rows_stand_for_themselves():
    source = ek.ArraySource([[1.0, 2.0], [3.0, 4.0]])
    assert standing_in(source) is source
