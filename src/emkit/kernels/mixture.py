"""The E-step of a mixture on tiles of rows: matrix product, softmax, matrix product.

Tiles are laid out (features, rows), so that every inner loop runs along the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.elementary import exp_of_nonpositive, log_of_normal


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def softmax(scores: Any, weights: Any, peak: Any, total: Any) -> None:
    """Turn `scores` (K, T) into weighted shares, in place; `peak` (T,) becomes the log of the sum of exp(scores).

    `weights` (T,) multiply the shares of each row; `total` (T,) is scratch.
    """
    n_components, rows = scores.shape
    for i in range(rows):
        peak[i] = scores[0, i]
    for k in range(1, n_components):
        for i in range(rows):
            peak[i] = max(peak[i], scores[k, i])
    for i in range(rows):
        total[i] = 0.0
    for k in range(n_components):
        for i in range(rows):
            share = exp_of_nonpositive(scores[k, i] - peak[i])
            scores[k, i] = share
            total[i] += share
    for i in range(rows):
        peak[i] += log_of_normal(total[i])
        total[i] = weights[i] / total[i]
    for k in range(n_components):
        for i in range(rows):
            scores[k, i] *= total[i]


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def accumulate(features: Any, weights: Any, coefficients: Any, sums: Any) -> float:
    """Add the weighted feature sums of every component to `sums` (K, F); return the summed log of sum_k exp(score).

    `features` (B, F, T): B tiles of T rows. `weights` (B, T), 0 in the padding. `coefficients` (K, F) give the scores.
    """
    n_components, n_features = coefficients.shape
    n_tiles, _, rows = features.shape
    scores = np.empty((n_components, rows))
    tile_sums = np.empty((n_components, n_features))
    peak = np.empty(rows)
    total = np.empty(rows)
    log_likelihood = 0.0
    for b in range(n_tiles):
        np.dot(coefficients, features[b], scores)
        softmax(scores, weights[b], peak, total)
        np.dot(scores, features[b].T, tile_sums)
        sums += tile_sums
        log_likelihood += np.dot(weights[b], peak)
    return log_likelihood
