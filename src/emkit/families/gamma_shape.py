"""The two functions of a shape that the gamma family is made of, and the inverse of one, without loss of digits.

For large shapes both are small differences of large numbers; there, their asymptotic series is used instead.
"""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array

HALF_THE_DIGITS = 1e-9  # a Newton step this short is right to rounding
LARGE = 8.0  # from here on, ten terms of the series are exact to rounding
ORDERS = np.arange(1, 11)
BERNOULLI = np.array([1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330])
DIGAMMA_TERMS = BERNOULLI / (2 * ORDERS)
STIRLING_TERMS = BERNOULLI / (2 * ORDERS * (2 * ORDERS - 1))


def _series(shape: Array, terms: Array) -> Array:
    """sum_m terms_m / shape^(2m)."""
    inverse_square = shape**-2.0
    total = np.zeros_like(shape)
    for term in terms[::-1]:
        total = (total + term) * inverse_square
    return total


def _where_large(shape: Array, large: Array, small: Array) -> Array:
    return np.where(shape >= LARGE, large, small)


def log_less_digamma(shape: Array) -> Array:
    """The function log(shape) - digamma(shape): positive, falling, about 1 / shape for small shapes, half of it for large.

    Source: Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 6.3.18.
    """
    high, low = np.maximum(shape, LARGE), np.minimum(shape, LARGE)
    return _where_large(shape, 0.5 / high + _series(high, DIGAMMA_TERMS), np.log(low) - scipy.special.digamma(low))


def log_less_gammaln(shape: Array) -> Array:
    """The function shape log(shape) - shape - log Gamma(shape): about log(shape / 2 pi) / 2 for large shapes.

    Source: Stirling's series; Abramowitz & Stegun (1964), 6.1.40.
    """
    high, low = np.maximum(shape, LARGE), np.minimum(shape, LARGE)
    stirling = 0.5 * np.log(high / (2 * np.pi)) - high * _series(high, STIRLING_TERMS)
    return _where_large(shape, stirling, low * np.log(low) - low - scipy.special.gammaln(low))


def slope_of_log_less_digamma(shape: Array) -> Array:
    """The derivative of `log_less_digamma`."""
    high, low = np.maximum(shape, LARGE), np.minimum(shape, LARGE)
    tail = _series(high, -2 * ORDERS * DIGAMMA_TERMS)
    return _where_large(shape, (-0.5 / high + tail) / high, 1 / low - scipy.special.polygamma(1, low))


def shape_of(spread: Array) -> Array:
    """The shape at which log(shape) - digamma(shape) = spread > 0.

    Newton's method on log-log scales, where the curve is nearly a straight line of slope -1: from a start within 2 % two or
    three steps reach rounding, since each doubles the digits.
    Source of the start: Minka (2002), Estimating a Gamma distribution.
    """
    root, wide = np.hypot(spread - 3, np.sqrt(24 * spread)), spread > 3
    shape = np.where(wide, 2 / np.where(wide, root + spread - 3, 1.0), (3 - spread + root) / (12 * spread))
    for _ in range(5):
        value = log_less_digamma(shape)
        step = np.log(value / spread) * value / (shape * slope_of_log_less_digamma(shape))
        shape = shape * np.exp(-step)
        if (np.abs(step) < HALF_THE_DIGITS).all():
            break
    return shape
