"""Columns with a peak and even tails: the Laplace (double exponential) distribution.

The best location is a weighted median, which no fixed sums tell. But how far rows lie from each of many places adds up over
rows, and these places may lie closer and closer around the location of the E-step: an M-step moves to the best of them. None is
lower than where it was, and each step leaves a fraction of the way to the median, until next to nothing is left.
Between places, `expected` is a line, and a bound: distances are convex.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Positive, Real
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.families.description import Description, Word
from emkit.families.family import Family, keep_where_empty, per_mass, repeat
from emkit.families.floor import THIN, Floor, Floored, SpreadFloor
from emkit.families.gaussian import columns, normal
from emkit.families.spread import Spread, Variances
from emkit.families.support import Support, reals

__all__ = ["Laplace", "LaplaceParams"]

NEAREST, FARTHEST = -36, 5  # powers of 2, times the scale: from where rounding hides the way, to where no row is near
STEPS = 2.0 ** np.arange(NEAREST, FARTHEST + 1)
PLACES = np.concatenate([-STEPS[::-1], [0.0], STEPS])
HERE = len(STEPS)
ROUNDING = 1e-14  # of the distances: a place that is better by no more is no better


@dataclass(frozen=True, eq=False)
class LaplaceParams(Parameters):
    """`locations` (K, d), the medians, and `scales` (K, d), the mean distances from them, in the unit of the data.

    The variance is twice the square of the scale:

    >>> import emkit as ek
    >>> ek.LaplaceParams(locations=[[0.0]], scales=[[3.0]]).variances.tolist()
    [[18.0]]
    """

    locations: Annotated[Array, Real(), Axes("component", "column", kinks=True)]
    scales: Annotated[Array, Positive(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, locations: ArrayLike, scales: ArrayLike) -> None: ...

    @property
    def variances(self) -> Array:
        """The variance of each column in each component, (K, d)."""
        return 2 * self.scales**2


@dataclass(frozen=True)
class Distances(Additive):
    """`mass` (K,) = sum w; `apart` (K, d, P): sum w |x - place| for places around the locations of the E-step.

    `slope` (K, d): that of the sum there, which differences between the nearest places know to few digits only.
    """

    mass: Array
    apart: Array
    slope: Array


@dataclass(frozen=True)
class Laplace(Floored, Family[LaplaceParams, Distances]):
    """Independent Laplace columns: log p(x|k) = sum_j -log(2 s_kj) - |x_j - l_kj| / s_kj, with locations l and scales s.

    Data: x (n, d) of real numbers. The floor is under the scales, as a fraction of the standard deviation of the whole data.
    The likelihood has a kink at every row, and its curvature says nothing of how far locations vary: standard errors come from
    the scores of rows.

    Differences of the flood stages of two stations on a river in 33 years (Bain & Engelhardt 1973):

    >>> import emkit as ek
    >>> feet = (
    ...     "1.96 1.97 3.60 3.80 4.79 5.66 5.76 5.78 6.27 6.30 6.76 7.65 7.84 7.99 8.51 9.18 10.13 10.24 10.25 "
    ...     "10.43 11.45 11.48 11.75 11.81 12.34 12.78 13.06 13.29 13.98 14.18 14.40 16.22 17.06"
    ... ).split()
    >>> found = ek.MixtureModel("laplace", 1, random_state=0).fit([float(cell) for cell in feet]).params_.components
    >>> print(found.locations.round(4), found.scales.round(4))
    [[10.13]] [[3.3606]]
    """

    @property
    def name(self) -> str:
        return "laplace"

    @property
    def support(self) -> Support:
        return reals(columns.LARGEST)

    @property
    def described(self) -> Description:
        words = {"locations": Word("location", "l", 0.0), "scales": Word("scale", "s")}
        return Description(words, data="columns of numbers with a peak")

    @property
    def bends(self) -> Callable[[LaplaceParams], Array]:
        return _places

    @property
    def spread(self) -> Spread:
        return Variances("variances")

    def log_density(self, params: LaplaceParams, x: Array) -> Array:
        constant = -np.log(2 * params.scales).sum(axis=1)
        found = np.empty((len(constant), len(x)))
        for rows, deviation in normal.deviations(x, params.locations):
            found[:, rows] = -(np.abs(deviation) / params.scales[:, :, None]).sum(axis=1)
        return (found + constant[:, None]).T

    def statistics(self, params: LaplaceParams, x: Array, weights: Array) -> Distances:
        number, d = params.locations.shape
        counts, sums = np.zeros((2, number, d, len(PLACES) + 1))
        slope = np.zeros((number, d))
        for k, j in np.ndindex(number, d):
            w, z = weights[:, k], (x[:, j] - params.locations[k, j]) / params.scales[k, j]
            place = np.searchsorted(PLACES, z)
            counts[k, j] = np.bincount(place, w, len(PLACES) + 1)
            sums[k, j] = np.bincount(place, w * z, len(PLACES) + 1)
            slope[k, j] = -(w @ np.sign(z))
        below, total = counts.cumsum(axis=2)[:, :, :-1], counts.sum(axis=2, keepdims=True)
        under, every = sums.cumsum(axis=2)[:, :, :-1], sums.sum(axis=2, keepdims=True)
        apart = (PLACES * (2 * below - total) + every - 2 * under) * params.scales[:, :, None]
        return Distances(weights.sum(axis=0), apart, slope)

    def updates(self) -> Mapping[str, Update[Distances, LaplaceParams]]:
        return {"locations": self._locations, "scales": self._scales}

    def _locations(self, stats: Distances, before: LaplaceParams, now: LaplaceParams) -> Array:
        """The place from which the rows are the least apart; that of the E-step, unless another is better.

        Shapes: apart (K, d, P) -> (K, d). Unit: that of the data.
        Source: maximise -sum w |x - l|, whatever the scale.
        """
        least = stats.apart.min(axis=2)
        best = np.where(stats.apart[:, :, HERE] <= least * (1 + ROUNDING), HERE, stats.apart.argmin(axis=2))
        return before.locations + before.scales * PLACES[best]

    def _scales(self, stats: Distances, before: LaplaceParams, now: LaplaceParams) -> Array:
        """The mean distance from the locations `now`, not below the floor.

        Shapes: mass (K,), apart (K, d, P) -> (K, d). Unit: that of the data.
        Errors: DegenerateFitError if all rows of a component are equal, and no floor holds it or it had been freed from there.
        Source: set d/ds [-mass log s - sum w |x - l| / s] = 0.
        """
        raw = per_mass(_apart(stats, before, now)[0], stats.mass)
        found, _ = self.above_the_floor(raw, before.scales, stats.mass)
        return keep_where_empty(found, before.scales, stats.mass)

    def expected(self, stats: Distances, before: LaplaceParams, now: LaplaceParams) -> Expected:
        apart, slope = _apart(stats, before, now)
        mass, s = stats.mass[:, None], now.scales
        value = -float((mass * np.log(2 * s) + apart / s).sum())
        return Expected(value, {"locations": -slope / s, "scales": (apart / s - mass) / s})

    def draw(self, params: LaplaceParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.laplace(params.locations[components], params.scales[components])

    def scales(self, params: LaplaceParams) -> Mapping[str, Scale]:
        """Locations are counted in scales of their component, from where they are."""
        return {"locations": Scale(params.locations, params.scales)}

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of constant columns, whose spread cannot be estimated."""
        columns.refuse_vanishing(profile)
        columns.warn_of_lost_columns(profile, joined=False)
        return self.measured(profile, np.sqrt(columns.pooled_spread(profile)[2]))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        _, variance, unit = columns.pooled_spread(profile)
        return SpreadFloor("scales", self.floor * np.sqrt(unit), variance >= THIN * unit)

    def pooled(self, profile: AnyProfile, n_components: int) -> LaplaceParams:
        """Of the mean of all rows, and their mean distance from it."""
        mean, _, unit = columns.pooled_spread(profile)
        least = max(self.floor, columns.EPSILON) * np.sqrt(unit)
        scales = np.maximum(profile.average(lambda x: np.abs(x - mean)), least)
        return LaplaceParams(repeat(mean, n_components), repeat(scales, n_components))


def _apart(stats: Distances, before: LaplaceParams, now: LaplaceParams) -> tuple[Array, Array]:
    """Sums of distances (K, d) from the locations `now`, and their slopes; between places, on the line from one to the next.

    At a place, the slope is that of the lines before and after it, on average.
    """
    at = (now.locations - before.locations) / before.scales
    widths = np.diff(PLACES) * before.scales[:, :, None]
    ends = np.broadcast_to(stats.mass[:, None, None], (*at.shape, 1))
    slopes = np.concatenate([-ends, np.diff(stats.apart, axis=2) / widths, ends], axis=2)
    after, upto = np.searchsorted(PLACES, at, side="right"), np.searchsorted(PLACES, at, side="left")
    first = np.maximum(after - 1, 0)
    start = np.take_along_axis(stats.apart, first[:, :, None], axis=2)[:, :, 0]
    slope = np.take_along_axis(slopes, after[:, :, None], axis=2)[:, :, 0]
    other = np.take_along_axis(slopes, upto[:, :, None], axis=2)[:, :, 0]
    return start + slope * (at - PLACES[first]) * before.scales, np.where(at == 0, stats.slope, (slope + other) / 2)


def _places(params: LaplaceParams) -> Array:
    """The places, one of them the location itself, from which distances are summed."""
    return np.asarray(params.locations[..., None] + params.scales[..., None] * PLACES).ravel()
