"""Functions of one positive number, known to rounding in a span around where they were taken.

Some sums over rows, as sum_i w_i log Gamma(x_i + size), are no fixed combination of a few statistics. But each is a smooth
function of the one number, so its values at a few places tell it everywhere between them: these values add up over rows, and
an M-step that needs the function needs nothing else. It maximises within the span, so that it climbs for certain; once the
maximum lies within, it is found to rounding.
Source: Trefethen (2013), Approximation Theory and Approximation Practice, chapters 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial.chebyshev import chebder, chebint, chebval

from emkit.core.arrays import Array

STEPS = 60  # of a bracketed Newton's method, which needs about six: each at least halves the bracket
SETTLED = 1e-15  # of the span: where steps have become rounding


@dataclass(frozen=True)
class Span:
    """From centre / exp(reach) to centre * exp(reach), with so many `places` in it.

    A function that is analytic in the strip |Im log| < a is known up to about r^-places of its largest value, where
    r = a / reach + sqrt(1 + (a / reach)^2).
    """

    reach: float
    places: int

    def around(self, centre: Array) -> Array:
        """The places for each centre (...), shape (..., places)."""
        return np.asarray(centre[..., None] * np.exp(self.reach * self._nodes))

    def where(self, now: Array, centre: Array) -> Array:
        """Where `now` lies in the spans, from -1 to 1; outside, NaN. A centre of 0 is a span of its own."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(now == centre, 0.0, np.log(now / centre) / self.reach)
        return np.where(np.abs(t) <= 1 + SETTLED, np.clip(t, -1, 1), np.nan)

    def curve(self, values: Array) -> Curve:
        """The function with these `values` (..., places)."""
        return Curve(np.moveaxis(values @ self._to_coefficients.T, -1, 0), self.reach)

    @cached_property
    def _nodes(self) -> Array:
        return np.cos(np.pi * (np.arange(self.places) + 0.5) / self.places)

    @cached_property
    def _to_coefficients(self) -> Array:
        order = np.arange(self.places)[:, None]
        table = 2 / self.places * np.cos(np.pi * order * (np.arange(self.places) + 0.5) / self.places)
        table[0] /= 2
        return np.asarray(table, dtype=np.float64)


@dataclass(frozen=True)
class Curve:
    """Functions (...) on spans, by their Chebyshev coefficients (places, ...)."""

    coefficients: Array
    reach: float

    def __call__(self, t: Array) -> Array:
        """The values at t (...)."""
        return np.asarray(chebval(t, self.coefficients, tensor=False))

    def risen(self, t: Array) -> Array:
        """What functions with these slopes (along the logarithm) have risen from the centre to t (...)."""
        return np.asarray(self.reach * chebval(t, chebint(self.coefficients, lbnd=0), tensor=False), dtype=np.float64)

    def climbing(self) -> Curve:
        """The slopes of these functions along the logarithm."""
        return Curve(np.asarray(chebder(self.coefficients), dtype=np.float64) / self.reach, self.reach)

    def summit(self) -> Array:
        """Where functions (...) with these slopes have their first maximum on the way up from the centre; or the end of it."""
        bend = Curve(np.asarray(chebder(self.coefficients), dtype=np.float64), self.reach)
        centre = np.zeros(self.coefficients.shape[1:])
        up = np.where(self(centre) >= 0, 1.0, -1.0)
        ahead = up * np.linspace(0, 1, 2 * len(self.coefficients) + 1).reshape(-1, *(1,) * up.ndim)
        falls = np.stack([up * self(t) < 0 for t in ahead])
        first, inside = falls.argmax(axis=0)[None], falls.any(axis=0)
        low, high = (np.take_along_axis(ahead, place, axis=0)[0] for place in (np.maximum(first - 1, 0), first))
        return np.where(inside, _zero(self, bend, low, high, up), up)


def _zero(curve: Callable[[Array], Array], slope: Callable[[Array], Array], low: Array, high: Array, sign: Array) -> Array:
    """Zeros between `low`, where sign * curve >= 0, and `high`, where it is not: Newton's method inside a bracket."""
    t = (low + high) / 2
    for _ in range(STEPS):
        value = curve(t)
        before = sign * value >= 0
        low, high = np.where(before, t, low), np.where(before, high, t)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = t - value / slope(t)
        within = (step - low) * (step - high) <= 0
        there = np.where(within, step, (low + high) / 2)
        moved, t = np.abs(there - t).max(initial=0.0), there
        if moved <= SETTLED:
            break
    return t
