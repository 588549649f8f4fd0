"""Back through one series of a linear Gaussian state space that was filtered, one cell of a row after the other.

What later cells say of the states is a score, whose covariance no longer changes from row to row either, soon after the last
one: where the filter found its own steady, too, nothing is worked out but means.
Source: Koopman & Durbin (2000), J. Time Ser. Anal. 21, 281-296; for the other columns, de Jong (1991), Annals of Statistics
19, 1073-1083.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.small_matrices import close, product, put, transposed


@njit(nogil=True, cache=True, error_model="numpy")
def learn(error: Any, width: float, gain: Any, seen: Any, score: Any) -> None:
    """Take a cell into the `score` (m, c), what later cells say of the states; its error per variance goes to `error` (c,)."""
    m, columns = score.shape
    for c in range(columns):
        error[c] /= width
        for a in range(m):
            error[c] -= gain[a] * score[a, c]
        for a in range(m):
            score[a, c] += seen[a] * error[c]


@njit(nogil=True, cache=True, error_model="numpy")
def widen(width: float, gain: Any, seen: Any, known: Any, turned: Any) -> float:
    """Take one cell into the covariance `known` (m, m) of the score; the variance of its error per variance.

    `turned` (m,) is room.
    """
    m = len(known)
    inside = 1.0 / width
    for a in range(m):
        turned[a] = 0.0
        for b in range(m):
            turned[a] += known[a, b] * gain[b]
        inside += gain[a] * turned[a]
    for a in range(m):
        for b in range(a + 1):
            known[a, b] += inside * seen[a] * seen[b] - seen[a] * turned[b] - turned[a] * seen[b]
            known[b, a] = known[a, b]
    return inside


@njit(nogil=True, cache=True, error_model="numpy")
def lead_back(j: int, gain: Any, seen: Any, inside: float, turned: Any, back: Any) -> None:
    """Take cell j into `back` (d, m), which times the covariance before its row is that of states with errors per variance.

    `inside` and `turned` are what `widen` found of it. So E e x' over the variance of e is known where that is 0, too.
    """
    m = len(gain)
    for k in range(j + 1, len(back)):
        total = 0.0
        for a in range(m):
            total += gain[a] * back[k, a]
        for a in range(m):
            back[k, a] -= total * seen[a]
    for a in range(m):
        back[j, a] = inside * seen[a] - turned[a]


@njit(nogil=True, cache=True, error_model="numpy")
def beside(one: Any, other: Any, own: int, weight: float, out: Any) -> None:
    """Add products of columns of two tables (m, c) and (n, c), times `weight`, to `out` (k, k, m, n).

    The columns are the first, and those behind the first `own`; all pairs of these but that of the first with itself.
    """
    for c in range(len(out)):
        for e in range(len(out)):
            if c + e == 0:
                continue
            left, right = own + c - 1 if c else 0, own + e - 1 if e else 0
            for a in range(len(one)):
                for b in range(len(other)):
                    out[c, e, a, b] += weight * one[a, left] * other[b, right]


@njit(nogil=True, cache=True, error_model="numpy")
def smooth_series(
    transition: Any, picked: Any, moved: Any, observation: Any, noise: Any, means: Any, spreads: Any, filtered: Any, gains: Any,
    errors: Any, widths: Any, steady: Any, own: int, weight: float, all_before: Any, all_cross: Any, all_shocks: Any,
    all_whole: Any, all_gram: Any, all_along: Any, all_left: Any, precision: Any, firmness: Any,
) -> None:  # fmt: skip
    """Go back through a series that was filtered, and add up what an M-step asks for.

    Of the first `own` columns of `means` and `errors`, those behind the first now have the covariance I; those behind these are
    what coefficients add to the first. `picked` (r, m) is how r shocks move the states, `moved` (r, r) their covariance. Of the
    states x (m,), the shocks u (r,) that are added to them and the errors e of cells, given all rows, times `weight`: `before`
    (m, m) sums E x x' before the last row, and beside it `cross` (r, m) E u x', but for the factor `moved`, `shocks` (r, r)
    E u u', and `firmness` (r,) what rows tell of each shock; `whole` (m, m) E x x' of rows without gaps, `gram` (d, m, m) the
    same of rows with some, for each cell that is seen; `along` (d, m) E e x' over the variance of e, `left` (d,) E e^2, and
    `precision` (d,) 1 over the variance of each cell given all others. All of these (`all_before` ...) but the counts have axes
    (k, k) in front, or behind the first where that is of columns of rows, for products of the first with itself and with what
    is added to it.
    Afterwards `means` and `spreads` are those given all rows; to the covariances the columns of means have still to be added.
    """
    rows, m, columns = means.shape
    d, r = len(noise), len(moved)
    score, later, known, half = np.zeros((m, columns)), np.empty((m, columns)), np.zeros((m, m)), np.empty((m, m))
    mean, square, turned = np.empty((m, columns)), np.empty((m, m)), transposed(transition)
    pull, shock, push = np.empty((r, columns)), np.empty((r, columns)), np.empty((r, m))
    cut, room, pinned, turn = np.empty((r, m)), np.empty(m), np.empty((r, r)), np.empty((r, r))
    last, rest, after, inside, tilted = np.empty((m, m)), np.empty((r, r)), np.empty((m, m)), np.zeros(d), np.empty((d, m))
    before, cross, shocks, whole = all_before[0, 0], all_cross[0, 0], all_shocks[0, 0], all_whole[0, 0]
    gram, along, left = all_gram[:, 0, 0], all_along[:, 0, 0, 0], all_left[:, 0, 0, 0, 0]
    some, error = columns > own, np.empty((1, columns))
    still, exact, back, beside_cells = False, (noise == 0.0).any(), np.zeros((d, m)), np.zeros((d, m))
    for t in range(rows - 1, -1, -1):
        same = still and steady[t + 1]  # all covariances of this row are those of the row behind it, which are at hand
        if t < rows - 1:
            product(picked, score, pull)
            product(moved, pull, shock)
            product(turned, score, later)
            put(later, 0.0, score)
            if not same:
                put(known, 0.0, last)
                product(picked, known, push)
                for i in range(r):
                    for k in range(r):
                        pinned[i, k] = 0.0
                        for a in range(m):
                            pinned[i, k] += push[i, a] * picked[k, a]
                product(moved, pinned, turn)
                product(turn, moved, rest)
                for i in range(r):
                    for k in range(r):
                        rest[i, k] = moved[i, k] - rest[i, k]
                product(push, transition, cut)
                product(cut, filtered[t], push)
                product(turned, known, half)
                product(half, transition, known)
            for i in range(r):
                for k in range(r):
                    total = rest[i, k]
                    for c in range(own):
                        total += shock[i, c] * shock[k, c]
                    shocks[i, k] += weight * total
                firmness[i] += weight * pinned[i, i]
            if some:
                beside(shock, shock, own, weight, all_shocks)
        seen = 0
        for j in range(d - 1, -1, -1):
            if widths[t, j] > 0.0:
                seen += 1
                learn(errors[t, j], widths[t, j], gains[t, j], observation[j], score)
                if not same:
                    inside[j] = widen(widths[t, j], gains[t, j], observation[j], known, room)
                    if exact:
                        lead_back(j, gains[t, j], observation[j], inside[j], room, back)
                precision[j] += weight * inside[j]
                total = noise[j] - noise[j] * noise[j] * inside[j]
                for c in range(own):
                    total += (noise[j] * errors[t, j, c]) ** 2
                left[j] += weight * total
        product(spreads[t], score, mean)
        if not same:
            still = t < rows - 1 and close(known, last)
            product(spreads[t], known, half)
            product(half, spreads[t], square)
            for a in range(m):
                for b in range(m):
                    after[a, b] = spreads[t, a, b] - (square[a, b] + square[b, a]) / 2
            product(observation, after, tilted)
            if exact:
                product(back, spreads[t], beside_cells)
        put(after, 0.0, spreads[t])
        for a in range(m):
            for c in range(columns):
                means[t, a, c] += mean[a, c]
        for a in range(m):
            for b in range(m):
                total = after[a, b]
                for c in range(own):
                    total += means[t, a, c] * means[t, b, c]
                square[a, b] = weight * total
        if some and t < rows - 1:
            beside(means[t], means[t], own, weight, all_before)
            beside(pull, means[t], own, weight, all_cross)
        if some and seen == d:
            beside(means[t], means[t], own, weight, all_whole)
        if t < rows - 1:
            put(square, 1.0, before)
            for i in range(r):
                for a in range(m):
                    total = -push[i, a]
                    for c in range(own):
                        total += pull[i, c] * means[t, a, c]
                    cross[i, a] += weight * total
        if seen == d:
            put(square, 1.0, whole)
        for j in range(d):
            if widths[t, j] > 0.0:
                for a in range(m):
                    total = -tilted[j, a] / noise[j] if noise[j] > 0.0 else -beside_cells[j, a]
                    for c in range(own):
                        total += errors[t, j, c] * means[t, a, c]
                    along[j, a] += weight * total
            if widths[t, j] > 0.0 and seen < d:
                put(square, 1.0, gram[j])
            if some and widths[t, j] > 0.0:
                for c in range(columns):
                    error[0, c] = noise[j] * errors[t, j, c]
                beside(error, error, own, weight, all_left[j])
                for c in range(columns):
                    error[0, c] = errors[t, j, c]
                beside(error, means[t], own, weight, all_along[j])
                if seen < d:
                    beside(means[t], means[t], own, weight, all_gram[j])
