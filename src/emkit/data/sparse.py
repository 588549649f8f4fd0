"""Rows of which most cells are 0, as scipy.sparse keeps them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers

MOST_DENSE = 16_000_000  # cells of a chunk, 128 MB: what needs all of them makes them one chunk at a time
FEWER = 100  # columns: of a tenth or so, distances between rows differ from those in all columns
PACKED_ROWS = 1_024  # at a time
MOST_SAMPLED = 20_000_000  # cells of the rows that starts are estimated from


class SparseRows:
    """Rows (n, d) of float64 in compressed form. It is indexed by rows; where an array is asked for, it becomes one."""

    ndim = 2
    dtype = np.dtype(np.float64)

    def __init__(self, cells: Any) -> None:
        from scipy.sparse import csr_array

        self.cells = csr_array(cells, dtype=np.float64)
        self.cells.sum_duplicates()
        self.shape: tuple[int, int] = self.cells.shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        """Some of the rows; or, given rows and a column, its cells as an array, as those of several columns are."""
        if isinstance(key, tuple):
            rows, column = key
            if isinstance(column, slice):
                return self.cells[rows][:, column].toarray()
            return self.cells[rows][:, [column]].toarray()[:, 0] if isinstance(rows, slice) else self.cells[rows, column]
        return SparseRows(self.cells[key])

    def packed(self) -> Iterator[Array]:
        """The cells that are not 0 of some rows at a time (n, m), zeros behind them."""
        for first in range(0, max(len(self), 1), PACKED_ROWS):
            ends = self.cells.indptr[first : first + PACKED_ROWS + 1]
            lengths = np.diff(ends)
            found = np.zeros((len(lengths), lengths.max(initial=1)))
            found[np.arange(found.shape[1]) < lengths[:, None]] = self.cells.data[ends[0] : ends[-1]]
            yield found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self.cells.toarray(), dtype=dtype)


def is_sparse(x: Any) -> bool:
    """Whether `x` is a matrix of scipy.sparse, or `SparseRows`."""
    sparse = sys.modules.get("scipy.sparse")  # whoever has such a matrix has loaded it
    return isinstance(x, SparseRows) or (sparse is not None and bool(sparse.issparse(x)))


def as_sparse(x: Any) -> SparseRows | None:
    """`x`, if it is sparse rows; else None."""
    return x if isinstance(x, SparseRows) else None


def in_fewer_columns(x: SparseRows, weights: Array) -> Array:
    """Rows (n, m) that lie about as far from each other as those of x (n, d) with columns in units of standard deviations.

    Columns are directions drawn at random, the same for the same number of columns.
    Source: Johnson & Lindenstrauss (1984), Contemporary Mathematics 26, 189-206.
    """
    share = weights / weights.sum()
    mean = share @ x.cells
    squares = x.cells.copy()
    squares.data **= 2
    spread = np.sqrt(np.maximum(share @ squares - mean**2, 0.0))
    directions = np.random.default_rng(0).standard_normal((x.shape[1], FEWER)) / np.where(spread > 0, spread, 1.0)[:, None]
    return np.asarray(x.cells @ directions - mean @ directions)


def rows_of_rare_columns(x: SparseRows, chosen: Integers) -> Integers:
    """For each column that is 0 in all rows `chosen`, the first row in which it is not."""
    there = np.zeros(x.shape[1], dtype=bool)
    there[x.cells[chosen].indices] = True
    columns, first = np.unique(x.cells.indices, return_index=True)
    rows = np.searchsorted(x.cells.indptr, first, side="right") - 1
    return np.unique(rows[~there[columns]])
