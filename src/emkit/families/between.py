"""What a family knows of a value of which only an interval is known: how probable that is, and its expected statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.expected import Slopes

P = TypeVar("P")
S = TypeVar("S")

NODES, GAUSS = np.polynomial.legendre.leggauss(20)
NARROW, LEVEL = 1.0, 10.0  # intervals of less than a standard deviation, along which a density changes less than exp(10)-fold
LINEAR = 0.05  # below which the series of a mean has all digits with four terms
STEP, REACH = 0.14, 3.22  # of the double-exponential rule: its last nodes are some 1e-38 away from 0 and 1


@dataclass(frozen=True)
class Between(Generic[S]):
    """`log_mass` (n, K): the log-probability of each interval under each component.

    `statistics(weights)` (n, K): those of the family, expected of values known to lie there, weighted and summed.
    `slopes(weights)`: the derivatives of the weighted sum of `log_mass` along the fields, where they cost less than these.
    """

    log_mass: Array
    statistics: Callable[[Array], S]
    slopes: Callable[[Array], Slopes] | None = None

    def slopes_of(self, family: Any, params: Any, weights: Array) -> Slopes:
        """The derivatives of the sum of weights (n, K) * log_mass along the fields of `params`, by Fisher's identity."""
        if self.slopes is not None:
            return self.slopes(weights)
        found: Slopes = family.expected(self.statistics(weights), params, params).slopes
        return found


Told = Callable[
    [P, Array, Array], Between[S]
]  # of parameters, and the ends of (low, high], each (n,), infinite if there are none


def exponential_between(rates: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Log-probability and mean (n, K) of exponential times with these rates (K,) in (low, high], where 0 <= low.

    Source: integrate r exp(-r x) and r x exp(-r x) by parts.
    """
    start, ends = low[:, None], np.isfinite(high)[:, None]
    width = np.where(ends, high[:, None] - start, 1.0)
    u = rates * width
    series = 0.5 - u / 12 + u**3 / 720 - u**5 / 30240
    inside = width * np.where(u < LINEAR, series, 1 / u - np.exp(-u) / -np.expm1(-u))
    log_mass = -rates * start + np.where(ends, np.log(-np.expm1(-u)), 0.0)
    return log_mass, start + np.where(ends, inside, 1 / rates)


def normal_between(low: Array, high: Array, width: Array) -> tuple[Array, Array, Array]:
    """Log-probability, mean and mean square of standard normal values in (low, high], each of the shape of these.

    The `width` is high - low, without the digits that this would lose.

    Narrow intervals are integrated by Gauss's rule, since differences of tails would lose digits; all others are differences of
    the smaller tails. Source: Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions 1, 13.10.
    """
    log_mass, mean, square = _by_tails(low, high)
    narrow = width < np.minimum(NARROW, LEVEL / np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-300))
    if narrow.any():
        log_mass[narrow], mean[narrow], square[narrow] = _by_gauss(low[narrow], width[narrow])
    return log_mass, mean, square


def _by_tails(low: Array, high: Array) -> tuple[Array, Array, Array]:
    flip = low > 0  # so that the smaller tail is the lower one
    near, far = np.where(flip, -low, high), np.where(flip, -high, low)
    whole, rest = scipy.special.log_ndtr(near), scipy.special.log_ndtr(far)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_mass = whole + np.log1p(-np.exp(rest - whole))
        ends = [np.where(np.isfinite(z), np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - log_mass), 0.0) for z in (low, high)]
    finite = [np.where(np.isfinite(z), z, 0.0) for z in (low, high)]
    return log_mass, ends[0] - ends[1], 1 + finite[0] * ends[0] - finite[1] * ends[1]


def _by_gauss(low: Array, width: Array) -> tuple[Array, Array, Array]:
    half, middle = width / 2, low + width / 2
    step = half[:, None] * NODES
    parts = GAUSS * np.exp(-step * (middle[:, None] + step / 2))  # relative to the density in the middle
    total, z = parts.sum(axis=1), middle[:, None] + step
    log_mass = np.log(half * total) - 0.5 * middle**2 - 0.5 * np.log(2 * np.pi)
    return log_mass, (parts * z).sum(axis=1) / total, (parts * z**2).sum(axis=1) / total


def double_exponential() -> tuple[Array, Array, Array]:
    """Nodes p (m,) between 0 and 1, what is left of them to 1, and weights (m,).

    Integrands may be infinite at either end: those that grow as powers of the logarithm of the distance from there are
    integrated to some twelve digits.
    Source: Takahasi & Mori (1974), Publ. RIMS 9, 721-741.
    """
    t = np.arange(-REACH, REACH + STEP / 2, STEP)
    u = np.pi * np.sinh(t)
    low, high = 1 / (1 + np.exp(-u)), 1 / (1 + np.exp(u))
    weights = np.pi * np.cosh(t) * low * high
    return low, high, weights / weights.sum()


LOW, HIGH, SHARES = double_exponential()


def exponential_nodes(width: Array) -> Array:
    """Places v (..., m) such that the mean of g over exponential values of rate 1 in (0, width] is the sum of SHARES * g(v).

    `width` (...) may be infinite. They are quantiles of such values, at the nodes of the double-exponential rule.
    """
    missing = np.exp(-width)[..., None]
    with np.errstate(divide="ignore"):  # of nodes that are 1 but for rounding
        near = -np.log1p(LOW * np.expm1(-width)[..., None])
    return np.where(near < 0.5, near, -np.log(HIGH + LOW * missing))
