"""Repeated rows of discrete data collapse to distinct rows with counts, and nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.data.patterns import collapsed


def test_distinct_rows_in_ascending_order_with_their_weights():
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, size=(4_000, 3)).astype(float)
    weights = rng.integers(1, 5, size=4_000).astype(float)
    found = collapsed(ek.ArraySource(x, weights, ["a", "b", "c"]))
    rows, inverse = np.unique(x, axis=0, return_inverse=True)
    np.testing.assert_array_equal(found.x, rows)
    np.testing.assert_array_equal(found.weights, np.bincount(inverse.ravel(), weights))
    assert found.columns == ("a", "b", "c")


@pytest.mark.parametrize("spread", [1, 10**6])
def test_wide_ranges_are_sorted_instead_of_counted(spread: int):
    x = np.random.default_rng(0).integers(0, 9, size=(3_000, 2)) * float(spread)
    found = collapsed(ek.ArraySource(x))
    assert found.rows == 81
    assert found.total_weight == 3_000


@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(0).normal(size=(2_000, 1)),  # not whole numbers
        np.arange(2_000.0),  # nothing repeats
        np.tile([0.0, 1.0], 50),  # too few rows to matter
        np.random.default_rng(0).integers(0, 2**40, size=(2_000, 1)),  # too wide
    ],
)
def test_what_does_not_pay_stays_as_it_is(x: np.ndarray):
    source = ek.ArraySource(x)
    assert collapsed(source) is source


@pytest.mark.parametrize("family", [ek.Poisson(), ek.Bernoulli(), ek.Binomial(trials=1)])
def test_results_do_not_show_it(family: object):
    x = np.random.default_rng(0).integers(0, 2, size=(5_000, 3)).astype(float)
    model = ek.Mixture(family)  # type: ignore[arg-type]
    start = ek.search.spread_start(model, ek.ArraySource(x), 2, 0)

    class AsTheyAre(ek.Mixture):  # type: ignore[type-arg]
        def prepare(self, source: object) -> object:
            return source

    seen = ek.fit(model, x, start, max_evaluations=20)
    plain = ek.fit(AsTheyAre(family), x, start, max_evaluations=20)  # type: ignore[arg-type]
    assert seen.passes.rows == 8
    assert plain.passes.rows == 5_000
    assert seen.rows == plain.rows
    assert seen.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    assert seen.bic == pytest.approx(plain.bic, rel=1e-12)


@pytest.mark.parametrize(("columns", "levels"), [(8, 11), (12, 7), (17, 11), (22, 7), (38, 3)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_wide_tables_are_decoded_to_the_rows_that_were_there(columns: int, levels: int, dtype: type):
    rng = np.random.default_rng(0)
    distinct = rng.integers(levels, size=(60, columns))
    distinct[0], distinct[1] = 0, levels - 1
    x = distinct[rng.integers(60, size=3_000)].astype(dtype)
    found = collapsed(ek.ArraySource(x))
    np.testing.assert_array_equal(found.x, np.unique(x, axis=0))
