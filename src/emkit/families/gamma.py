"""Independent columns of positive amounts.

The density is written with the mean m of a column, not with its rate a / m, for two reasons. The best mean is the weighted
mean of the rows whatever the shape, so that means and shapes can be maximised in turn and either can be held. And the
density then depends on x through u = x / m - 1 alone, whose statistics add up over chunks and lose no digits however narrow
a component is (sums of x and log x lose them all at a shape of 1e8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

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
from emkit.families.between_logs import LogLaw, bent, told_by_logs
from emkit.families.by_column import IndependentColumns
from emkit.families.description import Description, Word
from emkit.families.family import Carry, keep_where_empty, per_mass, repeat
from emkit.families.floor import Floor, Floored, SpreadFloor, warn_of_constant_columns
from emkit.families.gamma_shape import log_less_digamma, log_less_gammaln, shape_of
from emkit.families.spread import Spread, Variances
from emkit.families.support import LARGEST_AMOUNT, Support, positive

__all__ = ["Gamma", "GammaParams"]

EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 64 * EPSILON  # a column with a spread below this is constant


@dataclass(frozen=True, eq=False)
class GammaParams(Parameters):
    """`shapes` (K, d), without a unit, and `means` (K, d) in the unit of the data; both > 0.

    >>> import emkit as ek
    >>> ek.GammaParams(shapes=[[2.0]], means=[[8.0]]).rates.tolist()
    [[0.25]]
    """

    shapes: Annotated[Array, Positive(), Axes("component", "column")]
    means: Annotated[Array, Positive(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, shapes: ArrayLike, means: ArrayLike) -> None: ...

    @property
    def rates(self) -> Array:
        """Shape / mean, the coefficient of -x in the log-density, shape (K, d)."""
        return self.shapes / self.means


@dataclass(frozen=True)
class GammaStats(Additive):
    """Sums about the means m of the E-step, with u = x / m - 1.

    `mass` (K,) = sum w; `shift` (K, d) = sum w u; `excess` (K, d) = sum w (u - log(1 + u)).
    """

    mass: Array
    shift: Array
    excess: Array


@dataclass(frozen=True)
class Gamma(Floored, IndependentColumns[GammaParams, GammaStats]):
    """Independent gamma columns: log p(x|k) = sum_j a log(a / m) - log Gamma(a) + (a - 1) log x - a x / m, with a = a_kj.

    Data: x (n, d) of numbers > 0.
    The floor is under every component's spread, log(mean of x) - mean(log x): see `Floored`.

    The mean is that of the data, whatever the shape:

    >>> import emkit as ek
    >>> found = ek.MixtureModel(ek.Gamma(), 1).fit([1.0, 2.0, 3.0, 6.0]).result_.params.components
    >>> found.means.round(6).tolist(), found.shapes.round(4).tolist()
    ([[3.0]], [[2.621]])
    """

    @property
    def name(self) -> str:
        return "gamma"

    @property
    def described(self) -> Description:
        words = {"shapes": Word("shape", "a", 2.0), "means": Word("mean", "m", 1.0)}
        return Description(words, data="columns of amounts, numbers > 0")

    @property
    def spread(self) -> Spread:
        return Variances("shapes", inverse=True)

    def log_density(self, params: GammaParams, x: Array) -> Array:
        constant = log_less_gammaln(params.shapes).sum(axis=1)
        log_x = np.log(x)
        deviance = [excess(x, log_x, m) @ a for a, m in zip(params.shapes, params.means, strict=True)]
        return constant - np.stack(deviance, axis=1) - log_x.sum(axis=1, keepdims=True)

    def statistics(self, params: GammaParams, x: Array, weights: Array) -> GammaStats:
        log_x = np.log(x)
        shift = np.stack([weights[:, k] @ ((x - m) / m) for k, m in enumerate(params.means)])
        beyond = np.stack([weights[:, k] @ excess(x, log_x, m) for k, m in enumerate(params.means)])
        return GammaStats(weights.sum(axis=0), shift, beyond)

    @property
    def between(self) -> Told[GammaParams, GammaStats]:
        return self._between

    def _between(self, params: GammaParams, low: Array, high: Array) -> Between[GammaStats]:
        """With t = log(x / m), log f(t) = a log a - a - log Gamma(a) - a (exp(t) - 1 - t)."""
        shapes, means = params.shapes[:, 0], params.means[:, 0]
        constants = log_less_gammaln(shapes)
        laws = [LogLaw(float(constant), 0.0, float(a), 0.0) for constant, a in zip(constants, shapes, strict=True)]
        return told_by_logs(laws, means, low, high, _of_logs)

    def updates(self) -> Mapping[str, Update[GammaStats, GammaParams]]:
        return {"means": self._means, "shapes": self._shapes}

    def _means(self, stats: GammaStats, before: GammaParams, now: GammaParams) -> Array:
        """The weighted mean of the rows of each component.

        Shapes: mass (K,), shift (K, d) -> (K, d). Unit: that of the data.
        Source: set d/dm [-a (mass log m + total / m)] = 0, whatever the shape a.
        """
        return before.means * (1 + per_mass(stats.shift, stats.mass))

    def _shapes(self, stats: GammaStats, before: GammaParams, now: GammaParams) -> Array:
        """The shape a at which log a - digamma(a) is the spread of the rows about the means `now`.

        Shapes: mass (K,), excess (K, d) -> (K, d).
        Errors: DegenerateFitError if all rows of a component are equal, and no floor holds it or it had been freed from there.
        Source: set d/da [mass (a log a - log Gamma(a)) - a excess] = 0; Minka (2002), Estimating a Gamma distribution.
        """
        raw = _spread_about(stats, before, now)
        spread, _ = self.above_the_floor(raw, log_less_digamma(before.shapes), stats.mass)
        return keep_where_empty(shape_of(spread), before.shapes, stats.mass)

    def expected(self, stats: GammaStats, before: GammaParams, now: GammaParams) -> Expected:
        mass, a = stats.mass[:, None], now.shapes
        spread, move = _moved_spread(stats, before, now)
        value = (mass * (log_less_gammaln(a) - a * spread)).sum()
        of_means = a * (stats.shift - mass * move) / ((1 + move) ** 2 * before.means)
        return Expected(float(value), {"shapes": mass * (log_less_digamma(a) - spread), "means": of_means})

    @property
    def carry(self) -> Carry[GammaStats, GammaParams]:
        return self._carried

    def _carried(self, stats: GammaStats, before: GammaParams, now: GammaParams) -> GammaStats:
        mass, (spread, move) = stats.mass[:, None], _moved_spread(stats, before, now)
        return GammaStats(stats.mass, (stats.shift - mass * move) / (1 + move), np.maximum(mass * spread, 0.0))

    def draw(self, params: GammaParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.gamma(params.shapes[components], 1 / params.rates[components])

    def pooled(self, profile: AnyProfile, n_components: int) -> GammaParams:
        means, spread = _whole(profile)
        shapes = shape_of(np.maximum(spread, max(self.floor, EPSILON) * _unit(spread)))
        return GammaParams(repeat(shapes, n_components), repeat(means, n_components))

    @property
    def support(self) -> Support:
        return positive("gamma amounts", LARGEST_AMOUNT)

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of constant columns, whose shape cannot be estimated."""
        whole = _whole(profile)[1]
        warn_of_constant_columns(profile.columns, whole <= ROUNDING, "A gamma shape")
        return self.measured(profile, _unit(whole))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        whole = _whole(profile)[1]
        return SpreadFloor("shapes", self.floor * _unit(whole), whole > ROUNDING, log_less_digamma, shape_of)


def _of_logs(parts: Sequence[tuple[Array, Array]]) -> GammaStats:
    """Of places t (m,) = log(x / m) with weights (m,), for each component."""
    every = [(w.sum(), w @ np.expm1(t), w @ bent(t)) for t, w in parts]
    mass, shift, beyond = np.array(every).reshape(-1, 3).T
    return GammaStats(mass, shift[:, None], beyond[:, None])


def excess(x: Array, log_x: Array, means: Array) -> Array:
    """The function u - log(1 + u) >= 0 of u = x / mean - 1: 0 at the mean, about u^2 / 2 near it, shape (n, d)."""
    u = (x - means) / means
    near = np.abs(u) < 0.5  # far below the mean, 1 + u has lost the digits of x
    return u - np.where(near, np.log1p(np.where(near, u, 0.0)), log_x - np.log(means))


@once
def _whole(profile: AnyProfile) -> tuple[Array, Array]:
    """Means and spreads (d,) of all rows."""
    means = profile.average(lambda x: x)
    return means, profile.average(lambda x: excess(x, np.log(x), means))


def _moved_spread(stats: GammaStats, before: GammaParams, now: GammaParams) -> tuple[Array, Array]:
    """The mean of `excess` about the means `now` (they may be held), and how far these are from those of the E-step."""
    shift, spread = per_mass(stats.shift, stats.mass), per_mass(stats.excess, stats.mass)
    move = (now.means - before.means) / before.means
    return spread + (shift - move) / (1 + move) - (shift - np.log1p(move)), move


def _spread_about(stats: GammaStats, before: GammaParams, now: GammaParams) -> Array:
    """The mean of `excess` about the means `now`, floored at rounding."""
    moved, move = _moved_spread(stats, before, now)
    return np.maximum(moved, 0) + 4 * EPSILON * (move - np.log1p(move))


def _unit(spread: Array) -> Array:
    """A constant column has no spread to be a fraction of: it is given that of an exponential column, about 1, instead."""
    return np.where(spread > ROUNDING, spread, 1.0)
