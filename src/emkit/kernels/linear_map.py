"""The pass of `mixture_pass`, and its halves, over base rows that are a linear map of some columns.

In what follows, `plan` says how base rows are read: the `runs` of columns, their origin and factor (C,), as `fill_runs` takes
them; the matrix (1 + C, R - 1), of a leading 1 and these; and the `pairs` of base rows that are features themselves.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from emkit.kernels.columns import fill_runs
from emkit.kernels.halves import put_in, take_out
from emkit.kernels.mixture_pass import add_sums, add_tile, fill_weights, score


@njit(nogil=True, cache=True, error_model="numpy")
def read_tile(x: Any, start: int, plan: Any, read: Any, base: Any) -> None:
    """The base rows (R, T), behind a leading 1, of T rows from `start` on; `read` (1 + C, T) gets the columns as they are."""
    runs, origin, factor, matrix, alone = plan
    fill_runs(x, start, runs, origin, factor, read)
    score(matrix, 0, matrix.shape[1], alone, read, base[1:])
    base[0] = read[0]


@njit(nogil=True, cache=True, error_model="numpy")
def add_mapped(
    x: Any, given: Any, plan: Any, coefficients: Any, pairs: Any, room: Any, scratch: Any, sums: Any, log_likelihoods: Any
) -> None:
    """`mixture_pass.add_columns` over all rows of x (n, d). `room`: as `read_tile` fills it; `scratch` (K + 3, T)."""
    weights, rest, (read, base) = scratch[0], scratch[1:], room
    for start in range(0, len(x), base.shape[1]):
        read_tile(x, start, plan, read, base)
        fill_weights(given, start, len(x), weights)
        add_tile(base, pairs, weights, coefficients, rest, sums, log_likelihoods)


@njit(nogil=True, cache=True, error_model="numpy")
def score_mapped(x: Any, plan: Any, coefficients: Any, pairs: Any, room: Any, tile: Any, scores: Any) -> None:
    """`halves.score_columns` over all rows of x (n, d). `tile` (K, T)."""
    read, base = room
    for start in range(0, len(x), base.shape[1]):
        read_tile(x, start, plan, read, base)
        score(coefficients, 0, len(tile), pairs, base, tile)
        take_out(tile, start, scores)


@njit(nogil=True, cache=True, error_model="numpy")
def sum_mapped(x: Any, weights: Any, plan: Any, pairs: Any, room: Any, tile: Any, sums: Any) -> None:
    """`halves.sum_columns` over all rows of x (n, d), weighted (K, n). `tile` (K, T)."""
    read, base = room
    for start in range(0, len(x), base.shape[1]):
        read_tile(x, start, plan, read, base)
        put_in(weights, start, tile)
        add_sums(tile, 0, len(tile), base, pairs, sums)
