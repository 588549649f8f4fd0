"""Regressions whose law has one more positive number of each component, of which sums over rows are no fixed combination.

Such a number, as the tails of Student's t or the dispersion of counts, enters the slopes of the log-density row by row. But the
sums are smooth functions of it, known near by from their values at a few places (`span.py`): so sums are taken as of a copy of
every component at each place, and between places they are interpolated. At any number near that of the E-step, the bound of
`core/newton.py` then holds and touches, so that coefficients and number climb in turn, and the bound tells both.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.expected import Expected
from emkit.core.newton import Greatest, NewtonSums, gain
from emkit.core.parameters import get_at, leaves, replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import add_up
from emkit.families.family import slope_of_log
from emkit.families.regression.regression import Regression
from emkit.families.regression.response_family import BLOCK
from emkit.families.span import Curve
from emkit.families.student_t import LIGHT, NEAR, place_near

P = TypeVar("P", bound=Any)


class OneMore(Regression[P]):
    """A regression with one more `number` of each component, a field (K,).

    Statistics are those of a regression with `places` copies of every component, one behind the other.
    A subclass writes `rising`, and the link of the number by `risen`; `own_at` where what a row adds is no value but a slope.
    """

    number: ClassVar[str]

    @property
    def moves(self) -> bool:
        """Whether the number is estimated."""
        return True

    @abstractmethod
    def rising(self, sums: NewtonSums, gains: Array, now: P) -> Curve:
        """The slopes of the bound (K,) along the logarithm of the number, where lines have `gains` (K, places)."""

    def place(self, now: Array, before: Array) -> Array:
        """Where numbers `now` (K,) lie in the spans around those of the E-step; NaN beyond."""
        return place_near(now, before)

    def own_at(self, own: tuple[Curve, ...], t: Array) -> tuple[Array, ...]:
        """What a law adds up besides, (K,) each, at t."""
        return tuple(each(t) for each in own)

    @property
    def places(self) -> int:
        """How many copies there are of each component."""
        return NEAR.places if self.moves else 1

    def sums(self, params: P, x: Array, weights: Array) -> NewtonSums:
        if not self.moves:
            return super().sums(params, x, weights)
        own = [leaf for leaf in leaves(params) if leaf.axes is not None and leaf.axes.names[0] == "component"]
        copies = {leaf.path: np.repeat(leaf.value, self.places, axis=0) for leaf in own}
        copies[self.number] = NEAR.around(np.asarray(get_at(params, self.number))).ravel()
        copied, step = replace_at(params, copies), max(1, BLOCK // (self.places * weights.shape[1]))
        return add_up(
            self._of_copies(params, copied, x[first : first + step], weights[first : first + step])
            for first in range(0, max(len(x), 1), step)
        )

    def _of_copies(self, params: P, copied: P, x: Array, weights: Array) -> NewtonSums:
        """The sums of rows that stay in the cache: predictors are the same for all copies of a component, and weights are."""
        rows, z, w = self.rows(params, x), self.described_by.framed(x), np.repeat(weights, self.places, axis=1)
        slope, curvature, own = self.pieces(rows._replace(predictors=np.repeat(rows.predictors, self.places, axis=1)), copied)
        i, j = np.tril_indices(z.shape[1])
        bent = np.empty((w.shape[1], z.shape[1], z.shape[1]))
        bent[:, i, j] = bent[:, j, i] = (w * curvature).T @ (z[:, i] * z[:, j])
        reach = np.zeros(w.shape[1])
        if self.curved:
            reach = np.where(w > 0, np.sqrt((z**2).sum(axis=1))[:, None], 0.0).max(axis=0, initial=0.0)
        each = tuple((w * values).sum(axis=0) for values in own)
        return NewtonSums(w.sum(axis=0), (w * slope).T @ z, bent, Greatest(reach), each)

    def at(self, sums: NewtonSums, before: P, now: P) -> NewtonSums:
        """The sums (K, ...) at the numbers `now`; NaN where they lie beyond the places."""
        if not self.moves:
            return sums
        t = self.place(*(np.asarray(get_at(params, self.number)) for params in (now, before)))

        def here(values: Array) -> Array:
            curve = NEAR.curve(np.moveaxis(self.by_place(values), 1, -1))
            return curve(t.reshape(-1, *(1,) * (values.ndim - 1)))

        own = self.own_at(tuple(NEAR.curve(self.by_place(each)) for each in sums.own), t)
        reach = Greatest(self.by_place(sums.reach.value)[:, 0])
        return NewtonSums(self.by_place(sums.mass)[:, 0], here(sums.gradient), here(sums.curvature), reach, own)

    def by_place(self, values: Array) -> Array:
        """Sums (K * places, ...) as (K, places, ...)."""
        return values.reshape(-1, self.places, *values.shape[1:])

    def _coefficients(self, sums: NewtonSums, before: P, now: P) -> Array:
        return super()._coefficients(self.at(sums, before, now), before, now)

    def _shared(self, sums: NewtonSums, before: P, now: P) -> Array:
        return super()._shared(self.at(sums, before, now), before, now)

    _coefficients.__doc__ = Regression._coefficients.__doc__
    _shared.__doc__ = Regression._shared.__doc__

    def own_updates(self) -> Mapping[str, Update[NewtonSums, P]]:
        return {self.number: self._number} if self.moves else {}

    @abstractmethod
    def _number(self, sums: NewtonSums, before: P, now: P) -> Array:
        """The link of the number."""

    def risen(self, sums: NewtonSums, before: P, now: P) -> Array:
        """The numbers (K,) at which the bound is highest, the rest as it is `now`, within exp(1.4) times those before.

        0 for what no row tells from 0.
        """
        was = np.asarray(get_at(before, self.number))
        curve = self._rising(sums, before, now)
        known = np.isfinite(curve.coefficients).all(axis=0) & (self.by_place(sums.mass)[:, 0] > 0)
        best = Curve(np.where(known, curve.coefficients, 0.0), curve.reach).summit()
        found = np.where(known, was * np.exp(NEAR.reach * best), was)
        return np.where(found < LIGHT, 0.0, found)

    def _rising(self, sums: NewtonSums, before: P, now: P) -> Curve:
        way = np.repeat(self.way(before, now), self.places, axis=0)
        return self.rising(sums, self.by_place(gain(sums, way).value), now)

    def expected(self, sums: NewtonSums, before: P, now: P) -> Expected:
        """A bound that touches the expected log-likelihood at `before`; -infinity where numbers lie beyond the places."""
        found = super().expected(self.at(sums, before, now), before, now)
        if not self.moves:
            return found
        here, was = (np.asarray(get_at(params, self.number)) for params in (now, before))
        t = self.place(here, was)
        slope = slope_of_log(self._rising(sums, before, now)(t), here)
        value = -np.inf if np.isnan(t).any() else found.value
        return Expected(value, {**found.slopes, self.number: slope})
