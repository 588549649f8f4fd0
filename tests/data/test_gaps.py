"""Patterns of missing cells: found, told apart in any number of columns, and forgotten with the rows."""

import gc

import numpy as np
import pytest

import emkit as ek
from emkit.core.memo import WhileItLives
from emkit.data.column import column_of
from emkit.data.gaps import patterns_among, patterns_of, unpacked


@pytest.mark.parametrize("columns", [1, 3, 8, 9, 64, 65, 200])
def test_rows_of_one_pattern_lie_together(columns):
    rng = np.random.default_rng(columns)
    kinds = rng.random((5, columns)) < 0.5
    x = np.where(kinds[rng.integers(5, size=70)], np.nan, rng.normal(size=(70, columns)))
    found = patterns_of(x)
    assert sorted(found.order.tolist()) == list(range(70))
    assert len(found.seen) == len(np.unique(np.isnan(x), axis=0))
    for p, seen in enumerate(found.seen):
        rows = found.order[found.bounds[p] : found.bounds[p + 1]]
        assert len(rows)
        assert (~np.isnan(x[rows]) == seen).all()
    np.testing.assert_array_equal(unpacked(found.keys, columns), found.seen)
    source = ek.ArraySource(x, chunk_rows=9)
    assert patterns_among(source.profile, 5) == tuple(sorted(found.keys))
    assert patterns_among(source.profile, len(found.keys) - 1) == ()


def test_what_is_known_of_rows_goes_with_them():
    calls = []
    known = WhileItLives(lambda x: calls.append(1) or x.sum())
    x = np.arange(4.0)
    assert known(x) == known(x) == 6.0
    assert len(calls) == 1
    del x
    gc.collect()
    assert not known._known


def test_a_column_has_the_rows_that_have_it():
    x = np.array([[1.0, np.nan, 3.0], [np.nan, 2.0, 4.0], [5.0, 6.0, np.nan], [np.nan, np.nan, np.nan]])
    profile = ek.ArraySource(x, [1, 2, 3, 4], ["a", "b", "c"]).profile
    second = column_of(profile, 1)
    assert (second.columns, second.rows, second.total_weight) == (("b",), 2, 5.0)
    assert second.mean.item() == pytest.approx((2 * 2 + 3 * 6) / 5)
    assert column_of(profile, 1) is second
    pair = column_of(profile, 1, 2)
    assert (pair.columns, pair.rows) == (("b", "c"), 1)
    assert sorted(second.sample.x.ravel().tolist()) == [2.0, 6.0]
    with pytest.raises(ek.DataError, match="row 2, column 'b' is 6; too much"):
        second.refuse(lambda cells: cells > 5, "too much.")
