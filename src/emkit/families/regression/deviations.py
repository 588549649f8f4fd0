"""How far numbers are from a line, to the last digit: products and sums with the part that rounding takes off them.

Of powers of one covariate, terms of 1e8 may leave a deviation of 1: what is lost of them is then lost of the coefficients.
Source: Ogita, Rump & Oishi (2005), Accurate sum and dot product, SIAM J. Sci. Comput. 26, 1955-1988.
"""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array

HALF = 2.0**27 + 1  # splits a number into two of 26 bits


def deviations(y: Array, columns: Array, coefficients: Array) -> Array:
    """Y - columns @ coefficients, shape (n,), as if in twice the digits, for columns (n, p) and coefficients (p,)."""
    total, rest = y, np.zeros_like(y)
    for column, coefficient in zip(columns.T, coefficients, strict=True):
        product, lost = _product(-column, np.full_like(y, coefficient))
        total, off = _sum(total, product)
        rest = rest + (lost + off)
    return np.asarray(total + rest)


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded product of two arrays, and what it lacks."""
    product = a * b
    (high_a, low_a), (high_b, low_b) = _halves(a), _halves(b)
    return product, ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b


def _sum(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded sum of two arrays, and what it lacks."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _halves(a: Array) -> tuple[Array, Array]:
    high = HALF * a
    high = high - (high - a)
    return high, a - high
