"""Independent columns of shares.

Written with the mean m and the precision c, of which the usual shapes are a = c m and b = c (1 - m). The density then depends
on x through its distance from the mean alone, whose sums lose no digits however narrow a component is. The best precision
depends on the mean and the best mean on the precision, so one link of the M-step finds both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.memo import once
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Positive, UnitInterval
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk, as_float64
from emkit.data.profile import AnyProfile
from emkit.families.beta_fit import away_from, best, height
from emkit.families.by_column import IndependentColumns
from emkit.families.description import Description, Word
from emkit.families.family import keep_where_empty, per_mass, repeat
from emkit.families.floor import Floor, Floored, SpreadFloor, warn_of_constant_columns
from emkit.families.gamma import excess
from emkit.families.gamma_shape import log_less_digamma
from emkit.families.linear import Columns, LinearForm, Read, single
from emkit.families.spread import Spread, Variances
from emkit.families.support import Support

__all__ = ["Beta", "BetaParams"]

EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 64 * EPSILON  # a column with a spread below this is constant
SHARP = 1e3  # precisions beyond lose more than three digits in features that all components share


@dataclass(frozen=True, eq=False)
class BetaParams(Parameters):
    """`means` (K, d) between 0 and 1, and `precisions` (K, d) > 0: the variance is mean (1 - mean) / (1 + precision).

    The usual pair a = mean * precision and b = (1 - mean) * precision:

    >>> import emkit as ek
    >>> [each.ravel().tolist() for each in ek.BetaParams(means=[[0.25]], precisions=[[8.0]]).shapes]
    [[2.0], [6.0]]
    """

    means: Annotated[Array, UnitInterval(), Axes("component", "column")]
    precisions: Annotated[Array, Positive(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, precisions: ArrayLike) -> None: ...

    @property
    def shapes(self) -> tuple[Array, Array]:
        """The shapes a and b, each (K, d)."""
        return self.precisions * self.means, self.precisions * (1 - self.means)


@dataclass(frozen=True)
class BetaStats(Additive):
    """Sums about the means m of the E-step, with u = x / m - 1, v = (1 - x) / (1 - m) - 1.

    `mass` (K,) = sum w; `shift` (K, d) = sum w (x - m); `below` = sum w (u - log(1 + u)); `above` = sum w (v - log(1 + v)).
    """

    mass: Array
    shift: Array
    below: Array
    above: Array


@dataclass(frozen=True)
class Beta(Floored, IndependentColumns[BetaParams, BetaStats]):
    """Independent beta columns: log p(x|k) = sum_j (c m - 1) log x + (c - c m - 1) log(1 - x) - log B(c m, c - c m).

    Here m = m_kj is the mean and c = c_kj the precision.
    Data: x (n, d) of numbers between 0 and 1, which are excluded.
    The floor is under 1 / precision of every component: see `Floored`.

    Shares of a budget spent on food, made up, of households in two groups:

    >>> import emkit as ek
    >>> shares = [0.11, 0.14, 0.16, 0.17, 0.19, 0.22, 0.48, 0.5, 0.53, 0.55, 0.56, 0.61]
    >>> fit = ek.MixtureModel("beta", 2, random_state=0).fit(shares).result_.in_order()
    >>> print(fit.params.proportions.round(3), fit.params.components.means.ravel().round(3))
    [0.5 0.5] [0.165 0.538]
    """

    @property
    def name(self) -> str:
        return "beta"

    @property
    def support(self) -> Support:
        rule = "beta shares must be numbers between 0 and 1, which are excluded."
        return Support(((_outside, rule),), least=0.0, most=1.0)

    @property
    def described(self) -> Description:
        words = {"means": Word("mean", "m", 0.5), "precisions": Word("precision", "c", 2.0)}
        return Description(words, data="columns of shares, numbers between 0 and 1")

    @property
    def spread(self) -> Spread:
        return Variances("precisions", inverse=True)

    def log_density(self, params: BetaParams, x: Array) -> Array:
        logs, others = np.log(x), np.log1p(-x)
        base = (logs + others).sum(axis=1)
        found = np.empty((len(x), len(params.means)))
        for k, (m, c) in enumerate(zip(params.means, params.precisions, strict=True)):
            off = excess(x, logs, m) @ (c * m) + excess(1 - x, others, 1 - m) @ (c * (1 - m))
            found[:, k] = _constant(m, c).sum() - off - base
        return found

    def statistics(self, params: BetaParams, x: Array, weights: Array) -> BetaStats:
        logs, others = np.log(x), np.log1p(-x)
        sums = [
            (w @ (x - m), w @ excess(x, logs, m), w @ excess(1 - x, others, 1 - m))
            for w, m in zip(weights.T, params.means, strict=True)
        ]
        shift, below, above = (np.stack(each) for each in zip(*sums, strict=True))
        return BetaStats(weights.sum(axis=0), shift, below, above)

    def linear(self, params: BetaParams) -> LinearForm[BetaStats] | None:
        if params.precisions.max() > SHARP:
            return None
        (a, b), d = params.shapes, params.means.shape[1]
        constant = _constant(params.means, params.precisions) - a * np.log(params.means) - b * np.log1p(-params.means)

        def statistics(sums: Array, chunk: Chunk) -> BetaStats:
            mass, m = sums[:, :1], params.means
            total, logs, others = np.split(sums[:, 1:], 3, axis=1)
            shift = total - mass * m
            below, above = shift / m - logs + mass * np.log(m), -shift / (1 - m) - others + mass * np.log1p(-m)
            return BetaStats(sums[:, 0].copy(), shift, np.maximum(below, 0), np.maximum(above, 0))

        return LinearForm(
            np.concatenate([constant.sum(axis=1, keepdims=True), np.zeros_like(a), a, b], axis=1),
            Read(_features, Columns(single(1 + 3 * d), np.zeros(3 * d), np.ones(3 * d))),
            _log_base,
            _total_log_base,
            statistics,
        )

    def updates(self) -> Mapping[str, Update[BetaStats, BetaParams]]:
        return {"": self._both}

    def _both(self, stats: BetaStats, before: BetaParams, now: BetaParams) -> BetaParams:
        """The mean and precision that are best together; where the floor holds the precision, the mean that is best with it.

        Shapes: mass (K,), shift, below and above (K, d) -> (K, d) and (K, d). Unit: none.
        Errors: DegenerateFitError if all rows of a component are equal, and no floor holds it or it had been freed from there.
        Source: set d/da and d/db [mass (log Gamma(a + b) - log Gamma(a) - log Gamma(b)) + a sum w log x + b sum w log(1 - x)]
        = 0; Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 25.
        """
        rows, below, above = _about_own_mean(stats, before)
        equal = (rows * below + (1 - rows) * above <= EPSILON**2) | (stats.mass[:, None] <= 0)
        means, precisions = best(rows, np.where(equal, 1.0, below), np.where(equal, 1.0, above))
        raw = np.where(equal, 0.0, 1 / precisions)
        spread, holds = self.above_the_floor(raw, 1 / before.precisions, stats.mass)
        if holds.any():
            means = np.where(holds, best(rows, below, above, 1 / spread)[0], means)
        return BetaParams(
            keep_where_empty(means, before.means, stats.mass), keep_where_empty(1 / spread, before.precisions, stats.mass)
        )

    def expected(self, stats: BetaStats, before: BetaParams, now: BetaParams) -> Expected:
        mass, m, c = stats.mass[:, None], now.means, now.precisions
        rows, below, above = _about_own_mean(stats, before)
        a, b = now.shapes
        away = away_from(m, rows, below, above)
        slope = log_less_digamma(a) - log_less_digamma(b) - np.log1p((m - rows) / rows) + np.log1p((rows - m) / (1 - rows))
        of_means = mass * c * (slope - below + above)
        of_precisions = (
            m * log_less_digamma(a) + (1 - m) * log_less_digamma(b) - log_less_digamma(c) - away
        )  # fmt: skip
        return Expected(float((mass * height(m, c, away)).sum()), {"means": of_means, "precisions": mass * of_precisions})

    def draw(self, params: BetaParams, rng: np.random.Generator, components: Integers) -> Array:
        a, b = params.shapes
        inside = np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)
        return np.clip(rng.beta(a[components], b[components]), *inside)

    def pooled(self, profile: AnyProfile, n_components: int) -> BetaParams:
        means, below, above = _whole(profile)
        spread = _spread(means, below, above)
        varies = spread > ROUNDING
        found, precisions = best(means, np.where(varies, below, 1.0), np.where(varies, above, 1.0))
        most = 1 / (max(self.floor, EPSILON) * _unit(spread))
        precisions = np.where(varies, np.minimum(precisions, most), most)
        return BetaParams(repeat(np.where(varies, found, means), n_components), repeat(precisions, n_components))

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of constant columns, whose precision cannot be estimated."""
        whole = _spread(*_whole(profile))
        warn_of_constant_columns(profile.columns, whole <= ROUNDING, "A beta precision")
        return self.measured(profile, _unit(whole))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        whole = _spread(*_whole(profile))
        return SpreadFloor("precisions", self.floor * _unit(whole), whole > ROUNDING, _inverse, _inverse)


def _constant(mean: Array, precision: Array) -> Array:
    """The part of the log-density that depends on the parameters alone."""
    return height(mean, precision, np.zeros_like(mean))


def _inverse(value: Array) -> Array:
    return 1 / value


def _about_own_mean(stats: BetaStats, before: BetaParams) -> tuple[Array, Array, Array]:
    """The mean of the rows of each component, and how far the logarithms lie below and above its own: see `away_from`."""
    shift, m = per_mass(stats.shift, stats.mass), before.means
    below, above = per_mass(stats.below, stats.mass), per_mass(stats.above, stats.mass)
    return m + shift, _moved(below, shift / m), _moved(above, -shift / (1 - m))


def _moved(excess: Array, move: Array) -> Array:
    """log(mean) - mean(log), from the mean of u - log(1 + u) where u has the mean `move`; floored at rounding."""
    return np.maximum(excess - (move - np.log1p(move)), 0.0) + 4 * EPSILON * (move - np.log1p(move))


def _spread(mean: Array, below: Array, above: Array) -> Array:
    """About 1 / precision: twice how far the rows lie from their mean."""
    return 2 * (mean * below + (1 - mean) * above)


@once
def _whole(profile: AnyProfile) -> tuple[Array, Array, Array]:
    """Of all rows the mean, and how far the logarithms lie below and above its own, each (d,)."""
    mean = profile.average(lambda x: x)
    below = profile.average(lambda x: excess(x, np.log(x), mean))
    return mean, below, profile.average(lambda x: excess(1 - x, np.log1p(-x), 1 - mean))


def _unit(spread: Array) -> Array:
    """A constant column has no spread to be a fraction of: it is given that of an even one, about 1, instead."""
    return np.where(spread > ROUNDING, spread, 1.0)


def _features(x: Array) -> Array:
    return np.concatenate([x, np.log(x), np.log1p(-x)], axis=1)


def _log_base(x: Array) -> Array:
    x = as_float64(x)
    return np.asarray(-(np.log(x) + np.log1p(-x)).sum(axis=1))


@once
def _total_log_base(chunk: Chunk) -> float:
    return float(chunk.weights @ _log_base(chunk.x))


def _outside(x: Array) -> Mask:
    return (x <= 0) | (x >= 1)
