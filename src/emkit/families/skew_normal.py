"""Columns with one longer tail: Azzalini's skew normal.

A cell is location + skew * |t| + noise, with t standard normal and noise normal. Given the cell, |t| is a normal variable cut
at 0, so its mean and mean square belong to the E-step, and the M-step is the regression of the cells on |t|. `expected` is that
of cells and |t|: a bound of the expected log-likelihood of cells alone that touches it where the E-step was taken.

From a skew to the wrong side this alone would creep towards a skew of 0, where the likelihood has neither slope nor curvature
in the direction that leads to the other side, whatever the data. So sums are also taken at the same columns turned around, of
the same means and spreads, which have a bound of their own; the M-step goes to the higher summit of the two.
Source: Azzalini (1985), Scand. J. Statist. 12, 171-178; Lin, Lee & Yen (2007), Statistica Sinica 17, 909-927, for its mixtures;
Arellano-Valle & Azzalini (2008), J. Multivariate Anal. 99, 1362-1382, for means and spreads as parameters about a skew of 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
import scipy
from numpy.polynomial.polynomial import polyval

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.memo import once
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

__all__ = ["SkewNormal", "SkewNormalParams"]

HALF = 2 / np.pi  # the square of the mean of |t|
LEAST, MOST = 0.1, 0.9  # of the skew over the scale, in starts
WIDE = 100.0  # times the floor: of scales that are wider, noise on the floor leaves slants of more than ten
FAR = -30.0  # standard deviations, from where on the mean is told by its series: what is cut there keeps few digits otherwise
TERMS = np.array([1.0, -1, 3, -15, 105, -945, 10395, -135135])  # of the inverse of Mills' ratio, in inverse squares


@dataclass(frozen=True, eq=False)
class SkewNormalParams(Parameters):
    """`locations` (K, d) and `skews` (K, d) in the unit of the data, and `variances` (K, d) of the noise in its squares.

    A normal part of variance 1, and the half of a normal of scale 1 on top, which moves the mean by (2 / pi)^(1/2):

    >>> import emkit as ek
    >>> params = ek.SkewNormalParams(locations=[[0.0]], skews=[[1.0]], variances=[[1.0]])
    >>> params.slants.tolist(), params.means.round(4).tolist()
    ([[1.0]], [[0.7979]])
    """

    locations: Annotated[Array, Real(), Axes("component", "column")]
    skews: Annotated[Array, Real(), Axes("component", "column")]
    variances: Annotated[Array, Positive(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, locations: ArrayLike, skews: ArrayLike, variances: ArrayLike) -> None: ...

    @property
    def scales(self) -> Array:
        """Azzalini's scale (K, d)."""
        return np.hypot(self.skews, np.sqrt(self.variances))

    @property
    def slants(self) -> Array:
        """Azzalini's slant (K, d): 0 for a normal distribution, infinite for half of one."""
        return self.skews / np.sqrt(self.variances)

    @property
    def means(self) -> Array:
        """The mean of each column in each component, (K, d)."""
        return self.locations + self.skews * np.sqrt(HALF)

    @property
    def spreads(self) -> Array:
        """The variance of each column in each component, (K, d)."""
        return self.variances + self.skews**2 * (1 - HALF)

    @property
    def turned(self) -> SkewNormalParams:
        """Columns of the same means and variances, with their longer tails on the other side."""
        return SkewNormalParams(self.locations + 2 * np.sqrt(HALF) * self.skews, -self.skews, self.variances)


@dataclass(frozen=True)
class SkewMoments(Additive):
    """Sums about locations, with t the expected and t2 the expected square of |t| given a cell.

    `mass` (K,) = sum w; `shift` = sum w (x - location); `square` = sum w (x - location)^2; `first` = sum w t; `second` = sum w
    t2; `cross` = sum w t (x - location); all others (K, d).
    """

    mass: Array
    shift: Array
    square: Array
    first: Array
    second: Array
    cross: Array


@dataclass(frozen=True)
class BothWays(Additive):
    """Moments at the parameters of the E-step, `own`, and at the same `turned`, which `rises` (K, d) in log-likelihood."""

    own: SkewMoments
    turned: SkewMoments
    rises: Array

    @property
    def mass(self) -> Array:
        """The expected number of rows of each component, (K,)."""
        return self.own.mass


@dataclass(frozen=True)
class SkewNormal(Floored, Family[SkewNormalParams, BothWays]):
    """Independent skew normal columns: log p(x|k) = sum_j log 2 - log s + log phi(z) + log Phi(a z), with z = (x - l_kj) / s.

    Here s is the scale and a the slant of component k in column j.
    Data: x (n, d) of real numbers. The floor is under the variances of the noise, as under those of normal columns: it keeps
    slants finite, too.

    Petals of iris virginica, lengths in cm (Anderson 1935):

    >>> import emkit as ek
    >>> petals = (
    ...     "6.0 5.1 5.9 5.6 5.8 6.6 4.5 6.3 5.8 6.1 5.1 5.3 5.5 5.0 5.1 5.3 5.5 6.7 6.9 5.0 5.7 4.9 6.7 4.9 5.7 "
    ...     "6.0 4.8 4.9 5.6 5.8 6.1 6.4 5.6 5.1 5.6 6.1 5.6 5.5 4.8 5.4 5.6 5.1 5.1 5.9 5.7 5.2 5.0 5.2 5.4 5.1"
    ... ).split()
    >>> found = ek.MixtureModel("skew-normal", 1, random_state=0).fit([float(cell) for cell in petals]).params_.components
    >>> print(found.locations.round(3), found.scales.round(3), found.slants.round(2))
    [[4.867]] [[0.876]] [[3.92]]
    """

    @property
    def name(self) -> str:
        return "skew-normal"

    @property
    def support(self) -> Support:
        return reals(columns.LARGEST)

    @property
    def described(self) -> Description:
        words = {"locations": Word("location", "l", 0.0), "skews": Word("skew", "a", 0.0), "variances": Word("variance", "v")}
        return Description(words, data="columns of numbers with one longer tail")

    @property
    def spread(self) -> Spread:
        return Variances("spreads")

    def log_density(self, params: SkewNormalParams, x: Array) -> Array:
        scales, slants = params.scales[:, :, None], params.slants[:, :, None]
        constant = (np.log(2) - 0.5 * normal.LOG_2_PI - np.log(params.scales)).sum(axis=1)
        found = np.empty((len(constant), len(x)))
        for rows, deviation in normal.deviations(x, params.locations):
            z = deviation / scales
            found[:, rows] = (scipy.special.log_ndtr(slants * z) - 0.5 * z**2).sum(axis=1)
        return (found + constant[:, None]).T

    def statistics(self, params: SkewNormalParams, x: Array, weights: Array) -> BothWays:
        own, height = _summed(params, x, weights)
        turned, other = _summed(params.turned, x, weights)
        return BothWays(own, turned, other - height)

    def updates(self) -> Mapping[str, Update[BothWays, SkewNormalParams]]:
        return {"": self._all}

    def _all(self, stats: BothWays, before: SkewNormalParams, now: SkewNormalParams) -> SkewNormalParams:
        """The higher summit of the two bounds, column by column.

        Shapes: mass (K,), others (K, d) -> (K, d) each. Unit: that of the data, and its squares.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        """
        own, other = self._regression(stats.own, before, before), self._regression(stats.turned, before.turned, before)
        there = _bound(stats.turned, before.turned, other)[0] + _offset(stats, before)
        higher = there > _bound(stats.own, before, own)[0]
        return SkewNormalParams(
            *(np.where(higher, b, a) for a, b in zip(vars(own).values(), vars(other).values(), strict=True))
        )

    def _regression(self, sums: SkewMoments, about: SkewNormalParams, before: SkewNormalParams) -> SkewNormalParams:
        """The regression of the cells on |t|: its intercept, its slope, and the variance about it, not below the floor.

        Source: set d/dl, d/da and d/dv of [-mass/2 log v - sum w E (x - l - a |t|)^2 / (2 v)] = 0.
        """
        shift, first, second, cross = (per_mass(s, sums.mass) for s in (sums.shift, sums.first, sums.second, sums.cross))
        varies = np.where(sums.mass[:, None] > 0, second - first**2, 1.0)  # of a variable cut at 0, never 0
        skews = (cross - shift * first) / varies
        move = shift - skews * first
        raw = np.maximum(per_mass(_squares(sums, move, skews), sums.mass), 0)
        found, _ = self.above_the_floor(raw, before.variances, sums.mass)
        return SkewNormalParams(
            keep_where_empty(about.locations + move, before.locations, sums.mass),
            keep_where_empty(skews, before.skews, sums.mass),
            keep_where_empty(found, before.variances, sums.mass),
        )

    def expected(self, stats: BothWays, before: SkewNormalParams, now: SkewNormalParams) -> Expected:
        own, turned = _bound(stats.own, before, now), _bound(stats.turned, before.turned, now)
        heights, others = own[0], turned[0] + _offset(stats, before)
        values, *slopes = (
            np.where(others > heights, b, a) for a, b in zip((heights, *own[1:]), (others, *turned[1:]), strict=True)
        )
        return Expected(float(values.sum()), dict(zip(("locations", "skews", "variances"), slopes, strict=True)))

    def draw(self, params: SkewNormalParams, rng: np.random.Generator, components: Integers) -> Array:
        shape = (len(components), params.locations.shape[1])
        beyond = params.skews[components] * np.abs(rng.standard_normal(shape))
        return params.locations[components] + beyond + np.sqrt(params.variances)[components] * rng.standard_normal(shape)

    def scales(self, params: SkewNormalParams) -> Mapping[str, Scale]:
        """Locations and skews are counted in scales of their component."""
        return {"locations": Scale(params.locations, params.scales), "skews": Scale(np.zeros(()), params.scales)}

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of constant columns, whose spread cannot be estimated."""
        columns.refuse_vanishing(profile)
        columns.warn_of_lost_columns(profile, joined=False)
        return self.measured(profile, columns.pooled_spread(profile)[2])

    def lower_bound(self, profile: AnyProfile) -> Floor:
        _, variance, unit = columns.pooled_spread(profile)
        return NoiseFloor("variances", self.floor * unit, variance >= THIN * unit)

    def pooled(self, profile: AnyProfile, n_components: int) -> SkewNormalParams:
        """By the mean, variance and skewness of all rows; somewhat skew, since what is not stays so."""
        mean, variance, unit = columns.pooled_spread(profile)
        least = max(self.floor, columns.EPSILON) * unit
        held, variance = variance <= least, np.maximum(variance, least)
        skewness = _skewness(profile)
        power = np.abs(skewness) ** (2 / 3)
        ratio = np.sqrt(power / (power + (2 - np.pi / 2) ** (2 / 3)) / HALF)  # skew / scale
        ratio = np.where(held, 0.0, np.copysign(np.clip(ratio, LEAST, MOST), skewness))
        scale = np.sqrt(variance / (1 - HALF * ratio**2))
        skews = ratio * scale
        params = mean - skews * np.sqrt(HALF), skews, (1 - ratio**2) * scale**2
        return SkewNormalParams(*(repeat(each, n_components) for each in params))


@dataclass(frozen=True)
class NoiseFloor(SpreadFloor):
    """Under the variances of the noise. Where that rests on it and the skew is wide, slants run off: no estimate lies below."""

    def free(self, params: SkewNormalParams, rows: Array) -> Mask:
        return super().free(params, rows) & ~self._skewed(params)

    def collapsed(self, params: SkewNormalParams) -> Mapping[str, Mask]:
        return {path: mask & ~self._skewed(params) for path, mask in self.resting(params).items()}

    def _skewed(self, params: SkewNormalParams) -> Mask:
        return np.asarray(params.scales**2 > WIDE * self.least)


def cut_normal(y: Array) -> tuple[Array, Array]:
    """Mean and mean square of what lies above 0 of a normal variable of mean y and variance 1."""
    near, far = np.maximum(y, FAR), np.minimum(y, FAR)
    first = near + np.sqrt(HALF) / scipy.special.erfcx(-near / np.sqrt(2))
    inverse = far**-2.0
    mills = polyval(inverse, TERMS)
    beyond = -polyval(inverse, -TERMS[1:]) / (far * mills), polyval(inverse, TERMS + np.append(TERMS[1:], 0)) / mills
    low = y < FAR
    return np.where(low, beyond[0], first), np.where(low, beyond[1], 1 + near * first)


def _summed(params: SkewNormalParams, x: Array, weights: Array) -> tuple[SkewMoments, Array]:
    """The moments of rows (n, d) at `params`, and the weighted log-density of each column (K, d), but for a constant."""
    scales, slants = params.scales[:, :, None], params.slants[:, :, None]
    narrow = (np.sqrt(params.variances) / params.scales)[:, :, None]
    sums = np.zeros((6, *params.locations.shape))
    for rows, deviation in normal.deviations(x, params.locations):
        w = np.ascontiguousarray(weights[rows].T)[:, None, :]
        z = deviation / scales
        y = slants * z
        first, second = cut_normal(y)
        first, second, height = narrow * first, narrow**2 * second, scipy.special.log_ndtr(y) - 0.5 * z**2
        sums += [(w * each).sum(axis=2) for each in (deviation, deviation**2, first, second, first * deviation, height)]
    *moments, heights = sums
    return SkewMoments(weights.sum(axis=0), *moments), heights


def _squares(sums: SkewMoments, move: Array, skews: Array) -> Array:
    """The expected squares (K, d) about locations that have moved and slopes on |t|."""
    squares = sums.square + sums.mass[:, None] * move**2 + skews**2 * sums.second
    return squares - 2 * (move * sums.shift + skews * sums.cross - move * skews * sums.first)


def _bound(sums: SkewMoments, about: SkewNormalParams, now: SkewNormalParams) -> tuple[Array, Array, Array, Array]:
    """The bound (K, d) from sums taken at `about`, and its slopes along locations, skews and variances."""
    mass, move, a, v = sums.mass[:, None], now.locations - about.locations, now.skews, now.variances
    left = _squares(sums, move, a)
    of_locations = (sums.shift - mass * move - a * sums.first) / v
    of_skews = (sums.cross - move * sums.first - a * sums.second) / v
    return -0.5 * (mass * np.log(v) + left / v), of_locations, of_skews, (left / v - mass) / (2 * v)


def _offset(stats: BothWays, before: SkewNormalParams) -> Array:
    """What lifts the bound from the turned columns so that it touches the log-likelihood there, as the other does here."""
    touches = _bound(stats.turned, before.turned, before.turned)[0]
    return np.asarray(stats.rises + _bound(stats.own, before, before)[0] - touches)


@once
def _skewness(profile: AnyProfile) -> Array:
    """The skewness (d,) of all rows; 0 for constant columns."""
    mean, variance, unit = columns.pooled_spread(profile)
    third = profile.average(lambda x: ((x - mean) / np.sqrt(unit)) ** 3)
    return np.where(variance >= THIN * unit, third, 0.0)
