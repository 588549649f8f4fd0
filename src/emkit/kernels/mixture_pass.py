"""The E-step of a mixture on tiles of rows: matrix product, softmax, matrix product.

Tiles are laid out (base rows, rows of data), so that every inner loop runs along the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.columns import fill_columns
from emkit.kernels.elementary import log_of_normal
from emkit.kernels.products import score_block, sum_block
from emkit.kernels.responsibilities import share_block

# for so many components: at least 8 sums at once, so that additions which wait for each other keep the processor busy, and at
# most 24, so that each has a register
score_8, score_4, score_3, score_2, score_1 = (score_block(c, v) for c, v in ((8, 2), (4, 2), (3, 4), (2, 4), (1, 8)))
sum_8, sum_4, sum_3, sum_2, sum_1 = (sum_block(c, f) for c, f in ((8, 3), (4, 4), (3, 4), (2, 4), (1, 8)))
share_rows = share_block(2)


@njit(nogil=True, cache=True, error_model="numpy")
def score(coefficients: Any, first: int, end: int, pairs: Any, base: Any, scores: Any) -> None:
    """Scores (K, T) = coefficients (F, K)' features (F, T) for the components from `first` to `end`; T a multiple of 64."""
    k = first
    while k + 8 <= end:
        score_8(coefficients, k, pairs, base, scores)
        k += 8
    if k + 4 <= end:
        score_4(coefficients, k, pairs, base, scores)
        k += 4
    if k + 3 == end:
        score_3(coefficients, k, pairs, base, scores)
    elif k + 2 == end:
        score_2(coefficients, k, pairs, base, scores)
    elif k + 1 == end:
        score_1(coefficients, k, pairs, base, scores)


@njit(nogil=True, cache=True, error_model="numpy")
def add_sums(shares: Any, first: int, end: int, base: Any, pairs: Any, sums: Any) -> None:
    """Sums (K, F) += shares (K, T) features (F, T)' for the components from `first` to `end`."""
    k = first
    while k + 8 <= end:
        sum_8(shares, k, base, pairs, sums)
        k += 8
    if k + 4 <= end:
        sum_4(shares, k, base, pairs, sums)
        k += 4
    if k + 3 == end:
        sum_3(shares, k, base, pairs, sums)
    elif k + 2 == end:
        sum_2(shares, k, base, pairs, sums)
    elif k + 1 == end:
        sum_1(shares, k, base, pairs, sums)


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def softmax(scores: Any, weights: Any, scratch: Any) -> None:
    """Turn `scores` (K, T) into weighted shares, in place; scratch[0] (of (2, T)) becomes the log of the sum of exp(scores).

    `weights` (T,) multiply the shares of each row.
    """
    n_components, rows = scores.shape
    share_rows(scores, scratch)
    peak, total = scratch[0], scratch[1]
    for i in range(rows):
        peak[i] += log_of_normal(total[i])
        total[i] = weights[i] / total[i]
    for k in range(n_components):
        for i in range(rows):
            scores[k, i] *= total[i]


@njit(nogil=True, cache=True, error_model="numpy")
def share_out(scores: Any, weights: Any, scratch: Any, log_likelihoods: Any) -> None:
    """`softmax` of the `scores` (K, T) within each of several mixtures, as many as there are `log_likelihoods` (S,).

    These gain the weighted sums of log sum_k exp(score). `scratch` (2, T).
    """
    size = len(scores) // len(log_likelihoods)
    for s in range(len(log_likelihoods)):
        softmax(scores[s * size : (s + 1) * size], weights, scratch)
        log_likelihoods[s] += np.dot(weights, scratch[0])


@njit(nogil=True, cache=True, error_model="numpy")
def add_tile(base: Any, pairs: Any, weights: Any, coefficients: Any, scratch: Any, sums: Any, log_likelihoods: Any) -> None:
    """Add the weighted feature sums of every component over one tile to `sums` (K, F), and what is seen to `log_likelihoods`.

    `base` (R, T): T rows of data, a multiple of 16. `pairs` (F, 2): how base rows make each feature. `weights` (T,), 0 in
    the padding. `coefficients` (F, K) give the scores. `scratch` (K + 2, T).
    """
    n_components = coefficients.shape[1]
    scores = scratch[:n_components]
    score(coefficients, 0, n_components, pairs, base, scores)
    share_out(scores, weights, scratch[n_components:], log_likelihoods)
    add_sums(scores, 0, n_components, base, pairs, sums)


@njit(nogil=True, cache=True, error_model="numpy")
def fill_weights(given: Any, start: int, n: int, weights: Any) -> None:
    """The weights (T,) of the rows from `start` on of n, 0 in the padding; a single one `given` holds for all rows."""
    alike = len(given) == 1
    for i in range(len(weights)):
        row = start + i
        weights[i] = 0.0 if row >= n else given[0] if alike else given[row]


@njit(nogil=True, cache=True, error_model="numpy")
def add_columns(
    x: Any, given: Any, origin: Any, factor: Any, coefficients: Any, pairs: Any, base: Any, scratch: Any, sums: Any,
    log_likelihoods: Any,
) -> None:  # fmt: skip
    """`add_tile` over all rows of x (n, d), whose base rows are those of `fill_columns`. `scratch` (K + 3, T)."""
    weights, rest = scratch[0], scratch[1:]
    for start in range(0, len(x), base.shape[1]):
        fill_columns(x, start, origin, factor, base)
        fill_weights(given, start, len(x), weights)
        add_tile(base, pairs, weights, coefficients, rest, sums, log_likelihoods)
