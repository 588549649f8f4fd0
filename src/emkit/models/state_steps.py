"""The M-step of a state space, field by field, and what it maximises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from emkit.core.arrays import Array
from emkit.core.climb import climb
from emkit.core.coordinates import is_under, split_path
from emkit.core.expected import Expected
from emkit.core.protocols import Update
from emkit.models import state_expected, state_layout
from emkit.models.of_states import OfStates
from emkit.models.state_params import StateSpaceParams
from emkit.models.state_stats import StateSums
from emkit.models.state_system import LINEAR


class StateSteps(OfStates[StateSpaceParams]):
    """A model of states whose parameters are the matrices; a subclass says which they are."""

    def updates(self) -> Mapping[str, Update[StateSums, StateSpaceParams]]:
        links: dict[str, Update[StateSums, StateSpaceParams]] = {
            "start_mean": partial(self._linear, "start_mean"),  # these first, the best where others are as in the E-step
            "effects": partial(self._linear, "effects"),
            "state_effects": partial(self._linear, "state_effects"),
            "transition": self._transition,
            "state_noise": self._state_noise,
            "observation": self._observation,
            "noise": self._noise,
            "start_covariance": self._start_variances,
        }
        return {name: link for name, link in links.items() if self.layout.free(name).any()}

    def _linear(self, name: str, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Generalised least squares: the coefficients at which the likelihood is highest, with all else as it was.

        So they move where errors or variances of a start are 0, too. Source: Liu & Rubin (1994), Biometrika 81, 633-648, on
        steps that climb the likelihood itself; the parabola by Rosenberg (1973), Annals of Economic and Social Measurement 2,
        399-428, and for effects de Jong (1991), Ann. Statist. 19, 1073-1083.
        """
        slope, table = self.parabola(stats, before, now)
        own, found, free = self.layout.linear(name), getattr(now, name).copy(), self.layout.free(name)
        found[free] += state_layout.solved(table[own, own], slope[own], np.ones(int(free.sum()), dtype=bool))
        return np.asarray(found)

    def parabola(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> tuple[Array, Array]:
        """Slope (q,) and information (q, q) of the log-likelihood along the coefficients of `now`, with all else as before."""
        return stats.slope - stats.information @ self._moved(before, now), stats.information

    def _transition(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """The states that shocks move, regressed on those of the row before, in the entries that are estimated.

        Shapes: cross (r, m), before (m, m) -> (m, m). Source: the zero of the slope of the expected log-likelihood.
        """
        told, moved, places = self.told(stats, before, now), now.transition.copy(), self.layout.places
        free = self.layout.free("transition")[places]
        weights = now.told_of(np.eye(len(places)))
        along = np.diag(weights) if weights.ndim == 1 else now.shock_precision
        crossed = state_expected.pushes(told, before)
        moved[places] = before.transition[places] + state_layout.regressed(told.before, crossed, free, along)
        return self._in_the_long_run("transition", moved, told, before, now)

    def _state_noise(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares and products of the shocks / steps. Shapes: (r, r) -> (r,) or (r, r)."""
        if not stats.steps:
            return now.state_noise
        told, free = self.told(stats, before, now), self.layout.free("state_noise")
        squares, number = now.told_of(self.squares(stats, before, now)), np.full(now.state_noise.shape, stats.steps)
        owners = np.flatnonzero(self.layout.selection[self.layout.stationary].any(axis=0))
        if len(owners) == 1 and squares.ndim == 1:  # of which first states have multiples of their covariance
            own, each = state_expected.first_squares(told, now, self.layout)
            squares[owners] += own
            number[owners] += each * stats.series
        rounding = state_expected.ROUNDING * now.told_of(told.shocks)  # which no variance comes to 0 by
        lowest = np.maximum(squares, np.maximum(rounding, 0.0)) if squares.ndim == 1 else squares
        moved = np.where(free, lowest / number, now.state_noise)
        return self._in_the_long_run("state_noise", moved, told, before, now) if len(owners) > 1 or squares.ndim > 1 else moved

    def _in_the_long_run(
        self, name: str, moved: Array, told: StateSums, before: StateSpaceParams, now: StateSpaceParams
    ) -> Array:
        """A field that is best for steps, made best for starts of the long run, too, which tell of it: by Newton's method."""
        if not len(self.layout.stationary):
            return moved

        @lru_cache(maxsize=4)
        def height(params: StateSpaceParams) -> Expected:  # of parameters that are the same object, asked for again
            return state_expected.of_moves(told, before, params, self.layout)

        there = replace(now, **{name: moved})
        begun = there if height(there).value >= height(now).value else now
        still = [held for held in self.layout.held if is_under(split_path(held)[0], [name])]
        return np.asarray(getattr(climb(height, begun, [name], still=still), name))

    def _observation(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Each column regressed on the states of the rows that have it. Shapes: crosses (d, m), gram (d, m, m) -> (d, m)."""
        told, moved = self.told(stats, before, now), now.observation.copy()
        crossed = state_expected.crosses(told, before)
        for j, free in enumerate(self.layout.free("observation")):
            turned = state_layout.regressed(told.gram[j], crossed[j : j + 1], free[None], np.eye(1))[0]
            moved[j] = before.observation[j] + turned
        return moved

    def _noise(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares of the errors of each column / its cells. Shapes: (d,) -> (d,)."""
        squares = np.maximum(self.left(stats, before, now), 0.0) / np.where(stats.cells > 0, stats.cells, 1.0)
        return np.where(self.layout.free("noise") & (before.noise > 0) & (stats.cells > 0), squares, now.noise)

    def _start_variances(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares of first states about their mean / series. Shapes: (m,) -> (m,)."""
        squares = np.maximum(np.diag(self.told(stats, before, now).spread), 0.0) / stats.series
        return np.where(self.layout.free("start_covariance") & (before.start_covariance > 0), squares, now.start_covariance)

    def _moved(self, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """By how much the coefficients (q,) that are estimated differ."""
        return np.concatenate([(getattr(now, each) - getattr(before, each))[self.layout.free(each)] for each in LINEAR])

    def told(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> StateSums:
        """The sums with the coefficients of `now`."""
        return stats.at(self._moved(before, now))

    def squares(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares and products (r, r) of the shocks by the transitions of `now`."""
        return state_expected.squares(self.told(stats, before, now), before, now, self.layout.places)

    def left(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Array:
        """Expected squares (d,) of the errors by the observation of `now`."""
        return state_expected.left(self.told(stats, before, now), before, now)

    def expected(self, stats: StateSums, before: StateSpaceParams, now: StateSpaceParams) -> Expected:
        """But for what is given of the start, and for shocks and errors of variance 0, of which there are none.

        Along means of the start and effects of inputs it is the log-likelihood itself, with all else as it was in the E-step;
        from there the other fields have what is expected of them at these. So it bounds the log-likelihood from below;
        not along entries that EM does not move (`is_stuck`), whose slopes alone are those of the log-likelihood.
        """
        moved, lay = self._moved(before, now), self.layout
        told = stats.at(moved)
        found = state_expected.of_sums(told, before, now, lay)
        if not len(moved):
            return Expected(found.value, {**found.slopes, **{name: np.zeros_like(getattr(now, name)) for name in LINEAR}})

        def gained(sums: StateSums) -> float:
            """What is expected at `now`, less what is at `before`."""
            others = [state_expected.of_sums(sums, before, which, lay).value for which in (now, before)]
            return others[0] - others[1]

        first = state_expected.of_sums(stats.at(0 * moved), before, before, lay).value
        value = first + gained(told) + float(moved @ (stats.slope - stats.information @ moved / 2))
        steep, _ = self.parabola(stats, before, now)
        steep += [gained(stats.turning(moved, k)) for k in range(len(moved))]
        slopes = {name: np.zeros_like(getattr(now, name)) for name in LINEAR}
        for name, slope in slopes.items():
            slope[lay.free(name)] = steep[lay.linear(name)]
        return Expected(value, {**found.slopes, **slopes})
