"""The E-step of regressions on tiles of rows: linear predictors, and sums of the slopes and curvatures of a law along them.

Between `predict` and `weigh` the law turns predictors into scores: see `regression_laws`. Tiles are laid out (K, T) or (P, T),
so that every inner loop runs along the T rows of data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from emkit.kernels.columns import fill_runs
from emkit.kernels.mixture_pass import add_sums, score, share_out

NOTHING = 1e-300  # of a row: a component that has no more of it does not have it


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def predict(
    x: Any, start: int, plan: Any, base: Any, framed: Any, lengths: Any, predictors: Any
) -> None:  # fmt: skip
    """Of T rows from `start` on: `predictors` (K, T), framed columns behind a leading 1 (1 + P, T), and their `lengths` (T,).

    `base` (R, T) gets a leading 1 and columns. `plan`: their runs, origin and factor, as `fill_runs` takes them; the matrices
    (R, K) and (R, P) that make predictors and framed columns of them; the `pairs` (R, 2) of base rows that are features.
    """
    runs, origin, factor, level, framing, alone = plan
    fill_runs(x, start, runs, origin, factor, base)
    score(level, 0, level.shape[1], alone, base, predictors)
    columns = framed[1:]
    score(framing, 0, framing.shape[1], alone, base, columns)
    framed[0] = base[0]
    lengths[:] = 0.0
    for p in range(len(columns)):
        for i in range(len(lengths)):
            lengths[i] += columns[p, i] * columns[p, i]
    for i in range(len(lengths)):
        lengths[i] = np.sqrt(lengths[i])


@njit(nogil=True, cache=True, error_model="numpy")
def lift(scores: Any, constants: Any) -> None:
    """Add to the scores (K, T) of each component its constant (K,)."""
    for k in range(len(scores)):
        for i in range(scores.shape[1]):
            scores[k, i] += constants[k]


@njit(nogil=True, cache=True, error_model="numpy")
def share(scores: Any, constants: Any, weights: Any, scratch: Any, log_likelihoods: Any) -> None:
    """Turn `scores` (K, T), less `constants` (K,), into weighted shares: see `mixture_pass.share_out`."""
    lift(scores, constants)
    share_out(scores, weights, scratch, log_likelihoods)


@njit(nogil=True, cache=True, error_model="numpy")
def weigh(
    shares: Any, slopes: Any, curvatures: Any, own: Any, framed: Any, lengths: Any, pairs: Any, mass: Any, gradient: Any,
    curvature: Any, of_law: Any, reach: Any,
) -> None:  # fmt: skip
    """Add what a tile tells, weighted by `shares` (K, T), to the sums.

    `slopes` and `curvatures` (K, T) are spent, as are those that a law adds up besides, `own` (m, K, T). `pairs` are three:
    of the leading 1, of the framed columns, and of their products. Sums: `mass` (K, 1), `gradient` (K, P), `curvature` (K, F),
    `of_law` (m, K, 1); `reach` (K,) becomes the greatest of the `lengths` (T,) of rows that a component has something of.
    """
    number, rows = shares.shape
    one, columns, products = pairs
    add_sums(shares, 0, number, framed, one, mass)
    for k in range(number):
        for i in range(rows):
            slopes[k, i] *= shares[k, i]
            curvatures[k, i] *= shares[k, i]
    add_sums(slopes, 0, number, framed, columns, gradient)
    add_sums(curvatures, 0, number, framed, products, curvature)
    for m in range(len(own)):
        for k in range(number):
            for i in range(rows):
                own[m, k, i] *= shares[k, i]
        add_sums(own[m], 0, number, framed, one, of_law[m])
    for k in range(number):
        greatest = reach[k]
        for i in range(rows):
            if lengths[i] > greatest and shares[k, i] > NOTHING:
                greatest = lengths[i]
        reach[k] = greatest
