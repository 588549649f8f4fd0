"""Features of normal families, laid out in tiles (B, F, T): 1, the centred and scaled columns, and products of them.

Rows beyond the end of the data get features of 0, so that (with a weight of 0) they count for nothing. `x` (n, d) may be
float64 or float32, in row or column order; it is read where it lies.
"""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def fill_linear(x: Any, origin: Any, unit: Any, out: Any) -> None:
    """1 and z_j = (x_j - origin_j) / unit_j. F = 1 + d."""
    n, d = x.shape
    tiles, _, rows = out.shape
    for b in range(tiles):
        start = b * rows
        m = max(min(rows, n - start), 0)
        for i in range(m):
            out[b, 0, i] = 1.0
        for j in range(d):
            factor = 1.0 / unit[j]  # a power of 2: exact
            for i in range(m):
                out[b, 1 + j, i] = (x[start + i, j] - origin[j]) * factor
        for f in range(1 + d):
            for i in range(m, rows):
                out[b, f, i] = 0.0


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def fill_squares(x: Any, origin: Any, unit: Any, out: Any) -> None:
    """1, z_j, z_j^2. F = 1 + 2d."""
    d = x.shape[1]
    fill_linear(x, origin, unit, out)
    tiles, _, rows = out.shape
    for b in range(tiles):
        for j in range(d):
            for i in range(rows):
                out[b, 1 + d + j, i] = out[b, 1 + j, i] * out[b, 1 + j, i]


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def fill_norm(x: Any, origin: Any, unit: Any, out: Any) -> None:
    """1, z_j, |z|^2. F = 2 + d."""
    d = x.shape[1]
    fill_linear(x, origin, unit, out)
    tiles, _, rows = out.shape
    for b in range(tiles):
        for i in range(rows):
            out[b, 1 + d, i] = 0.0
        for j in range(d):
            for i in range(rows):
                out[b, 1 + d, i] += out[b, 1 + j, i] * out[b, 1 + j, i]


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def fill_products(x: Any, origin: Any, unit: Any, out: Any) -> None:
    """1, z_j, z_a z_b for b <= a. F = 1 + d + d (d + 1) / 2."""
    d = x.shape[1]
    fill_linear(x, origin, unit, out)
    tiles, _, rows = out.shape
    for b in range(tiles):
        f = 1 + d
        for first in range(d):
            for second in range(first + 1):
                for i in range(rows):
                    out[b, f, i] = out[b, 1 + first, i] * out[b, 1 + second, i]
                f += 1
