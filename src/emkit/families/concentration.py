"""How concentrated angles are: the mean of 1 - cos(angle - direction) as a function of the concentration, and its inverse.

For large concentrations that is a small difference of large numbers; there, asymptotic series are used instead.
"""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array

LARGE = 40.0  # from here on, the terms of the series are exact to rounding
NARROW = 1e6  # from here on, the slope is that of the first term to six digits, which is enough for Newton's method
STEPS = 20  # four are the rule
HALF_THE_DIGITS = 1e-9  # a Newton step this short is right to rounding


def _terms(order: int, number: int = 18) -> Array:
    """The coefficients of 1 / k^j in the asymptotic series of sqrt(2 pi k) exp(-k) I_order(k)."""
    j = np.arange(1, number)
    return np.concatenate([[1.0], np.cumprod(-(4 * order**2 - (2 * j - 1) ** 2) / (8.0 * j))])


OF_ZERO = _terms(0)
LESS_ONE = (OF_ZERO - _terms(1))[1:]  # that of the difference of both begins with 1 / (2 k)


def circular_spread(concentration: Array) -> Array:
    """1 - I_1(k) / I_0(k): 1 for angles from everywhere, about 1 / (2 k) for large concentrations k.

    Source: Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 9.7.1.
    """
    high, low = np.maximum(concentration, LARGE), np.minimum(concentration, LARGE)
    inverse = 1 / high
    series = inverse * np.polyval(LESS_ONE[::-1], inverse) / np.polyval(OF_ZERO[::-1], inverse)
    return np.where(concentration >= LARGE, series, 1 - scipy.special.i1e(low) / scipy.special.i0e(low))


def concentration_of(spread: Array) -> Array:
    """The concentration at which `circular_spread` is `spread`, from 0 to 1; 0 where it is 1 or more.

    Newton's method, in steps that change no concentration by more than a factor of e.
    Source of the start: Best & Fisher (1981), Comm. Statist. B 10, 493-502.
    """
    v = np.clip(spread, 1e-300, 1 - 1e-16)
    r = 1 - v
    near = np.where(r < 0.53, 2 * r + r**3 + 5 * r**5 / 6, -0.4 + 1.39 * r + 0.43 / v)
    k = np.where(r < 0.85, near, 1 / (v * r * (2 + v)))
    for _ in range(STEPS):
        own = circular_spread(k)
        exact = 2 * own - own**2 - (1 - own) / k
        slope = np.where(k > NARROW, 0.5 / k**2, np.maximum(exact, 1e-300))
        step = np.clip((own - v) / (slope * k), -1, 1)
        k = k * np.exp(step)
        if (np.abs(step) < HALF_THE_DIGITS).all():
            break
    return np.where(spread >= 1, 0.0, k)
