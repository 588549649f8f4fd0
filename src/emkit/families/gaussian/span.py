"""The space that fewer rows than columns lie in: all that a fit with joined columns has to look at.

Across it no row varies, so every covariance rests on the floor there. Within it, axes are chosen along which all rows have the
same variance: the floor, a fraction of that variance, is then the same in every direction, as it is among the columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import get_at, replace_at
from emkit.data.profile import AnyProfile
from emkit.families.floor import CovarianceFloor, Floor
from emkit.families.gaussian.columns import pooled_moments, pooled_spread, principal_directions
from emkit.families.gaussian.normal import LIFTED, LOG_2_PI
from emkit.families.narrow import Narrow
from emkit.families.spread import rows_per_weight

NOTHING = 1e-10  # of the floor: so small a variance of all rows moves no log-density


@dataclass(frozen=True, eq=False)
class Span:
    """Rows are origin + unit * (axes @ y), with `origin` and `unit` (d,), orthonormal `axes` (d, r), and y (r,) for each row.

    `across`: the variance of a component in every direction across the space, where every column has variance 1.
    """

    origin: Array
    unit: Array
    axes: Array
    across: float

    @property
    def gain(self) -> float:
        """What the log-density of a row is above that of its y."""
        columns, directions = self.axes.shape
        return float(-np.log(self.unit).sum() - (columns - directions) / 2 * (LOG_2_PI + np.log(self.across)))

    def within(self, x: Array) -> Array:
        """The y (n, r) of rows x (n, d)."""
        return np.asarray(((x - self.origin) / self.unit) @ self.axes)

    def means(self, means: Array) -> Array:
        """Means (K, d), given those of y (K, r)."""
        return np.asarray(self.origin + self.unit * (means @ self.axes.T))

    def covariances(self, covariances: Array) -> Array:
        """Covariances (..., d, d), given those of y (..., r, r)."""
        directions = covariances.shape[-1]
        found = self.axes @ (covariances - self.across * np.eye(directions)) @ self.axes.T
        j = np.arange(len(self.axes))
        found[..., j, j] += self.across
        return np.asarray((found + found.swapaxes(-1, -2)) / 2 * np.outer(self.unit, self.unit))


@dataclass(frozen=True)
class JoinedFloor(CovarianceFloor):
    """The floor under covariances that few rows make singular."""

    def narrowed(self, family: Any, profile: AnyProfile) -> Narrow | None:
        """The `family` within the space of the rows; None if there are more rows than columns, or no floor."""
        if self.least == 0 or profile.rows > len(profile.columns):
            return None
        variances, directions = principal_directions(profile)
        there = variances > NOTHING * self.least
        if not 0 < there.sum() < profile.rows:  # where rounding counts as variance, there are no fewer columns
            return None
        mean, _, unit = pooled_spread(profile)
        axes = _evened(variances[there], directions[:, there])
        span = Span(mean, np.sqrt(unit), axes, LIFTED * self.least)
        number, even = int(there.sum()), float(variances[there].mean())
        counts = {"rows_per_weight": rows_per_weight(profile), "across": self.directions - number}
        own = replace(family, floor=self.least / even, whole=(even,) * number, **counts)
        return Narrow(own, span.within, partial(_widened, span, self.path), span.gain)


def covariance_floor(path: str, floor: float, profile: AnyProfile, across: int) -> Floor:
    """The floor under the covariances in a field, as a fraction of the variances of the whole data."""
    _, covariance, unit = pooled_moments(profile)
    return JoinedFloor(path, floor, unit, covariance, len(unit) + across)


def _widened(span: Span, path: str, params: Any) -> Any:
    return replace_at(params, {"means": span.means(params.means), path: span.covariances(get_at(params, path))})


def _evened(variances: Array, directions: Array) -> Array:
    """Orthonormal axes (d, r) of the space of the principal `directions`, along each of which the variance is their mean.

    Two axes at a time are turned, one with less than the mean and one with more, until the first has it.
    """
    order = np.abs(directions).argmax(axis=0)
    axes = directions * np.sign(directions[order, np.arange(len(variances))])  # not as the order of the rows has it
    covariance, mean = np.diag(variances), variances.mean()
    left = list(range(len(variances)))
    while len(left) > 1:
        own = np.diag(covariance)[left]
        low, high = left[int(own.argmin())], left[int(own.argmax())]
        below, above, joint = covariance[low, low] - mean, covariance[high, high] - mean, covariance[low, high]
        if above > 0 > below:
            tangent = (joint - np.copysign(np.sqrt(joint**2 - below * above), joint)) / above
            cosine = 1 / np.sqrt(1 + tangent**2)
            turn = cosine * np.array([[1, tangent], [-tangent, 1]])
            pair = [low, high]
            axes[:, pair] = axes[:, pair] @ turn
            covariance[:, pair] = covariance[:, pair] @ turn
            covariance[pair] = turn.T @ covariance[pair]
        left.remove(low)
    return axes
