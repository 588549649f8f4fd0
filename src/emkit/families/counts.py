"""Densities of counts, small or large, without loss of digits.

The logarithm of a Poisson or binomial probability is a small difference of large numbers: at a mean of 1e9, terms of 1e10
leave about -11. Here it is put together from two parts that are themselves of its size: the log-probability of the count if
it were its own mean, and the deviance, which is 0 where count and mean agree.
Source: Loader (2000), Fast and accurate computation of binomial probabilities.
"""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array
from emkit.families.gamma_shape import log_less_gammaln

SMALL = 1e3  # means up to here lose no more than four digits to cancellation, and are looked at in the plain way
FAR = 1e4  # a deviance up to here costs a linear form no more than four digits
NEAR = 0.1
TERMS = 1 / np.arange(3.0, 19.0, 2)  # of the series of artanh, exact to rounding up to NEAR
LARGEST = 1e300  # finite, as the logarithm of an impossible count is everywhere


def log_peak(x: Array) -> Array:
    """The function x log x - x - log x!: the log-probability of a Poisson count that is its own mean; 0 at 0."""
    positive = np.where(x > 0, x, 1.0)
    return np.where(x > 0, log_less_gammaln(positive) - np.log(positive), 0.0)


def deviance(x: Array, mean: Array) -> Array:
    """Half the deviance of counts from their means, x log(x / mean) - (x - mean) >= 0; at most 1e300, for a mean of 0.

    With v = (x - mean) / (x + mean) it is (x - mean) v + 2 x (artanh v - v), without cancellation where v is small.
    """
    gap = x - mean
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        v = np.nan_to_num(gap / (x + mean))
        square = v * v
        series = np.zeros_like(v)
        for term in TERMS[::-1]:
            series = (series + term) * square
        far = np.where(x > 0, x * np.log(x / mean), 0.0) - gap
        return np.where(np.abs(v) < NEAR, v * (gap + 2 * x * series), np.minimum(far, LARGEST))
