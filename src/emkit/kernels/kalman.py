"""Forward and backward through one series of a linear Gaussian state space, one cell of a row after the other.

Cells that are seen at the same time have errors of their own, so each can be taken by itself, and a missing one is left out.
Nothing is inverted but the variance of a cell, so covariances of states may be singular. Means stand in columns (m, 1 + q):
the first is that of the rows; what the others say depends on the start alone, in q directions of which nothing is known.
Source: Koopman & Durbin (2000), J. Time Ser. Anal. 21, 281-296; for the other columns, de Jong (1991), Annals of Statistics
19, 1073-1083.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def product(a: Any, b: Any, out: Any) -> None:
    """The product (n, p) of two matrices into `out`, (n, k) and (k, p)."""
    for i in range(len(out)):
        for j in range(out.shape[1]):
            total = 0.0
            for k in range(len(b)):
                total += a[i, k] * b[k, j]
            out[i, j] = total


@njit(nogil=True, cache=True, error_model="numpy")
def put(a: Any, factor: float, out: Any) -> None:
    """Put a matrix into `out`, to what was there times `factor`."""
    for i in range(len(a)):
        for j in range(a.shape[1]):
            out[i, j] = factor * out[i, j] + a[i, j] if factor != 0.0 else a[i, j]


@njit(nogil=True, cache=True, error_model="numpy")
def transposed(a: Any) -> Any:
    """The transpose of a matrix, in rows of its own."""
    out = np.empty((a.shape[1], len(a)))
    for i in range(len(a)):
        for j in range(a.shape[1]):
            out[j, i] = a[i, j]
    return out


@njit(nogil=True, cache=True, error_model="numpy")
def filter_series(
    y: Any, transition: Any, shocks: Any, observation: Any, noise: Any, means: Any, spreads: Any, filtered: Any, gains: Any,
    errors: Any, widths: Any, told: Any,
) -> float:  # fmt: skip
    """Predict each row of y (T, d), and learn from it; the log-density of all cells by the first column.

    `means` (T, m, 1 + q) and `spreads` (T, m, m), of which the first are given, become those of the states before each row;
    `filtered` (T, m, m) the covariances after it; of each cell, `gains` (T, d, m), `errors` (T, d, 1 + q) and `widths` (T, d),
    the variance of its error, 0 if it is missing. `told` (1 + q, 1 + q) gathers products of errors over their variances.
    `shocks` (m, m) is the covariance of what is added to the states between rows. NaN if a variance is none.
    """
    rows, d = y.shape
    m, columns = means.shape[1:]
    height = 0.0
    mean, after, spread, half = np.empty((m, columns)), np.empty((m, columns)), np.empty((m, m)), np.empty((m, m))
    turned = transposed(transition)
    put(means[0], 0.0, mean)
    put(spreads[0], 0.0, spread)
    for t in range(rows):
        put(mean, 0.0, means[t])
        put(spread, 0.0, spreads[t])
        for j in range(d):
            widths[t, j] = 0.0
            if np.isnan(y[t, j]):
                continue
            width = noise[j]
            for a in range(m):
                gain = 0.0
                for b in range(m):
                    gain += spread[a, b] * observation[j, b]
                gains[t, j, a] = gain
                width += observation[j, a] * gain
            if not (width > 0.0 and width < np.inf):
                return np.nan
            widths[t, j] = width
            for c in range(columns):
                error = y[t, j] if c == 0 else 0.0
                for a in range(m):
                    error -= observation[j, a] * mean[a, c]
                errors[t, j, c] = error
            for a in range(m):
                for b in range(m):
                    spread[a, b] -= gains[t, j, a] * gains[t, j, b] / width
            for a in range(m):
                gains[t, j, a] /= width
                for c in range(columns):
                    mean[a, c] += gains[t, j, a] * errors[t, j, c]
            for c in range(columns):
                for e in range(columns):
                    told[c, e] += errors[t, j, c] * errors[t, j, e] / width
            height -= 0.5 * (np.log(2 * np.pi * width) + errors[t, j, 0] ** 2 / width)
        put(spread, 0.0, filtered[t])
        product(transition, spread, half)
        product(half, turned, spread)
        product(transition, mean, after)
        put(after, 0.0, mean)
        for a in range(m):
            for b in range(a + 1):
                both = (spread[a, b] + spread[b, a]) / 2 + shocks[a, b]
                spread[a, b] = spread[b, a] = both
    return height


@njit(nogil=True, cache=True, error_model="numpy")
def learn(error: Any, width: float, gain: Any, seen: Any, score: Any, known: Any, turned: Any) -> float:
    """Take one cell into what later cells say of the states: `score` (m, c) and `known` (m, m), its covariance.

    Its own error per variance goes to `error` (c,), of which the variance that is explained is returned. `turned` (m,) is room.
    """
    m, columns = score.shape
    inside = 1.0 / width
    for a in range(m):
        turned[a] = 0.0
        for b in range(m):
            turned[a] += known[a, b] * gain[b]
        inside += gain[a] * turned[a]
    for c in range(columns):
        error[c] /= width
        for a in range(m):
            error[c] -= gain[a] * score[a, c]
        for a in range(m):
            score[a, c] += seen[a] * error[c]
    for a in range(m):
        for b in range(a + 1):
            known[a, b] += inside * seen[a] * seen[b] - seen[a] * turned[b] - turned[a] * seen[b]
            known[b, a] = known[a, b]
    return inside


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_series(
    transition: Any, pushed: Any, moved: Any, observation: Any, noise: Any, means: Any, spreads: Any, filtered: Any, gains: Any,
    errors: Any, widths: Any, weight: float, before: Any, cross: Any, shocks: Any, whole: Any, gram: Any, along: Any, left: Any,
) -> None:  # fmt: skip
    """Go back through a series that was filtered, and add up what an M-step asks for.

    The columns of `means` and `errors` behind the first now have the covariance I. `pushed` (r, m) is the covariance of the r
    shocks times how they move the states, `moved` (r, r) that covariance. Of the states x (m,), the shocks u (r,) that are
    added to them and the errors e of cells, given all rows, times `weight`: `before` (m, m) sums E x x' before the last row,
    `cross` (r, m) E u x' and `shocks` (r, r) E u u' beside it; `whole` (m, m) E x x' of rows without gaps, `gram` (d, m, m) the
    same of rows with some, for each cell that is seen; `along` (d, m) E e x' and `left` (d,) E e^2. Afterwards `means` and
    `spreads` are those given all rows; to the covariances the columns of means have still to be added.
    """
    rows, m, columns = means.shape
    d, r = len(noise), len(moved)
    score, later, known, half = np.zeros((m, columns)), np.empty((m, columns)), np.zeros((m, m)), np.empty((m, m))
    mean, square, turned = np.empty((m, columns)), np.empty((m, m)), transposed(transition)
    shock, push, cut, room = np.empty((r, columns)), np.empty((r, m)), np.empty((r, m)), np.empty(m)
    for t in range(rows - 1, -1, -1):
        if t < rows - 1:
            product(pushed, score, shock)
            product(pushed, known, push)
            for i in range(r):
                for k in range(r):
                    total = moved[i, k]
                    for c in range(columns):
                        total += shock[i, c] * shock[k, c]
                    for a in range(m):
                        total -= push[i, a] * pushed[k, a]
                    shocks[i, k] += weight * total
            product(push, transition, cut)
            product(cut, filtered[t], push)
            product(turned, score, later)
            put(later, 0.0, score)
            product(turned, known, half)
            product(half, transition, known)
        seen = 0
        for j in range(d - 1, -1, -1):
            if widths[t, j] > 0.0:
                seen += 1
                inside = learn(errors[t, j], widths[t, j], gains[t, j], observation[j], score, known, room)
                total = noise[j] - noise[j] * noise[j] * inside
                for c in range(columns):
                    total += (noise[j] * errors[t, j, c]) ** 2
                left[j] += weight * total
        product(spreads[t], score, mean)
        product(spreads[t], known, half)
        product(half, spreads[t], square)
        for a in range(m):
            for c in range(columns):
                means[t, a, c] += mean[a, c]
            for b in range(m):
                spreads[t, a, b] -= (square[a, b] + square[b, a]) / 2
        for a in range(m):
            for b in range(m):
                total = spreads[t, a, b]
                for c in range(columns):
                    total += means[t, a, c] * means[t, b, c]
                square[a, b] = weight * total
        if t < rows - 1:
            put(square, 1.0, before)
            for i in range(r):
                for a in range(m):
                    total = -push[i, a]
                    for c in range(columns):
                        total += shock[i, c] * means[t, a, c]
                    cross[i, a] += weight * total
        if seen == d:
            put(square, 1.0, whole)
        for j in range(d):
            if widths[t, j] > 0.0 and noise[j] > 0.0:
                for a in range(m):
                    total = 0.0
                    for b in range(m):
                        total -= observation[j, b] * spreads[t, b, a]
                    for c in range(columns):
                        total += noise[j] * errors[t, j, c] * means[t, a, c]
                    along[j, a] += weight * total
            if widths[t, j] > 0.0 and seen < d:
                put(square, 1.0, gram[j])
