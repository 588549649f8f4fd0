"""Some columns, and some rows."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.data.some import some_columns, some_rows


def test_some_columns_are_known_as_the_whole_knows_them():
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.normal(size=30), rng.integers(0, 3, 30), rng.normal(5, 2, 30)])
    whole = ek.ArraySource(x, rng.uniform(1, 3, 30), ["a", "b", "c"], 7, levels=(None, ("u", "v", "w"), None)).profile
    some = some_columns(whole, (2, 1))
    assert (some.columns, some.levels) == (("c", "b"), (None, ("u", "v", "w")))
    assert (some.rows, some.total_weight) == (whole.rows, whole.total_weight)
    np.testing.assert_array_equal(some.least, whole.least[[2, 1]])
    np.testing.assert_allclose(some.covariance, whole.covariance[np.ix_([2, 1], [2, 1])], rtol=1e-13)
    np.testing.assert_array_equal(some.whole, [False, True])
    assert some.sample.profile.columns == ("c", "b")
    assert some_columns(whole, (2, 1)) is some
    assert some_columns(whole, (0, 1, 2)) is whole
    np.testing.assert_array_equal(some_columns(some, (1,)).least, whole.least[[1]])
    with pytest.raises(ek.DataError, match="row 0, column 'c' is "):
        some.refuse(lambda x: x > x[:, [1]], "no.")


def test_some_rows_are_known_by_their_names_in_the_whole():
    x = np.column_stack([np.arange(12.0), np.arange(12.0) ** 2])
    some = some_rows(ek.ArraySource(x, np.arange(1.0, 13.0), ["a", "b"], 5).profile, lambda x: x[:, 0] % 3 == 0)
    assert (some.rows, some.total_weight) == (4, 1 + 4 + 7 + 10)
    np.testing.assert_array_equal(some.highest, [9.0, 81.0])
    assert some.sample.rows == 4
    with pytest.raises(ek.DataError, match="row 6, column 'b' is 36; too much"):
        some.refuse(lambda x: x > 20, "too much")
