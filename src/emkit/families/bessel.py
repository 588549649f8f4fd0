"""How concentrated unit vectors in d dimensions are: log-densities and mean lengths, in any dimension and concentration."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array

LARGE = 1000.0  # order and argument together: from here on, four terms of Debye's series are exact to rounding
LEAST = 1e-280  # of a scaled Bessel function: smaller ones have lost digits
ORDERS = 100  # that the ratio is taken down from: each step halves its error, or it is exact to start with
STEPS = 50  # of Newton's method; five are the rule
SETTLED = 1e-14


def log_bessel(order: float, k: Array) -> Array:
    """log(I_order(k) k^-order), of concentrations k >= 0 (K,): even at 0, and where I itself under- or overflows.

    Source: Abramowitz & Stegun (1964), 9.6.10 for the series, 9.7.7 for large arguments or orders.
    """
    return np.array([_log_bessel(order, float(each)) for each in k])


def _log_bessel(order: float, k: float) -> float:
    w = float(np.hypot(order, k))
    if w > LARGE:
        t = (order / w) ** 2
        first = (3 - 5 * t) / 24
        second = (81 - 462 * t + 385 * t**2) / 1152
        third = (30375 - 369603 * t + 765765 * t**2 - 425425 * t**3) / 414720
        rest = float(np.log1p(first / w + second / w**2 + third / w**3))
        return float(w - order * np.log(order + w) - np.log(2 * np.pi * w) / 2 + rest)
    scaled = float(scipy.special.ive(order, k))
    if k > 0 and scaled > LEAST:
        return float(np.log(scaled) + k - order * np.log(k))
    first = -order * np.log(2) - scipy.special.gammaln(order + 1)
    if k == 0:
        return float(first)
    m = np.arange(int((w - order) / 2 + 12 * np.sqrt(w) + 40))  # the largest term is number (w - order) / 2
    rising = scipy.special.gammaln(order + m + 1) - scipy.special.gammaln(order + 1)
    terms = 2 * m * np.log(k / 2) - scipy.special.gammaln(m + 1) - rising
    return float(first + scipy.special.logsumexp(terms))


def mean_length(d: int, k: Array) -> tuple[Array, Array]:
    """I_(d/2)(k) / I_(d/2-1)(k), the length of the mean of unit vectors; and 1 less it, with its own digits.

    From the same in more dimensions, where the differential equation of the ratio gives it, down by the recurrence.
    Source: Abramowitz & Stegun (1964), 9.6.26; Mardia & Jupp (2000), Directional Statistics, appendix 1.
    """
    safe = np.where(k > 0, k, 1.0)
    p = (d + 2 * ORDERS - 1) / (2 * safe)
    root = np.sqrt(p**2 + 1)
    slope = p / safe * (1 - p / root)  # of the root of a^2 + 2 p a - 1, where the slope of the ratio is left out
    bent = np.sqrt(p**2 + 1 - slope)
    bend = (p**2 / root**3 - 2 * p * (1 - p / root)) / safe**2
    slope = p / safe - (2 * p**2 / safe + bend) / (2 * bent)  # of the root where it is not
    bent = np.sqrt(p**2 + 1 - slope)
    short, length = (2 * p + slope) / (1 + p + bent), (1 - slope) / (p + bent)
    for order in range(d + 2 * ORDERS - 2, d - 1, -2):  # twice the order of the ratio, and two more
        short = (order / safe - short) / (order / safe + 1 - short)
        length = 1 / (order / safe + length)
    return np.where(k > 0, length, 0.0), np.where(k > 0, short, 1.0)


def concentration_of(d: int, length: Array, short: Array) -> Array:
    """The concentration at which the mean length is `length`, and 1 less it `short`; 0 for a length of 0.

    Source of the start: Banerjee et al. (2005), J. Machine Learning Research 6, 1345-1382; then Newton's method.
    """
    k = length * (d - length**2) / (short * (1 + length))
    for _ in range(STEPS):
        own, less = mean_length(d, k)
        safe = np.where(k > 0, k, 1.0)
        slope = np.maximum(less * (1 + own) - (d - 1) * own / safe, (d - 1) * 1e-3 / (safe + d) ** 2)
        off = np.where(length < 0.5, length - own, less - short)
        moved = np.where(k > 0, np.clip(off / slope, -k / 2, k), 0.0)
        k = k + moved
        if (np.abs(moved) <= SETTLED * k).all():
            break
    return k
