"""The pass of `mixture_pass`, and its halves, where some components are too tight for an origin that all share.

Base rows of these are about their own means: they are made once for the scores, and again for the sums. The others share
theirs, and so does, in vain, a tight component that lies between two of them: blocks of neighbours are quicker than gaps.

In what follows, `frame` are the origin (d,), factors (d,) and `pairs` (F, 2) of shared base rows. `roads` are `shared` (2,),
first and end of the components that share them; `tight` (J,), those that do not; their `means` (J, d); and, where their columns
are joined, `whiten` (J, H, d), which takes the place of all their coefficients but the first. `room`: a tile of columns as they
are (1 + d, T), one of base rows, and one for products of base rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.columns import fill_columns
from emkit.kernels.filling import move_block
from emkit.kernels.halves import put_in, take_out
from emkit.kernels.mixture_pass import add_sums, fill_weights, score, share_out
from emkit.kernels.triangles import square_block, whiten_block
from emkit.kernels.workspace import TRIANGLE_ROWS

move_columns = move_block(4)
# 16 sums at once, and what they are made of, fit the registers
whiten_rows, square_rows = whiten_block(TRIANGLE_ROWS, 4), square_block(TRIANGLE_ROWS)


@njit(nogil=True, cache=True, error_model="numpy")
def read_tile(x: Any, start: int, columns: Any) -> None:
    """The columns of the rows from `start` on, as they are."""
    d = x.shape[1]
    fill_columns(x, start, np.zeros(d), np.ones(d), columns)


@njit(nogil=True, cache=True, error_model="numpy")
def score_tile(frame: Any, roads: Any, coefficients: Any, room: Any, scores: Any) -> None:
    """Scores (K, T) of the rows of a tile, for coefficients (F, K)."""
    (origin, factor, pairs), (shared, tight, means, whiten), (columns, base, _) = frame, roads, room
    first, end = shared
    if end > first:
        move_columns(columns, origin, factor, base)
        score(coefficients, first, end, pairs, base, scores)
    for j in range(len(tight)):
        k = tight[j]
        move_columns(columns, means[j], factor, base)
        if len(whiten) > 0:
            whiten_rows(coefficients[0, k], whiten[j], base, k, scores)
        else:
            score(coefficients, k, k + 1, pairs, base, scores)


@njit(nogil=True, cache=True, error_model="numpy")
def sum_tile(frame: Any, roads: Any, room: Any, shares: Any, sums: Any) -> None:
    """Add the feature sums (K, F) of the rows of a tile, weighted by `shares` (K, T), to `sums`. Spoils the shares."""
    (origin, factor, pairs), (shared, tight, means, whiten), (columns, base, squares) = frame, roads, room
    for j in range(len(tight)):
        k = tight[j]
        move_columns(columns, means[j], factor, base)
        if len(whiten) > 0:
            square_rows(shares, k, base, squares)
            for f in range(len(pairs)):
                sums[k, f] += squares[max(pairs[f, 0], pairs[f, 1]), min(pairs[f, 0], pairs[f, 1])]
        else:
            add_sums(shares, k, k + 1, base, pairs, sums)
        shares[k] = 0.0
    first, end = shared
    if end > first:
        move_columns(columns, origin, factor, base)
        add_sums(shares, first, end, base, pairs, sums)


@njit(nogil=True, cache=True, error_model="numpy")
def add_rows(
    x: Any, given: Any, frame: Any, roads: Any, coefficients: Any, room: Any, scratch: Any, sums: Any, log_likelihoods: Any
) -> None:
    """`mixture_pass.add_columns` over all rows of x (n, d). `scratch` (K + 3, T)."""
    n_components, rows = len(sums), scratch.shape[1]
    weights, scores, peaks = scratch[0], scratch[1 : 1 + n_components], scratch[1 + n_components :]
    for start in range(0, len(x), rows):
        read_tile(x, start, room[0])
        score_tile(frame, roads, coefficients, room, scores)
        fill_weights(given, start, len(x), weights)
        share_out(scores, weights, peaks, log_likelihoods)
        sum_tile(frame, roads, room, scores, sums)


@njit(nogil=True, cache=True, error_model="numpy")
def score_rows(x: Any, frame: Any, roads: Any, coefficients: Any, room: Any, tile: Any, scores: Any) -> None:
    """`halves.score_columns` over all rows of x (n, d). `tile` (K, T)."""
    for start in range(0, len(x), tile.shape[1]):
        read_tile(x, start, room[0])
        score_tile(frame, roads, coefficients, room, tile)
        take_out(tile, start, scores)


@njit(nogil=True, cache=True, error_model="numpy")
def sum_rows(x: Any, weights: Any, frame: Any, roads: Any, room: Any, tile: Any, sums: Any) -> None:
    """`halves.sum_columns` over all rows of x (n, d). `tile` (K, T)."""
    for start in range(0, len(x), tile.shape[1]):
        read_tile(x, start, room[0])
        put_in(weights, start, tile)
        sum_tile(frame, roads, room, tile, sums)
