"""Data of which no factor analysis can be made, and some that look so: refused in words, warned of, or right."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import emkit as ek

NAN = np.nan
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 1)) + RNG.normal(size=(40, 5))
CORRELATION = np.corrcoef(X.T)
COLUMN, ROW = np.arange(5), np.arange(40)[:, None]


def with_column(values):
    return np.where(COLUMN == 2, np.broadcast_to(np.asarray(values, dtype=float).reshape(-1, 1), (40, 1)), X)


REFUSED = {
    "a constant column": (1, with_column(3.0), "never vary.*'x2'"),
    "a column of rounding": (1, with_column(1e8 + 1e-9 * ROW), "never vary.*'x2'"),
    "an empty column": (1, with_column(NAN), "'x2' is missing in every row"),
    "a column of one cell": (1, np.where((COLUMN == 2) & (ROW > 0), NAN, X), "never vary"),
    "infinite": (1, with_column(np.inf), "row 0, column 'x2' is inf"),
    "more factors than columns": (6, X, "6 factors are more than the 5 columns"),
    "one row": (1, X[:1], "Give more rows"),
    "two rows": (1, X[:2], "at least 3 are needed"),
    "no rows": (1, X[:0], "Give more rows"),
    "no columns": (1, X[:, :0], "Give at least one column"),
    "two rows again and again": (1, np.repeat(X[:2], 10, axis=0), "no maximum"),
    "equal rows": (1, np.repeat(X[:1], 10, axis=0), "never vary"),
    "equal columns": (1, with_column(X[:, 0]), "no maximum"),
    "a column and its negative": (2, with_column(-X[:, 0]), "no maximum"),
    "squares that overflow": (1, X * 1e160, "overflow"),
    "squares that vanish": (1, X * 1e-160, "underflow"),
    "words": (1, [["a", "b"]] * 5, "hold names"),
    "one dimension": (1, X[:, 0], "2D array"),
    "three dimensions": (1, X[None], "dim 3"),
    "units far apart": (1, X * [1, 1e9, 1, 1, 1], "like units"),
    "no factors": (0, X, "n_components is 0"),
    "factors below 0": (-1, X, "n_components is -1"),
    "half factors": (1.5, X, "n_components is 1.5"),
    "a truth": (True, X, "n_components is True"),
}
WARNED = {
    "as many factors as columns": (5, X, "20 free parameters, but there are 15"),
    "more factors than told": (3, X, "17 free parameters, but there are 15"),
    "one column": (1, X[:, :1], "2 free parameters, but there are 1"),
    "two columns": (1, X[:, :2], "4 free parameters, but there are 3"),
    "a column of two cells": (1, np.where((COLUMN == 2) & (ROW > 1), NAN, X), "Heywood case: the uniqueness of 'x2'"),
    "the sum of others": (2, np.column_stack([X[:, :4], X[:, :4].sum(axis=1)]), "Heywood case"),
}
COVARIANCES = {
    "not symmetric": (CORRELATION + np.triu(np.ones((5, 5)), 1), 40, "symmetric; at"),
    "negative": (-CORRELATION, 40, "has a variance of -1"),
    "not finite": (np.where(np.eye(5) == 1, NAN, CORRELATION), 40, "finite number"),
    "no rows": (CORRELATION, 0, "n is 0"),
    "rows below 0": (CORRELATION, -5, "n is -5"),
    "rows without end": (CORRELATION, np.inf, "n is inf"),
    "rows unknown": (CORRELATION, NAN, "n is nan"),
    "put together from pairs": ([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]], 40, "least eigenvalue is -0.8"),
    "a variance of 0": (np.diag([1, 0, 1.0]), 40, "never vary"),
    "not square": (CORRELATION[:3], 40, "as many rows as columns"),
    "all one": (np.ones((3, 3)), 40, "no maximum"),
    "a number": (1.0, 40, "as many rows as columns"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_rows_that_cannot_be_are_refused(name):
    m, x, said = REFUSED[name]
    equal = {"uniquenesses": "equal"} if name == "units far apart" else {}
    with pytest.raises(ek.EmkitError, match=f"(?s){said}"):
        ek.FactorAnalysis(m, **equal).fit(x)


@pytest.mark.parametrize("name", WARNED)
def test_what_may_not_be_told_is_warned_of(name):
    m, x, said = WARNED[name]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert ek.FactorAnalysis(m).fit(x).converged_
    assert any(said in str(each.message) for each in told)


@pytest.mark.parametrize("name", COVARIANCES)
def test_covariances_that_cannot_be_are_refused(name):
    given, n, said = COVARIANCES[name]
    with pytest.raises(ek.EmkitError, match=said):
        ek.FactorAnalysis(1).fit_covariance(given, n)


@pytest.mark.parametrize("rotation", [None, "oblimin"])
def test_units_and_origins_do_not_matter(rotation):
    here = ek.FactorAnalysis(2, rotation=rotation).fit(X)
    units = np.array([1, 1e-12, 1e12, 1, 1])
    there = ek.FactorAnalysis(2, rotation=rotation).fit(X * units)
    assert there.loadings_ / units[:, None] == pytest.approx(here.loadings_, abs=1e-3)
