"""How concentrated unit vectors in d dimensions are: log-densities and mean lengths, in any dimension and concentration."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, ive, logsumexp

from emkit.core.arrays import Array

LEAST = 1e-280  # of a scaled Bessel function: smaller ones have lost digits
FAR = 30.0  # times the square of the dimension: concentrations from which three terms are exact to rounding
STEPS = 50  # of Newton's method; five are the rule
SETTLED = 1e-14


def log_bessel(order: float, k: Array) -> Array:
    """log(I_order(k) k^-order), of concentrations k >= 0 (K,): even at 0, and where I itself underflows.

    Source: Abramowitz & Stegun (1964), 9.6.10, for the series.
    """
    with np.errstate(divide="ignore"):
        scaled = ive(order, k)
        plain = np.log(scaled) + k - order * np.log(k)
    by_series = ~((scaled > LEAST) & (k > 0) & np.isfinite(scaled))
    return np.array(
        [_series(order, each) if series else found for each, series, found in zip(k, by_series, plain, strict=True)]
    )


def _series(order: float, k: float) -> float:
    first = -order * np.log(2) - gammaln(order + 1)
    if k == 0:
        return float(first)
    peak = (np.sqrt(order**2 + k**2) - order) / 2  # the number of the largest term
    m = np.arange(int(peak + 12 * np.sqrt(peak + 1) + 40))
    terms = 2 * m * np.log(k / 2) - gammaln(m + 1) - (gammaln(order + m + 1) - gammaln(order + 1))
    return float(first + logsumexp(terms))


def mean_length(d: int, k: Array) -> tuple[Array, Array]:
    """I_(d/2)(k) / I_(d/2-1)(k), the length of the mean of unit vectors; and 1 less it, with its own digits.

    Source: Mardia & Jupp (2000), Directional Statistics, 10.3 and appendix 1.
    """
    far = k > FAR * d**2
    high, low = np.where(far, k, 1.0), np.where(far, 1.0, k)
    short = (d - 1) / (2 * high) * (1 - (d - 3) / (4 * high) * (1 + 1 / high))
    ratio = np.exp(log_bessel(d / 2, low) - log_bessel(d / 2 - 1, low)) * low
    return np.where(far, 1 - short, ratio), np.where(far, short, 1 - ratio)


def concentration_of(d: int, length: Array, short: Array) -> Array:
    """The concentration at which the mean length is `length`, and 1 less it `short`; 0 for a length of 0.

    Source of the start: Banerjee et al. (2005), J. Machine Learning Research 6, 1345-1382; then Newton's method.
    """
    r, v = np.clip(length, 0.0, 1.0), np.maximum(short, 1e-300)
    k = r * (d - r**2) / (v * (1 + r))
    for _ in range(STEPS):
        own, less = mean_length(d, k)
        slope = np.where(k > 0, less * (1 + own) - (d - 1) * own / np.where(k > 0, k, 1.0), 1 / d)
        slope = np.where(k > FAR * d**2, (d - 1) / (2 * np.where(k > 0, k, 1.0) ** 2), slope)
        step = np.where(k > 0, (less - v) / np.maximum(slope, 1e-300), 0.0)
        moved = np.clip(step, -k / 2, k + 1e-300)
        k = k + moved
        if (np.abs(moved) <= SETTLED * k).all():
            break
    return k
