"""The two halves of a pass on tiles of rows: scores alone, and sums given what each row counts for each component."""

from __future__ import annotations

from typing import Any

from numba import njit

from emkit.kernels.columns import fill_columns
from emkit.kernels.mixture_pass import add_sums, score


@njit(nogil=True, cache=True, error_model="numpy")
def take_out(tile: Any, start: int, scores: Any) -> None:
    """Copy the scores of a tile (K, T) to those of all rows (K, n), from `start` on."""
    rows = min(tile.shape[1], scores.shape[1] - start)
    for k in range(len(scores)):
        for i in range(rows):
            scores[k, start + i] = tile[k, i]


@njit(nogil=True, cache=True, error_model="numpy")
def put_in(weights: Any, start: int, tile: Any) -> None:
    """Copy the weights of all rows (K, n), from `start` on, to a tile (K, T); 0 in the padding."""
    rows = min(tile.shape[1], weights.shape[1] - start)
    for k in range(len(weights)):
        for i in range(tile.shape[1]):
            tile[k, i] = weights[k, start + i] if i < rows else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def score_columns(x: Any, origin: Any, factor: Any, coefficients: Any, pairs: Any, base: Any, tile: Any, scores: Any) -> None:
    """Scores (K, n) of all rows of x (n, d), whose base rows are those of `fill_columns`. `tile` (K, T)."""
    for start in range(0, len(x), base.shape[1]):
        fill_columns(x, start, origin, factor, base)
        score(coefficients, 0, len(tile), pairs, base, tile)
        take_out(tile, start, scores)


@njit(nogil=True, cache=True, error_model="numpy")
def sum_columns(x: Any, weights: Any, origin: Any, factor: Any, pairs: Any, base: Any, tile: Any, sums: Any) -> None:
    """Feature sums (K, F) of all rows of x (n, d), weighted (K, n), added to `sums`. `tile` (K, T)."""
    for start in range(0, len(x), base.shape[1]):
        fill_columns(x, start, origin, factor, base)
        put_in(weights, start, tile)
        add_sums(tile, 0, len(tile), base, pairs, sums)
