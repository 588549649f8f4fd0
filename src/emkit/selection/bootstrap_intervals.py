"""Intervals from replicates."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array


def percentile(replicates: Array, level: float) -> Array:
    """The quantiles (q, 2) between which the share `level` of the replicates (B, q) lies, as much above as below."""
    tail = (1 - level) / 2
    return np.quantile(replicates, [tail, 1 - tail], axis=0, method="weibull").T


def bca(replicates: Array, estimates: Array, acceleration: Array, level: float) -> Array:
    """Bias-corrected and accelerated intervals (q, 2), from replicates (B, q), `estimates` (q,) and `acceleration` (q,).

    NaN where all replicates lie on one side of the estimate. Source: Efron (1987), J. Amer. Statist. Assoc. 82, 171-185.
    """
    bias = scipy.special.ndtri((replicates < estimates).mean(axis=0) + (replicates == estimates).mean(axis=0) / 2)
    tail = (1 - level) / 2
    found = np.full((len(estimates), 2), np.nan)
    for side, z in enumerate(scipy.special.ndtri([tail, 1 - tail])):
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = scipy.special.ndtr(bias + (bias + z) / (1 - acceleration * (bias + z)))
        for j in np.flatnonzero(np.isfinite(bias) & np.isfinite(shares)):
            found[j, side] = np.quantile(replicates[:, j], shares[j], method="weibull")
    return found


def acceleration_from(left_out: Array, estimates: Array, counts: Array) -> Array:
    """The acceleration (q,) from estimates with some rows left out (G, q), each standing for so many `counts` (G,).

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 14.3.
    """
    away = estimates - left_out
    away = away - counts @ away / counts.sum()
    squares, cubes = counts @ away**2, counts @ away**3
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(squares > 0, cubes / (6 * squares**1.5), 0.0)
