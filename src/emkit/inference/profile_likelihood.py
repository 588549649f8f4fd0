"""Intervals of all values of a parameter that fit nearly as well as the best, with all other parameters at their best.

The ends are found at once: they are the least and the greatest value of the parameter among all points whose log-likelihood is
less than half a quantile of chi-square below the maximum. In units of the observed information that region is nearly a ball.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Leaf
from emkit.core.spaces import PositiveDefinite
from emkit.core.spaces.link import Link
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.inference.covariance import Covariance
from emkit.inference.delta import normal_quantile
from emkit.inference.information import Information
from emkit.inference.intervals import Intervals
from emkit.inference.near import chosen_among
from emkit.inference.scores import has_expected, objective_and_score

FAR = 40.0  # standard errors: an end beyond is none
NEARLY = 1e-3  # of the fall in log-likelihood at an end: where a search has come so near to it, it has found it
STEPS = 60  # of one search
TRIES = 1.0, 0.5, 0.1  # of the way to where the end would be if the log-likelihood were a parabola: where a search begins
NOT_FOUND = "the search for its ends did not settle"


class Entry(NamedTuple):
    """One parameter: where it is, and its scale without bounds."""

    leaf: Leaf
    place: tuple[int, ...]
    link: Link


def profile(em: EMMap[Any], found: Information, usual: Covariance, level: float, names: Iterable[str] | None) -> Intervals:
    """Profile-likelihood intervals of the parameters `names` (all by default), some 20 passes over the data for each.

    An interval that reaches an edge of its space ends there, and is named in `open_ends`. Parameters without standard error
    have none, and none has one where the likelihood is flat in some direction.
    Errors: ModelError for a name that there is not, or a model that does not write `expected`.
    Source: Venzon & Moolgavkar (1988), J. R. Statist. Soc. C 37, 87-94, as a constrained optimisation.
    """
    near = found.near
    normal_quantile(level)  # refuses levels that are none
    places = chosen_among(near.names, names)
    if not has_expected(em.model, em.expectation(near.params).statistics, near.params):
        raise ModelError(
            f'{type(em.model).__name__} does not write expected(stats, before, now), which method="profile" needs.'
        )
    reasons = dict(near.reasons)
    if usual.matrix is None:
        reasons = dict.fromkeys(near.names, usual.reason) | reasons
    entries, ends, open_ends = _entries(near.coordinates, near.params), np.full((2, len(places)), np.nan), []
    region = _Region(em, found, float(scipy.special.chdtri(1, 1 - level)) / 2) if usual.matrix is not None else None
    for i, place in enumerate(places):
        name = near.names[place]
        if region is None or name in reasons:
            continue
        if not found.slope[place].any():  # a single proportion is 1 by definition
            ends[:, i] = near.entries[place]
            continue
        for side in (0, 1):
            ends[side, i], is_open = region.end(entries[place], 2 * side - 1)
            open_ends += [name] * is_open
        if np.isnan(ends[:, i]).any():
            reasons[name] = NOT_FOUND
    known = tuple(dict.fromkeys(open_ends))
    return Intervals.of(near.names, near.entries, places, ends, level, "profile", reasons, known)


def _entries(coordinates: Any, params: Any) -> list[Entry]:
    found = []
    for leaf in coordinates.free(params):
        shape = leaf.value.shape
        found += [Entry(leaf, *each) for each in zip(leaf.space.entry_indices(shape), leaf.space.links(shape), strict=True)]
    return found


@dataclass(frozen=True, eq=False)
class _Region:
    """All points at most `fall` below the maximum, as moves in units of the observed information."""

    em: EMMap[Any]
    found: Information
    fall: float

    @cached_property
    def _basis(self) -> Array:
        factor = np.linalg.cholesky(self.found.matrix)
        return np.asarray(self.found.basis @ np.linalg.inv(factor).T)

    @cached_property
    def _highest(self) -> float:
        return self.em.objective(self.found.near.params)

    @cached_property
    def _known(self) -> dict[bytes, tuple[float, Array]]:
        return {}

    def _above(self, move: Array) -> tuple[float, Array]:
        """By how much the log-likelihood is above the least one of the region, and its slope."""
        key = move.tobytes()
        if key not in self._known:
            self._known.clear()
            near = self.found.near
            try:
                height, slope = objective_and_score(self.em, near.at(self._basis @ move))
                self._known[key] = height - self._highest + self.fall, near.pulled(slope) @ self._basis
            except (ParameterError, DegenerateFitError):
                self._known[key] = self.fall - float(move @ move), -2 * move  # out of reach: leads back
        return self._known[key]

    def _value(self, entry: Entry, move: Array) -> tuple[float, Array]:
        """The parameter on its scale without bounds, and its slope."""
        near = self.found.near
        params = near.at(self._basis @ move)
        leaves = {leaf.path: leaf.value for leaf in near.coordinates.free(params)}
        value, slopes = leaves[entry.leaf.path], {path: np.zeros_like(each) for path, each in leaves.items()}
        mine = slopes[entry.leaf.path]
        mine[entry.place] = 1.0
        if isinstance(entry.leaf.space, PositiveDefinite):
            mine[...] = (mine + mine.swapaxes(-1, -2)) / 2
        slope = near.pulled(near.coordinates.pull(params, slopes)) @ self._basis
        number = value[entry.place]
        return float(entry.link.forward(number)), slope * float(entry.link.slope(number))

    def end(self, entry: Entry, sign: int) -> tuple[float, bool]:
        """The least (`sign` -1) or the greatest value of a parameter, and whether it is an edge; NaN if it is not found."""
        from scipy.optimize import minimize

        _, uphill = self._value(entry, np.zeros(self.found.near.size))
        ahead = sign * uphill / np.linalg.norm(uphill) * np.sqrt(2 * self.fall)
        for part in TRIES:
            with np.errstate(all="ignore"):
                end = minimize(
                    lambda move: -sign * self._value(entry, move)[0],
                    part * ahead,
                    jac=lambda move: -sign * self._value(entry, move)[1],
                    method="SLSQP",
                    bounds=[(-FAR, FAR)] * len(ahead),
                    constraints={"type": "ineq", "fun": lambda y: self._above(y)[0], "jac": lambda y: self._above(y)[1]},
                    options={"maxiter": STEPS, "ftol": NEARLY * 1e-2},
                ).x
                above = self._above(end)[0]
                if np.abs(end).max() > FAR / 2 and above > -NEARLY * self.fall:
                    return float(entry.link.back(np.array(sign * np.inf))), True
                if abs(above) < NEARLY * self.fall:
                    return float(entry.link.back(np.array(self._value(entry, end)[0]))), False
        return np.nan, False
