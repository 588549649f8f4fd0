"""Forward through one series of a linear Gaussian state space, one cell of a row after the other.

Cells that are seen at the same time have errors of their own, so each can be taken by itself, and a missing one is left out.
Nothing is inverted but the variance of a cell, so covariances of states may be singular. Means stand in columns (m, 1 + q):
the first is that of the rows; the others say what a start, in directions of which nothing is known, or a coefficient adds.

Covariances do not depend on the values of cells, only on which are seen, and soon they no longer change from row to row. From
there on, those of a row that sees the same cells as the row before are those of that row, and not worked out again.
Source: Koopman & Durbin (2000), J. Time Ser. Anal. 21, 281-296; for the other columns, de Jong (1991), Annals of Statistics
19, 1073-1083.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.small_matrices import close, product, put, transposed


@njit(nogil=True, cache=True, error_model="numpy")
def narrow(spread: Any, seen: Any, noise: float, gain: Any) -> float:
    """Take a cell into the covariance (m, m) of the states; its `gain` (m,), and the variance of its error, else NaN."""
    m = len(spread)
    width = noise
    for a in range(m):
        gain[a] = 0.0
        for b in range(m):
            gain[a] += spread[a, b] * seen[b]
        width += seen[a] * gain[a]
    if not (width > 0.0 and width < np.inf):
        return np.nan
    for a in range(m):
        for b in range(m):
            spread[a, b] -= gain[a] * gain[b] / width
    for a in range(m):
        gain[a] /= width
    return width


@njit(nogil=True, cache=True, error_model="numpy")
def as_before(y: Any, widths: Any) -> bool:
    """Whether a row y (d, 1 + q) has the cells that were seen in the row before, of which `widths` (d,) are not 0."""
    same = True
    for j in range(len(y)):
        same &= np.isnan(y[j, 0]) == (widths[j] == 0.0)
    return same


@njit(nogil=True, cache=True, error_model="numpy")
def filter_series(
    y: Any, added: Any, transition: Any, shocks: Any, observation: Any, noise: Any, means: Any, spreads: Any, filtered: Any,
    gains: Any, errors: Any, widths: Any, told: Any, steady: Any,
) -> float:  # fmt: skip
    """Predict each row of y (T, d, 1 + q), and learn from it; the log-density of all cells by the first column.

    `added` (T, m, 1 + q) moves states on beside the transition, if there are such rows. `means` (T, m, 1 + q) and `spreads`
    (T, m, m), of which the first are given, become those of the states before each row; `filtered` (T, m, m) the covariances
    after it; of each cell, `gains` (T, d, m), `errors` (T, d, 1 + q) and `widths` (T, d), the variance of its error, 0 if it is
    missing. `told` (1 + q, 1 + q) gathers products of errors over their variances;
    `steady` (T,) says whose covariances are those of the row before. `shocks` (m, m) is the covariance of what is added to the
    states between rows. NaN if a variance is none.
    """
    rows, d, columns = y.shape
    m = means.shape[1]
    height, still = 0.0, False
    mean, after, spread, half = np.empty((m, columns)), np.empty((m, columns)), np.empty((m, m)), np.empty((m, m))
    turned = transposed(transition)
    put(means[0], 0.0, mean)
    put(spreads[0], 0.0, spread)
    for t in range(rows):
        put(mean, 0.0, means[t])
        put(spread, 0.0, spreads[t])
        steady[t] = still and as_before(y[t], widths[t - 1])
        if steady[t]:
            put(gains[t - 1], 0.0, gains[t])
        for j in range(d):
            widths[t, j] = 0.0
            if np.isnan(y[t, j, 0]):
                continue
            width = widths[t - 1, j] if steady[t] else narrow(spread, observation[j], noise[j], gains[t, j])
            if np.isnan(width):
                return np.nan
            widths[t, j] = width
            for c in range(columns):
                error = y[t, j, c]
                for a in range(m):
                    error -= observation[j, a] * mean[a, c]
                errors[t, j, c] = error
            for a in range(m):
                for c in range(columns):
                    mean[a, c] += gains[t, j, a] * errors[t, j, c]
            for c in range(columns):
                for e in range(columns):
                    told[c, e] += errors[t, j, c] * errors[t, j, e] / width
            height -= 0.5 * (np.log(2 * np.pi * width) + errors[t, j, 0] ** 2 / width)
        product(transition, mean, after)
        put(after, 0.0, mean)
        if len(added):
            put(added[t], 1.0, mean)
        if steady[t]:
            put(filtered[t - 1], 0.0, filtered[t])
            continue
        put(spread, 0.0, filtered[t])
        product(transition, spread, half)
        product(half, turned, spread)
        for a in range(m):
            for b in range(a + 1):
                both = (spread[a, b] + spread[b, a]) / 2 + shocks[a, b]
                spread[a, b] = spread[b, a] = both
        still = close(spread, spreads[t])
    return height
