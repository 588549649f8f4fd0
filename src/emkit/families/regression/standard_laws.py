"""Standard laws of one number z, of which responses are known exactly or up to an interval.

All have log-concave densities, so that the probability of an interval is log-concave in its ends, too.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.families.between import normal_between

LOG_2_PI = float(np.log(2 * np.pi))
OVERFLOW = 600.0  # exponents beyond are those of responses that no component is near to


class LogDensity(NamedTuple):
    """The log-density at z, its slope and its second derivative, each of the shape of z."""

    value: Array
    slope: Array
    bend: Array


class StandardLaw(Protocol):
    """A law without parameters."""

    def density(self, z: Array) -> LogDensity:
        """At finite z."""

    def log_between(self, low: Array, high: Array, width: Array) -> Array:
        """The log-probability of (low, high], which may be infinite; `width` is high - low with all its digits."""

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Numbers (size,) of this law."""


class Normal(StandardLaw):
    """log f = -z^2 / 2 - log(2 pi) / 2."""

    def density(self, z: Array) -> LogDensity:
        return LogDensity(-0.5 * (z**2 + LOG_2_PI), -z, np.full_like(z, -1.0))

    def log_between(self, low: Array, high: Array, width: Array) -> Array:
        return normal_between(low, high, width)[0]

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        return rng.standard_normal(size)


class Extreme(StandardLaw):
    """The logarithm of an exponential time of rate 1: log f = z - exp(z)."""

    def density(self, z: Array) -> LogDensity:
        power = np.exp(np.minimum(z, OVERFLOW))
        return LogDensity(z - power, 1 - power, -power)

    def log_between(self, low: Array, high: Array, width: Array) -> Array:
        start, ends = np.exp(np.minimum(low, OVERFLOW)), np.isfinite(high)
        top = np.where(ends, np.minimum(high, OVERFLOW), 0.0)
        log_growth = top + np.log(-np.expm1(-np.where(ends, width, 1.0)))  # of exp(z) along the interval
        return np.where(ends, log_growth + np.log(scipy.special.exprel(-np.exp(log_growth))), 0.0) - start

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        return np.log(rng.exponential(size=size))


class Logistic(StandardLaw):
    """log f = z - 2 log(1 + exp(z))."""

    def density(self, z: Array) -> LogDensity:
        share = scipy.special.expit(z)
        height = scipy.special.log_expit(z) + scipy.special.log_expit(-z)
        return LogDensity(height, 1 - 2 * share, -2 * share * scipy.special.expit(-z))

    def log_between(self, low: Array, high: Array, width: Array) -> Array:
        return np.asarray(scipy.special.log_expit(high) + scipy.special.log_expit(-low) + np.log(-np.expm1(-width)))

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        return rng.logistic(size=size)


NORMAL, EXTREME, LOGISTIC = Normal(), Extreme(), Logistic()
