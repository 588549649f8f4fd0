"""Independent columns of times until something wears out.

The best scale depends on the shape and the best shape on the scale, so one link of the M-step finds both: the shape at which
the expected log-likelihood is highest with the scale that is best for it, which is a concave function of one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.expected import Expected, Slopes
from emkit.core.parameters import Parameters, maximise_in_turn
from emkit.core.protocols import Update
from emkit.core.spaces import Positive
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.families.between import SHARES, Between, Told, exponential_nodes
from emkit.families.by_column import IndependentColumns
from emkit.families.description import Description, Word
from emkit.families.family import keep_where_empty, per_mass, repeat
from emkit.families.floor import Floor, Floored, SpreadFloor, warn_of_constant_columns
from emkit.families.logs import EPSILON, of_logs, rounding_of, units_of
from emkit.families.span import Span
from emkit.families.spread import Spread, Variances
from emkit.families.support import LARGEST_AMOUNT, Support, positive

__all__ = ["Weibull", "WeibullParams"]

SPAN = Span(reach=0.5, places=24)  # of the logarithm of a sum of powers, whose zeros lie farther off than 0.4, as a rule
OVERFLOW = 600.0  # exponents beyond are those of rows that no component is near to
VARIANCE = np.pi**2 / 6  # of the logarithm of a Weibull time with a shape of 1
OFFSET = float(np.euler_gamma)  # of the mean of its logarithm from that of the scale
NARROW = 1e-2  # of where an interval begins, in powers: of those that are narrower, closed forms lose digits
SLOPED = ("shapes", "scales")
TINY = float(np.finfo(np.float64).tiny)
STEPS = 200  # of the estimate for all rows; ten are the rule
SETTLED = 1e-13  # relative to a shape


@dataclass(frozen=True, eq=False)
class WeibullParams(Parameters):
    """`shapes` (K, d), without a unit, and `scales` (K, d) in the unit of the data; both > 0.

    A shape of 1 is that of the exponential distribution, of which the scale is the mean:

    >>> import emkit as ek
    >>> params = ek.WeibullParams(shapes=[[1.0]], scales=[[3.0]])
    >>> params.shapes.item(), params.scales.item()
    (1.0, 3.0)
    """

    shapes: Annotated[Array, Positive(), Axes("component", "column")]
    scales: Annotated[Array, Positive(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, shapes: ArrayLike, scales: ArrayLike) -> None: ...


@dataclass(frozen=True)
class WeibullStats(Additive):
    """Sums over t = log(x / scale), about the scales of the E-step.

    `mass` (K,) = sum w; `shift` (K, d) = sum w t; `scatter` (K, d) = sum w t^2; and at places around the shapes a of the E-step
    `powers` (K, d, places) = sum w exp(a t), `tilted` = sum w t exp(a t).
    """

    mass: Array
    shift: Array
    scatter: Array
    powers: Array
    tilted: Array


@dataclass(frozen=True)
class Weibull(Floored, IndependentColumns[WeibullParams, WeibullStats]):
    """Independent Weibull columns: log p(x|k) = sum_j log a + (a - 1) log x - a log s - (x / s)^a, with a = a_kj, s = s_kj.

    Data: x (n, d) of numbers > 0.
    The floor is under the variance of every component's logarithms, pi^2 / (6 a^2): see `Floored`.

    Millions of revolutions that 23 ball bearings lasted (Lieblein & Zelen, 1956):

    >>> import emkit as ek
    >>> lives = (
    ...     "17.88 28.92 33 41.52 42.12 45.6 48.4 51.84 51.96 54.12 55.56 67.8 68.64 68.64 68.88 84.12 93.12 98.64 105.12 "
    ...     "105.84 127.92 128.04 173.4"
    ... )
    >>> lives = [float(life) for life in lives.split()]
    >>> fit = ek.MixtureModel("weibull", 1).fit(lives).result_
    >>> print(fit.params.components.shapes.round(3), fit.params.components.scales.round(2), round(fit.log_likelihood, 3))
    [[2.102]] [[81.87]] -113.692
    """

    @property
    def name(self) -> str:
        return "weibull"

    @property
    def support(self) -> Support:
        return positive("Weibull times", LARGEST_AMOUNT)

    @property
    def described(self) -> Description:
        words = {"shapes": Word("shape", "a", 2.0), "scales": Word("scale", "s", 1.0)}
        return Description(words, data="columns of times, numbers > 0")

    @property
    def spread(self) -> Spread:
        return Variances("shapes", inverse=True)

    def log_density(self, params: WeibullParams, x: Array) -> Array:
        found = np.empty((len(x), len(params.shapes)))
        log_x = np.log(x)
        for k, (a, s) in enumerate(zip(params.shapes, params.scales, strict=True)):
            power = a * _log_ratio(x, log_x, s)
            found[:, k] = (np.log(a) + power - np.exp(np.minimum(power, OVERFLOW)) - log_x).sum(axis=1)
        return found

    def statistics(self, params: WeibullParams, x: Array, weights: Array) -> WeibullStats:
        log_x = np.log(x)
        return _sums(params.shapes, [(_log_ratio(x, log_x, s), w) for s, w in zip(params.scales, weights.T, strict=True)])

    @property
    def between(self) -> Told[WeibullParams, WeibullStats]:
        return self._between

    def _between(self, params: WeibullParams, low: Array, high: Array) -> Between[WeibullStats]:
        """By the powers (x / s)^a, which are exponential times of rate 1, at nodes that are quantiles of these."""
        a, s = params.shapes[:, 0], params.scales[:, 0]
        low, ends = np.maximum(low, 0.0)[:, None], np.isfinite(high)[:, None]
        high = np.where(ends, high[:, None], np.maximum(low, 1.0))
        with np.errstate(divide="ignore"):  # of intervals from 0
            start = np.exp(np.minimum(a * np.log(low / s), OVERFLOW))
            log_width = np.minimum(a * np.log(high / s), OVERFLOW) + np.log(-np.expm1(a * np.log1p((low - high) / high)))
        width = np.where(ends, np.exp(log_width), np.inf)
        log_mass = np.where(ends, log_width + np.log(scipy.special.exprel(-np.exp(log_width))), 0.0) - start

        def statistics(weights: Array) -> WeibullStats:
            parts = []
            for k, w in enumerate(weights.T):
                powers = np.maximum(start[:, k, None] + exponential_nodes(width[:, k]), TINY)
                parts.append((np.log(powers).reshape(-1, 1) / a[k], (w[:, None] * SHARES).ravel()))
            return _sums(params.shapes, parts)

        def slopes(weights: Array) -> Slopes:
            """In closed form, but where an interval is so narrow that its ends would take digits off each other."""
            with np.errstate(divide="ignore", invalid="ignore"):
                first = np.where(low > 0, np.log(low / s), 0.0)
                narrow = ends & (width < NARROW * start * (1 + np.abs(first)))
                own = np.where(narrow, 0.0, weights)
                last, left = np.log(high / s), np.where(ends, np.exp(-width), 0.0)
                beyond = np.where(left > 0, left * np.exp(np.minimum(a * last, OVERFLOW)), 0.0)
                inside = own / np.where(ends & ~narrow, -np.expm1(-width), 1.0)
            of_shapes = (inside * (beyond * last - start * first)).sum(axis=0)
            of_scales = (inside * (start - beyond)).sum(axis=0) * a / s
            rest = np.where(narrow, weights, 0.0)
            more = self.expected(statistics(rest), params, params).slopes if rest.any() else dict.fromkeys(SLOPED, 0.0)
            return {"shapes": of_shapes[:, None] + more["shapes"], "scales": of_scales[:, None] + more["scales"]}

        return Between(log_mass, statistics, slopes)

    def updates(self) -> Mapping[str, Update[WeibullStats, WeibullParams]]:
        return {"": self._both}

    def _both(self, stats: WeibullStats, before: WeibullParams, now: WeibullParams) -> WeibullParams:
        """The shape that is best with the best scale for it, within exp(1/2) times the shape before; and that scale.

        Shapes: mass (K,), shift and scatter (K, d), powers and tilted (K, d, places) -> (K, d) and (K, d). Unit of the scales:
        that of the data.
        Errors: DegenerateFitError if all rows of a component are equal, and no floor holds it or it had been freed from there.
        Source: set d/ds [-a mass log s - sum w (x / s)^a] = 0, and d/da [mass log a + a sum w t - mass log sum w exp(a t)] = 0;
        Cohen (1965), Technometrics 7, 579-588.
        """
        mass, empty = stats.mass[:, None], stats.mass[:, None] <= 0
        log_power, tilt = _known(stats)
        slope = 1 + SPAN.around(before.shapes) * (per_mass(stats.shift, stats.mass)[..., None] - tilt)
        t = SPAN.curve(slope).summit()
        raw, was = _variance(before.shapes * np.exp(SPAN.reach * t)), _variance(before.shapes)
        raw = np.where(t == 1, np.minimum(raw, _own_variance(stats)), raw)  # where it is on its way to, beyond the span
        spread, holds = self.above_the_floor(raw, was, stats.mass)
        floor = np.log(_shape(spread) / before.shapes) / SPAN.reach
        t = np.where(holds, np.clip(floor, -1.0, 1.0), t)
        shapes = before.shapes * np.exp(SPAN.reach * t)
        log_moved = (SPAN.curve(log_power)(t) - np.log(np.where(empty, 1.0, mass))) / shapes
        with np.errstate(over="ignore"):  # of shapes next to 0, where nothing holds scales: what is infinite is refused
            scales = before.scales * np.exp(log_moved)
        return WeibullParams(
            keep_where_empty(shapes, before.shapes, stats.mass), keep_where_empty(scales, before.scales, stats.mass)
        )

    def expected(self, stats: WeibullStats, before: WeibullParams, now: WeibullParams) -> Expected:
        """-infinity where a shape lies beyond the places at which the statistics were taken."""
        mass, a, move = stats.mass[:, None], now.shapes, np.log(now.scales / before.scales)
        log_power, tilt = _known(stats)
        t = SPAN.where(a, before.shapes)
        power = np.where(mass > 0, np.exp(SPAN.curve(log_power)(t) - a * move), 0.0)
        about = stats.shift - mass * move
        value = mass * (np.log(a) - move) + (a - 1) * about - mass * np.log(before.scales) - power
        of_shapes = mass / a + about - power * (SPAN.curve(tilt)(t) - move)
        slopes = {"shapes": of_shapes, "scales": a * (power - mass) / now.scales}
        return Expected(float(np.where(np.isnan(t), -np.inf, value).sum()), slopes)

    def pooled(self, profile: AnyProfile, n_components: int) -> WeibullParams:
        """By EM steps on all rows, from the shape and scale that fit the moments of their logarithms.

        A column that never varies stays where these are: what it is above a floor is rounding.
        """
        mean, variance = of_logs(profile)
        unit = units_of(variance, mean)
        shapes = _shape(np.maximum(variance, max(self.floor, EPSILON) * unit))
        scales, varies = np.exp(mean + OFFSET / shapes), variance > rounding_of(mean)
        now = WeibullParams(shapes[None, varies], scales[None, varies])
        updates = replace(self, whole=tuple(unit[varies].tolist())).updates()
        for _ in range(STEPS if varies.any() else 0):
            before = now
            now = maximise_in_turn(updates, profile.total(partial(self._of_all, before, varies)), before)
            if (np.abs(now.shapes - before.shapes) <= SETTLED * before.shapes).all():
                break
        shapes[varies], scales[varies] = now.shapes[0], now.scales[0]
        return WeibullParams(repeat(shapes, n_components), repeat(scales, n_components))

    def _of_all(self, params: WeibullParams, columns: Mask, x: Array, weights: Array) -> WeibullStats:
        return self.statistics(params, x[:, columns], weights[:, None])

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of constant columns, whose shape cannot be estimated."""
        mean, variance = of_logs(profile)
        warn_of_constant_columns(profile.columns, variance <= rounding_of(mean), "A Weibull shape")
        return self.measured(profile, units_of(variance, mean))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        mean, variance = of_logs(profile)
        return SpreadFloor("shapes", self.floor * units_of(variance, mean), variance > rounding_of(mean), _variance, _shape)

    def draw(self, params: WeibullParams, rng: np.random.Generator, components: Integers) -> Array:
        return params.scales[components] * rng.weibull(params.shapes[components])


def _sums(shapes: Array, parts: Sequence[tuple[Array, Array]]) -> WeibullStats:
    """Of logarithms t (n, d) with weights (n,), for each of the components, which have these `shapes` (K, d)."""
    places, mass = SPAN.around(shapes), np.array([w.sum() for _, w in parts])
    shift, scatter = np.empty_like(shapes), np.empty_like(shapes)
    powers, tilted = np.empty_like(places), np.empty_like(places)
    for k, (t, w) in enumerate(parts):
        shift[k], scatter[k] = w @ t, w @ t**2
        for j, column in enumerate(t.T):
            power = np.exp(np.minimum(np.outer(column, places[k, j]), OVERFLOW))
            powers[k, j], tilted[k, j] = w @ power, (w * column) @ power
    return WeibullStats(mass, shift, scatter, powers, tilted)


def _variance(shape: Array) -> Array:
    """Of the logarithm of a time."""
    return VARIANCE / shape**2


def _shape(variance: Array) -> Array:
    """At which the logarithm of a time has this variance."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.sqrt(VARIANCE / variance))


def _log_ratio(x: Array, log_x: Array, scale: Array) -> Array:
    """The logarithms of x / scale, without loss of digits near the scale."""
    u = (x - scale) / scale
    near = np.abs(u) < 0.5
    return np.where(near, np.log1p(np.where(near, u, 0.0)), log_x - np.log(scale))


def _known(stats: WeibullStats) -> tuple[Array, Array]:
    """The logarithms of the powers, and their derivatives along the shape, at the places; 0 where there are no rows."""
    empty = stats.powers <= 0
    powers = np.where(empty, 1.0, stats.powers)
    return np.log(powers), stats.tilted / powers


def _own_variance(stats: WeibullStats) -> Array:
    """The variance of the logarithms of the rows of each component, shape (K, d); 0 where it may be rounding."""
    mean = per_mass(stats.shift, stats.mass)
    variance = per_mass(stats.scatter, stats.mass) - mean**2
    return np.where(variance > rounding_of(mean, _digits(stats.mass[:, None]) * mean**2), variance, 0.0)


def _digits(rows: Any) -> Any:
    """Up to which share of itself a sum over so many rows may be rounding, in whatever order a machine adds them."""
    return EPSILON * (8 + rows)
