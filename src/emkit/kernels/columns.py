"""Base rows of a tile (R, T), from T rows of data that are read where they lie.

Rows of the tile beyond the end of the data become 0 (with a weight of 0 they count for nothing).
"""

from __future__ import annotations

from typing import Any

from numba import njit

from emkit.kernels.filling import column_block
from emkit.kernels.vectors import LANES

turn_8, turn_4, turn_2, copy_1 = column_block(8), column_block(4), column_block(2), column_block(1)


@njit(nogil=True, cache=True, error_model="numpy")
def fill_columns(x: Any, start: int, origin: Any, factor: Any, base: Any) -> None:
    """1 and z_j = (x_j - origin_j) * factor_j for the rows of x (n, d) from `start` on; then |z|^2, if R = 2 + d.

    x may be float64 or float32, in any layout; data whose rows or whose columns are contiguous are read fastest.
    """
    n, d = x.shape
    rows = base.shape[1]
    m = min(rows, n - start)
    for i in range(rows):
        base[0, i] = 1.0 if i < m else 0.0
    for r in range(1, len(base)):
        for i in range(m, rows):
            base[r, i] = 0.0
    if x.strides[0] == x.itemsize:
        whole = m - m % LANES
        for j in range(d):
            for i in range(0, whole, LANES):
                copy_1(x, start + i, j, origin, factor, base, i)
    elif x.strides[1] == x.itemsize and d > 1:
        whole = m - m % LANES
        for i in range(0, whole, LANES):
            j = 0
            while j + 8 <= d:
                turn_8(x, start + i, j, origin, factor, base, i)
                j += 8
            if j + 4 <= d:
                turn_4(x, start + i, j, origin, factor, base, i)
                j += 4
            while j < d:
                turn_2(x, start + i, min(j, d - 2), origin, factor, base, i)  # an odd last column comes with the one before
                j += 2
    else:
        whole = 0
    for i in range(whole, m):
        for j in range(d):
            base[1 + j, i] = (x[start + i, j] - origin[j]) * factor[j]
    if base.shape[0] == d + 2:
        for i in range(rows):
            base[d + 1, i] = 0.0
        for j in range(1, d + 1):
            for i in range(rows):
                base[d + 1, i] += base[j, i] * base[j, i]


@njit(nogil=True, cache=True, error_model="numpy")
def fill_runs(x: Any, start: int, runs: Any, origin: Any, factor: Any, base: Any) -> None:
    """As `fill_columns`, of some columns of x: `runs` (m, 2) say which is the first of each run, and how many follow it.

    `origin` and `factor` are those of the columns read, one run behind the other; R is one more than these.
    """
    end = len(base)
    for m in range(len(runs) - 1, -1, -1):  # backwards: the leading 1 of a run lies where the one before it ends
        first, count = runs[m, 0], runs[m, 1]
        begin = end - count
        own = slice(begin - 1, end - 1)
        fill_columns(x[:, first : first + count], start, origin[own], factor[own], base[begin - 1 : end])
        end = begin
