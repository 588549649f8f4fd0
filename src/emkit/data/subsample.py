"""Some rows that stand for all of them, and the units in which rows are compared."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import as_float64
from emkit.data.sparse import FEWER, as_sparse, in_fewer_columns, rows_of_rare_columns

SUBSAMPLE = 5_000
NO_SPREAD = 1e-6  # of a direction, against the widest
MOST_RARE = 1_000  # values of a column: a column with more is a measurement, not a handful of levels


def chosen_rows(x: Array, rows: int = SUBSAMPLE) -> Integers:
    """The places of at most `rows` random rows, and of a few that hold rare values; of all, if there are no more."""
    chosen = random_places(len(x), rows)
    if len(x) <= rows:
        return chosen
    sparse = as_sparse(x)
    rare = rows_of_rare_columns(sparse, chosen) if sparse is not None else _rows_of_rare_values(x, chosen)
    return np.concatenate([chosen, rare])


def random_places(total: int, number: int) -> Integers:
    """So many random ones of the places of `total` rows, always the same; all, if there are no more."""
    if total <= number:
        return np.arange(total)
    return np.asarray(np.random.default_rng(0).choice(total, number, replace=False))


def in_order_of_values(x: Array) -> Integers:
    """The places of rows (n,) in ascending order of their values.

    So what is drawn from them does not depend on the order in which they came, nor on whether a row came twice or with weight
    2. (Which rows are chosen, if there are more, does depend on their order.)
    """
    order: Integers = np.argsort(x[:, 0])
    if (np.diff(x[order, 0]) == 0).any() or np.isnan(x[order[-2:], 0]).all():
        order = np.lexsort(x.T[::-1])
    return order


def _rows_of_rare_values(x: Array, chosen: Integers) -> Integers:
    """For each value of a whole-number column that no chosen row holds, the first row that does.

    Without them, a rare level could start out as impossible.
    """
    found = [np.empty(0, dtype=np.int64)]
    for column in x.T:
        some = column[chosen]
        some = some[~np.isnan(some)]
        if (some == np.floor(some)).all():
            values, first = np.unique(column, return_index=True)
            found.append(first[~(np.isin(values, some) | np.isnan(values))][:MOST_RARE])
    return np.unique(np.concatenate(found))


def compared(x: Array, weights: Array) -> Array:
    """The rows x (n, d) as starts and moves compare them: sparse ones of many columns in fewer."""
    sparse = as_sparse(x)
    return as_float64(x) if sparse is None or sparse.shape[1] <= FEWER else in_fewer_columns(sparse, weights)


def in_standard_units(some: Array, weights: Array, x: Array) -> Array:
    """`x` with the mean and the standard deviation of the rows of `some` (n, d) as origin and unit; gaps are at the mean."""
    if np.isnan(x).any() or np.isnan(some).any():
        return _in_units_of_what_is_there(some, weights, x)
    largest = np.abs(some).max(axis=0)
    unit = np.exp2(np.floor(np.log2(np.where(largest > 0, largest, 1.0))))  # squares of the data themselves may overflow
    rows = some / unit
    mean = np.average(rows, axis=0, weights=weights)
    spread = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weights))
    return (x / unit - mean) / np.where(spread > 0, spread, 1.0)


def _in_units_of_what_is_there(some: Array, weights: Array, x: Array) -> Array:
    """`in_standard_units` column by column."""
    found = np.zeros(x.shape)
    for column, cells, made in zip(some.T, x.T, found.T, strict=True):
        known, there = ~np.isnan(column), ~np.isnan(cells)
        if known.any():
            made[there] = in_standard_units(column[known, None], weights[known], cells[there, None])[:, 0]
    return found


def uncorrelated(some: Array, weights: Array, x: Array) -> Array:
    """`x` in units in which the rows of `some` (n, d) have no correlations; directions without any spread count for nothing."""
    rows = in_standard_units(some, weights, some)
    variances, directions = np.linalg.eigh(np.cov(rows.T, aweights=weights, ddof=0).reshape(len(rows.T), -1))
    unit = np.sqrt(np.maximum(variances, 0.0))
    there = unit > NO_SPREAD * unit.max(initial=0.0)
    return in_standard_units(some, weights, x) @ (directions[:, there] / unit[there])
