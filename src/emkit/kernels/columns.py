"""Base rows of tiles (B, R, T) from columns of data: a row of ones, and the columns centred and scaled.

Rows of data beyond the end become 0 (with a weight of 0 they count for nothing). `x` (n, d) may be float64 or float32, in row
or column order; it is read where it lies.
"""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def fill_columns(x: Any, origin: Any, unit: Any, out: Any) -> None:
    """1 and z_j = (x_j - origin_j) / unit_j, R = 1 + d; further base rows are left alone."""
    n, d = x.shape
    tiles, _, rows = out.shape
    factor = 1.0 / unit  # powers of 2: exact
    for b in range(tiles):
        start = b * rows
        m = max(min(rows, n - start), 0)
        for i in range(m):
            out[b, 0, i] = 1.0
        for j in range(d):
            for i in range(m):
                out[b, 1 + j, i] = (x[start + i, j] - origin[j]) * factor[j]
        for r in range(1 + d):
            for i in range(m, rows):
                out[b, r, i] = 0.0


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def fill_columns_and_norm(x: Any, origin: Any, unit: Any, out: Any) -> None:
    """1, z_j, and |z|^2. R = 2 + d."""
    d = x.shape[1]
    fill_columns(x, origin, unit, out)
    tiles, _, rows = out.shape
    for b in range(tiles):
        for i in range(rows):
            out[b, 1 + d, i] = 0.0
        for j in range(d):
            for i in range(rows):
                out[b, 1 + d, i] += out[b, 1 + j, i] * out[b, 1 + j, i]


@njit(nogil=True, cache=True, error_model="numpy")
def fill_levels(x: Any, first: Any, out: Any) -> None:
    """1, and for each column a row for each of its levels: 1 where the column has that level. R = 1 + number of levels.

    `first` (d,): the base row of level 0 of each column.
    """
    n, d = x.shape
    tiles, _, rows = out.shape
    out[:] = 0.0
    for b in range(tiles):
        start = b * rows
        m = max(min(rows, n - start), 0)
        for i in range(m):
            out[b, 0, i] = 1.0
        for j in range(d):
            for i in range(m):
                out[b, first[j] + int(x[start + i, j]), i] = 1.0
