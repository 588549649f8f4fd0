"""The pass of `mixture_pass`, and its halves, where some features are products of columns and others tell levels.

In what follows, `frame` are the origin (d,), factors (d,), the `pairs` of whole numbers of the former (F, 2) and those of
floats of the latter (G, 2). Coefficients (F, K), (G, K) and sums (K, F), (K, G) come in two parts.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from emkit.kernels.columns import fill_columns
from emkit.kernels.halves import put_in, take_out
from emkit.kernels.mixture_pass import add_sums, fill_weights, score, share_out


@njit(nogil=True, cache=True, error_model="numpy")
def score_both(frame: Any, coefficients: Any, base: Any, more: Any, scores: Any) -> None:
    """Scores (K, T) of the rows of a tile, of both kinds of features; `more` (K, T) is room for those of one of them."""
    _, _, products, levels = frame
    score(coefficients[0], 0, len(scores), products, base, scores)
    score(coefficients[1], 0, len(scores), levels, base, more)
    for k in range(len(scores)):
        for i in range(scores.shape[1]):
            scores[k, i] += more[k, i]


@njit(nogil=True, cache=True, error_model="numpy")
def sum_both(frame: Any, shares: Any, base: Any, sums: Any) -> None:
    """Add the feature sums of the rows of a tile, weighted by `shares` (K, T), to both parts of `sums`."""
    _, _, products, levels = frame
    add_sums(shares, 0, len(shares), base, products, sums[0])
    add_sums(shares, 0, len(shares), base, levels, sums[1])


@njit(nogil=True, cache=True, error_model="numpy")
def add_rows(
    x: Any, given: Any, frame: Any, coefficients: Any, base: Any, scratch: Any, sums: Any, log_likelihoods: Any
) -> None:
    """`mixture_pass.add_columns` over all rows of x (n, d). `scratch` (2 K + 3, T)."""
    n_components = len(sums[0])
    weights, scores, more = scratch[0], scratch[1 : 1 + n_components], scratch[1 + n_components : 1 + 2 * n_components]
    peaks = scratch[1 + 2 * n_components :]
    for start in range(0, len(x), base.shape[1]):
        fill_columns(x, start, frame[0], frame[1], base)
        score_both(frame, coefficients, base, more, scores)
        fill_weights(given, start, len(x), weights)
        share_out(scores, weights, peaks, log_likelihoods)
        sum_both(frame, scores, base, sums)


@njit(nogil=True, cache=True, error_model="numpy")
def score_rows(x: Any, frame: Any, coefficients: Any, base: Any, scratch: Any, scores: Any) -> None:
    """`halves.score_columns` over all rows of x (n, d). `scratch` (2 K, T)."""
    tile, more = scratch[: len(scores)], scratch[len(scores) :]
    for start in range(0, len(x), base.shape[1]):
        fill_columns(x, start, frame[0], frame[1], base)
        score_both(frame, coefficients, base, more, tile)
        take_out(tile, start, scores)


@njit(nogil=True, cache=True, error_model="numpy")
def sum_rows(x: Any, weights: Any, frame: Any, base: Any, tile: Any, sums: Any) -> None:
    """`halves.sum_columns` over all rows of x (n, d), weighted (K, n). `tile` (K, T)."""
    for start in range(0, len(x), base.shape[1]):
        fill_columns(x, start, frame[0], frame[1], base)
        put_in(weights, start, tile)
        sum_both(frame, tile, base, sums)
