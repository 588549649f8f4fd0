"""Independent columns of times until a drifting random walk first reaches a level.

As with gamma columns, the best mean is the weighted mean of the rows whatever the shape, and sums are taken about the means of
the E-step, so that they lose no digits however narrow a component is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import lt
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.memo import once
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Positive
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.families.between import Between, Told
from emkit.families.between_logs import LogLaw, told_by_logs
from emkit.families.by_column import IndependentColumns
from emkit.families.description import Description, Estimate, Total, Word
from emkit.families.family import Carry, keep_where_empty, per_mass, repeat
from emkit.families.floor import Floor, Floored, SpreadFloor, warn_of_constant_columns
from emkit.families.spread import Spread, Variances
from emkit.families.support import LARGEST_AMOUNT, Support, Where, positive
from emkit.formulas.expressions import Given, Quotient, Sum
from emkit.formulas.numerals import significant

__all__ = ["InverseGaussian", "InverseGaussianParams"]

EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 64 * EPSILON  # a column whose spread, as a multiple of its mean, is below this is constant
LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class InverseGaussianParams(Parameters):
    """`means` (K, d) and `shapes` (K, d), both > 0 and in the unit of the data; the variance is mean^3 / shape.

    The variance is mean^3 / shape:

    >>> import emkit as ek
    >>> params = ek.InverseGaussianParams(means=[[2.0]], shapes=[[4.0]])
    >>> (params.means**3 / params.shapes).tolist()
    [[2.0]]
    """

    means: Annotated[Array, Positive(), Axes("component", "column")]
    shapes: Annotated[Array, Positive(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, shapes: ArrayLike) -> None: ...


@dataclass(frozen=True)
class InverseGaussianStats(Additive):
    """Sums about the means m of the E-step.

    `mass` (K,) = sum w; `shift` (K, d) = sum w (x - m) / m; `away` (K, d) = sum w (x - m)^2 / (m x).
    """

    mass: Array
    shift: Array
    away: Array


@dataclass(frozen=True)
class InverseGaussian(Floored, IndependentColumns[InverseGaussianParams, InverseGaussianStats]):
    """Inverse Gaussian columns: log p(x|k) = 1/2 sum_j [log s - log 2 pi - 3 log x - s (x - m)^2 / (m^2 x)].

    Here m = m_kj is the mean and s = s_kj the shape. Data: x (n, d) of numbers > 0.
    The floor is under 1 / shape of every component: see `Floored`.

    Millions of revolutions that 23 ball bearings lasted (Lieblein & Zelen, 1956):

    >>> import emkit as ek
    >>> lives = (
    ...     "17.88 28.92 33 41.52 42.12 45.6 48.4 51.84 51.96 54.12 55.56 67.8 68.64 68.64 68.88 84.12 93.12 98.64 105.12 "
    ...     "105.84 127.92 128.04 173.4"
    ... )
    >>> lives = [float(life) for life in lives.split()]
    >>> fit = ek.MixtureModel("inverse-gaussian", 1).fit(lives).result_
    >>> print(fit.params.components.means.round(2), fit.params.components.shapes.round(2), round(fit.log_likelihood, 3))
    [[72.22]] [[231.63]] -113.205
    """

    @property
    def name(self) -> str:
        return "inverse-gaussian"

    @property
    def support(self) -> Support:
        least = 1 / LARGEST_AMOUNT
        vanishing = f"times below {least:g} overflow when they are divided by. Multiply the column by a constant."
        numbers = positive("inverse Gaussian times", LARGEST_AMOUNT)
        return replace(numbers, rules=(*numbers.rules, (Where(lt, least), vanishing)))

    @property
    def described(self) -> MeansAndShapes:
        words = {"means": Word("mean", "m", 1.0), "shapes": Word("shape", "s", 2.0)}
        return MeansAndShapes(words, data="columns of times, numbers > 0")

    @property
    def spread(self) -> Spread:
        return Variances("shapes", inverse=True)

    def log_density(self, params: InverseGaussianParams, x: Array) -> Array:
        base = -1.5 * np.log(x).sum(axis=1) - 0.5 * x.shape[1] * LOG_2_PI
        found = np.empty((len(x), len(params.means)))
        for k, (m, s) in enumerate(zip(params.means, params.shapes, strict=True)):
            with np.errstate(over="ignore"):  # far from where the rows are
                found[:, k] = base + 0.5 * (np.log(s).sum() - _away(x, m) @ (s / m))
        return found

    def statistics(self, params: InverseGaussianParams, x: Array, weights: Array) -> InverseGaussianStats:
        pairs = [(w @ ((x - m) / m), w @ _away(x, m)) for w, m in zip(weights.T, params.means, strict=True)]
        return InverseGaussianStats(weights.sum(axis=0), np.stack([a for a, _ in pairs]), np.stack([b for _, b in pairs]))

    @property
    def between(self) -> Told[InverseGaussianParams, InverseGaussianStats]:
        return self._between

    def _between(self, params: InverseGaussianParams, low: Array, high: Array) -> Between[InverseGaussianStats]:
        """With t = log(x / m) and r = s / m, log f(t) = 1/2 log(r / 2 pi) - t / 2 - r / 2 (exp(t) - 2 + exp(-t))."""
        means = params.means[:, 0]
        ratios = (params.shapes[:, 0] / means).tolist()
        laws = [LogLaw(0.5 * (math.log(ratio) - LOG_2_PI), -0.5, ratio / 2, ratio / 2) for ratio in ratios]
        return told_by_logs(laws, means, low, high, _of_logs)

    def updates(self) -> Mapping[str, Update[InverseGaussianStats, InverseGaussianParams]]:
        return {"means": self._means, "shapes": self._shapes}

    def _means(self, stats: InverseGaussianStats, before: InverseGaussianParams, now: InverseGaussianParams) -> Array:
        """The weighted mean of the rows of each component.

        Shapes: mass (K,), shift (K, d) -> (K, d). Unit: that of the data.
        Source: set d/dm [-s sum w (x - m)^2 / (2 m^2 x)] = s sum w (x - m) / m^3 = 0, whatever the shape s.
        """
        return before.means * (1 + per_mass(stats.shift, stats.mass))

    def _shapes(self, stats: InverseGaussianStats, before: InverseGaussianParams, now: InverseGaussianParams) -> Array:
        """Expected number of rows / sum of w (x - m)^2 / (m^2 x) about the means `now`.

        Shapes: mass (K,), away (K, d) -> (K, d). Unit: that of the data.
        Errors: DegenerateFitError if all rows of a component are equal, and no floor holds it or it had been freed from there.
        Source: set d/ds [mass / 2 log s - s/2 sum w (x - m)^2 / (m^2 x)] = 0; Tweedie (1957), Ann. Math. Statist. 28, 362-377.
        """
        raw = per_mass(_away_from(stats, before, now), stats.mass) / now.means
        spread, _ = self.above_the_floor(raw, 1 / before.shapes, stats.mass)
        return keep_where_empty(1 / spread, before.shapes, stats.mass)

    def expected(
        self, stats: InverseGaussianStats, before: InverseGaussianParams, now: InverseGaussianParams
    ) -> Expected:  # fmt: skip
        mass, m, s = stats.mass[:, None], now.means, now.shapes
        away = _away_from(stats, before, now) / m
        of_means = s * (before.means * (mass + stats.shift) - mass * m) / m**3
        return Expected(float((mass * np.log(s) - s * away).sum()) / 2, {"means": of_means, "shapes": (mass / s - away) / 2})

    @property
    def carry(self) -> Carry[InverseGaussianStats, InverseGaussianParams]:
        return self._carried

    def _carried(
        self, stats: InverseGaussianStats, before: InverseGaussianParams, now: InverseGaussianParams
    ) -> InverseGaussianStats:
        total = before.means * (stats.mass[:, None] + stats.shift)
        away, _ = _moved(stats, before, now.means)
        return InverseGaussianStats(stats.mass, total / now.means - stats.mass[:, None], np.maximum(away, 0.0))

    def draw(self, params: InverseGaussianParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.wald(params.means[components], params.shapes[components])

    def pooled(self, profile: AnyProfile, n_components: int) -> InverseGaussianParams:
        means, spread = _whole(profile)
        spread = np.maximum(spread, max(self.floor, EPSILON) * _unit(spread, means))
        return InverseGaussianParams(repeat(means, n_components), repeat(1 / spread, n_components))

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of constant columns, whose shape cannot be estimated."""
        means, spread = _whole(profile)
        warn_of_constant_columns(profile.columns, spread * means <= ROUNDING, "An inverse Gaussian shape")
        return self.measured(profile, _unit(spread, means))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        means, spread = _whole(profile)
        return SpreadFloor("shapes", self.floor * _unit(spread, means), spread * means > ROUNDING, _inverse, _inverse)


@dataclass(frozen=True)
class MeansAndShapes(Description):
    """mean = old mean + deviations / rows, and shape = rows / distances, with the distances (x - mean)^2 / (mean^2 x)."""

    @property
    def formula(self) -> str:
        return "sqrt(shape / (2 pi x^3)) * exp(-shape (x - mean)^2 / (2 mean^2 x))"

    def totals(self, stats: InverseGaussianStats, params: InverseGaussianParams) -> Iterator[Total]:
        for j, shift in enumerate((stats.shift * params.means).T):
            yield Total("deviations", shift, (j,))

    def estimates(self, stats: InverseGaussianStats, before: Any, after: Any) -> Iterator[Estimate]:
        deviations, distances = stats.shift * before.means, _away_from(stats, before, after) / after.means
        for k, j in np.argwhere((stats.mass > 0)[:, None] & (distances > 0)).tolist():
            rows = Given("rows", float(stats.mass[k]))
            shift = Quotient(Given("deviations", float(deviations[k, j])), rows)
            yield Estimate("means", (k, j), Sum((Given("old mean", float(before.means[k, j])), shift)))
            yield Estimate("shapes", (k, j), Quotient(rows, Given("distances", float(distances[k, j]))))

    def write(self, name: str, value: float) -> str:
        return significant(value, 5) if name in ("old mean", "distances") else super().write(name, value)


def _of_logs(parts: Sequence[tuple[Array, Array]]) -> InverseGaussianStats:
    """Of places t (m,) = log(x / m) with weights (m,), for each component."""
    every = [(w.sum(), w @ np.expm1(t), w @ (2 * np.sinh(t / 2)) ** 2) for t, w in parts]
    mass, shift, away = np.array(every).reshape(-1, 3).T
    return InverseGaussianStats(mass, shift[:, None], away[:, None])


def _inverse(value: Array) -> Array:
    return 1 / value


def _away(x: Array, mean: Array) -> Array:
    """The distance (x - mean)^2 / (mean x) >= 0: 0 at the mean, shape (n, d)."""
    gap = x - mean
    return np.asarray((gap / mean) * (gap / x))


def _away_from(stats: InverseGaussianStats, before: InverseGaussianParams, now: InverseGaussianParams) -> Array:
    """The sum of w (x - m)^2 / (m x) about the means `now` (they may be held), floored at rounding."""
    moved, rounding = _moved(stats, before, now.means)
    return np.maximum(moved, 0) + rounding


def _moved(stats: InverseGaussianStats, before: InverseGaussianParams, means: Array) -> tuple[Array, Array]:
    """The sums of w (x - m)^2 / (m x) about other means, shape (K, d), and how much of them may be rounding."""
    mass, ratio, move = stats.mass[:, None], means / before.means, (means - before.means) / before.means
    moved = ratio * stats.away + (mass * move**2 - stats.shift * move * (2 + move)) / ratio
    return moved, 4 * EPSILON * mass * move**2 / ratio


@once
def _whole(profile: AnyProfile) -> tuple[Array, Array]:
    """Means and 1 / shapes (d,) of all rows."""
    means = profile.average(lambda x: x)
    return means, profile.average(lambda x: _away(x, means)) / means


def _unit(spread: Array, mean: Array) -> Array:
    """A constant column has no spread to be a fraction of: it is given that of a column that varies as much as its mean."""
    return np.where(spread * mean > ROUNDING, spread, 1 / mean)
