"""Independent columns of angles.

The best direction is that of the resultant of the rows whatever the concentration. Sums are taken about the directions of the
E-step, so that they lose no digits however concentrated a component is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.memo import once
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import NonNegative, Real
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.families.by_column import IndependentColumns
from emkit.families.concentration import circular_spread, concentration_of
from emkit.families.description import Description, Word
from emkit.families.family import Carry, keep_where_empty, per_mass, repeat
from emkit.families.floor import Floor, Floored, SpreadFloor, warn_of_constant_columns
from emkit.families.linear import Columns, LinearForm, Read, no_base, no_constant, single
from emkit.families.spread import Spread, Variances
from emkit.families.support import Support

__all__ = ["VonMises", "VonMisesParams"]

EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = (64 * EPSILON) ** 2  # a column with a spread below this is constant
LOG_2_PI = float(np.log(2 * np.pi))
SHARP = 1e3  # concentrations beyond lose more than three digits in features that all components share


@dataclass(frozen=True, eq=False)
class VonMisesParams(Parameters):
    """`directions` (K, d) in radians, up to whole turns, and `concentrations` (K, d), >= 0: 0 for angles from everywhere.

    >>> import emkit as ek
    >>> import numpy as np
    >>> params = ek.VonMisesParams(directions=[[np.pi / 2]], concentrations=[[3.0]])
    >>> np.degrees(params.directions).tolist(), params.concentrations.tolist()
    ([[90.0]], [[3.0]])
    """

    directions: Annotated[Array, Real(), Axes("component", "column")]
    concentrations: Annotated[Array, NonNegative(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, directions: ArrayLike, concentrations: ArrayLike) -> None: ...


@dataclass(frozen=True)
class VonMisesStats(Additive):
    """Sums about the directions m of the E-step.

    `mass` (K,) = sum w; `shift` (K, d) = sum w sin(x - m); `away` (K, d) = sum w (1 - cos(x - m)).
    """

    mass: Array
    shift: Array
    away: Array


@dataclass(frozen=True)
class VonMises(Floored, IndependentColumns[VonMisesParams, VonMisesStats]):
    """Independent von Mises columns: log p(x|k) = sum_j c cos(x_j - m) - log 2 pi I_0(c), with m = m_kj and c = c_kj.

    Data: x (n, d) of angles in radians, from -2 pi to 2 pi. The floor is under 1 / concentration of every component: see
    `Floored`.

    Directions, in degrees, that 76 turtles took after laying eggs (Stephens, 1969): most to the sea, some away from it:

    >>> import emkit as ek
    >>> turtles = (
    ...     "8 9 13 13 14 18 22 27 30 34 38 38 40 44 45 47 48 48 48 48 50 53 56 57 58 58 61 63 64 64 64 65 65 68 70 73 78 78 "
    ...     "78 83 83 88 88 88 90 92 92 93 95 96 98 100 103 106 113 118 138 153 153 155 204 215 223 226 237 238 243 244 250 "
    ...     "251 257 268 285 319 343 350"
    ... )
    >>> angles = np.radians([[float(angle)] for angle in turtles.split()])
    >>> start = ek.MixtureParams([0.5, 0.5], ek.VonMisesParams([[1.0], [4.0]], [[1.0], [1.0]]))
    >>> fit = ek.fit(ek.Mixture(ek.VonMises()), angles, start)
    >>> print(fit.params.proportions.round(2), np.degrees(fit.params.components.directions).ravel().round())
    [0.84 0.16] [ 63. 241.]
    """

    @property
    def name(self) -> str:
        return "von-mises"

    @property
    def support(self) -> Support:
        rule = "angles are in radians and must lie from -2 pi to 2 pi. Convert degrees with numpy.radians."
        return Support(((lambda x: np.abs(np.asarray(x, np.float64)) > 2 * np.pi * (1 + 1e-6), rule),), circular=True)

    @property
    def described(self) -> Description:
        words = {"directions": Word("direction", "m", 0.0), "concentrations": Word("concentration", "c", 1.0)}
        return Description(words, data="columns of angles in radians")

    @property
    def spread(self) -> Spread:
        return Variances("concentrations", inverse=True)

    def log_density(self, params: VonMisesParams, x: Array) -> Array:
        off = [_away(x, m) @ c for m, c in zip(params.directions, params.concentrations, strict=True)]
        return _log_peak(params.concentrations).sum(axis=1) - np.stack(off, axis=1)

    def statistics(self, params: VonMisesParams, x: Array, weights: Array) -> VonMisesStats:
        pairs = [(w @ np.sin(x - m), w @ _away(x, m)) for w, m in zip(weights.T, params.directions, strict=True)]
        return VonMisesStats(weights.sum(axis=0), np.stack([a for a, _ in pairs]), np.stack([b for _, b in pairs]))

    def linear(self, params: VonMisesParams) -> LinearForm[VonMisesStats] | None:
        m, c = params.directions, params.concentrations
        if c.max() > SHARP:
            return None
        cosine, sine = np.cos(m), np.sin(m)

        def statistics(sums: Array, chunk: Chunk) -> VonMisesStats:
            cosines, sines = np.split(sums[:, 1:], 2, axis=1)
            away = sums[:, :1] - (cosines * cosine + sines * sine)
            return VonMisesStats(sums[:, 0].copy(), sines * cosine - cosines * sine, np.maximum(away, 0))

        number = 2 * m.shape[1]
        return LinearForm(
            np.concatenate([(_log_peak(c) - c).sum(axis=1, keepdims=True), c * cosine, c * sine], axis=1),
            Read(_features, Columns(single(1 + number), np.zeros(number), np.ones(number))),
            no_base,
            no_constant,
            statistics,
        )

    def updates(self) -> Mapping[str, Update[VonMisesStats, VonMisesParams]]:
        return {"directions": self._directions, "concentrations": self._concentrations}

    def _directions(self, stats: VonMisesStats, before: VonMisesParams, now: VonMisesParams) -> Array:
        """The direction of the resultant of the rows of each component, less than half a turn from where it was.

        Shapes: mass (K,), shift and away (K, d) -> (K, d). Unit: radians.
        Source: maximise c sum w cos(x - m), whatever the concentration c; Mardia & Jupp (2000), Directional Statistics, 5.3.
        """
        return before.directions + np.arctan2(stats.shift, stats.mass[:, None] - stats.away)

    def _concentrations(self, stats: VonMisesStats, before: VonMisesParams, now: VonMisesParams) -> Array:
        """The concentration c at which 1 - I_1(c) / I_0(c) is the mean of 1 - cos(x - m) about the directions `now`.

        0 where that is 1 or more. Shapes: mass (K,), shift and away (K, d) -> (K, d). Unit: none.
        Errors: DegenerateFitError if all rows of a component are equal, and no floor holds it or it had been freed from there.
        Source: set d/dc [c sum w cos(x - m) - mass log I_0(c)] = 0; Mardia & Jupp (2000), Directional Statistics, 5.3.
        """
        spread = per_mass(_away_from(stats, now.directions - before.directions), stats.mass, 1.0)
        found = concentration_of(np.where(spread > ROUNDING, spread, 1.0))
        raw = np.where(spread > ROUNDING, _inverse(found), 0.0)
        kept, _ = self.above_the_floor(raw, _inverse(before.concentrations), stats.mass)
        return keep_where_empty(_inverse(kept), before.concentrations, stats.mass)

    def expected(self, stats: VonMisesStats, before: VonMisesParams, now: VonMisesParams) -> Expected:
        mass, c, move = stats.mass[:, None], now.concentrations, now.directions - before.directions
        away = _away_from(stats, move)
        of_directions = c * (stats.shift * np.cos(move) - (mass - stats.away) * np.sin(move))
        of_concentrations = mass * circular_spread(c) - away
        slopes = {"directions": of_directions, "concentrations": of_concentrations}
        return Expected(float((mass * _log_peak(c) - c * away).sum()), slopes)

    @property
    def carry(self) -> Carry[VonMisesStats, VonMisesParams]:
        return self._carried

    def _carried(self, stats: VonMisesStats, before: VonMisesParams, now: VonMisesParams) -> VonMisesStats:
        move = now.directions - before.directions
        shift = stats.shift * np.cos(move) - (stats.mass[:, None] - stats.away) * np.sin(move)
        return VonMisesStats(stats.mass, shift, _away_from(stats, move))

    def draw(self, params: VonMisesParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.vonmises(params.directions[components], params.concentrations[components])

    def pooled(self, profile: AnyProfile, n_components: int) -> VonMisesParams:
        direction, spread = _whole(profile)
        least = max(self.floor, EPSILON) * _unit(spread)
        own = concentration_of(np.where(spread > ROUNDING, spread, 1.0))
        inverse = np.maximum(np.where(spread > ROUNDING, _inverse(own), 0.0), least)
        return VonMisesParams(repeat(direction, n_components), repeat(_inverse(inverse), n_components))

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of constant columns, whose concentration cannot be estimated."""
        spread = _whole(profile)[1]
        warn_of_constant_columns(profile.columns, spread <= ROUNDING, "A concentration")
        return self.measured(profile, _unit(spread))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        spread = _whole(profile)[1]
        return SpreadFloor("concentrations", self.floor * _unit(spread), spread > ROUNDING, _inverse, _inverse)


def _inverse(value: Array) -> Array:
    """1 / value, infinite at 0 and 0 at infinity."""
    with np.errstate(divide="ignore"):
        return 1 / value


def _away(x: Array, direction: Array) -> Array:
    """1 - cos(x - direction), without cancellation, shape (n, d)."""
    return np.asarray(2 * np.sin((x - direction) / 2) ** 2)


def _log_peak(concentration: Array) -> Array:
    """The log-density in the middle."""
    return -np.log(scipy.special.i0e(concentration)) - LOG_2_PI


def _away_from(stats: VonMisesStats, move: Array) -> Array:
    """The sum of w (1 - cos(x - m)) about directions that have moved, shape (K, d)."""
    turned = stats.mass[:, None] * 2 * np.sin(move / 2) ** 2 + np.cos(move) * stats.away - np.sin(move) * stats.shift
    return np.maximum(turned, 0.0)


@once
def _whole(profile: AnyProfile) -> tuple[Array, Array]:
    """Direction (d,) and mean of 1 - cos(x - direction) (d,) of all rows."""
    cosines, sines = np.split(profile.average(_features), 2)
    direction = np.arctan2(sines, cosines)
    return direction, profile.average(lambda x: _away(x, direction))


def _unit(spread: Array) -> Array:
    """About 1 / concentration; a constant column is given that of angles from everywhere."""
    return np.where(spread > ROUNDING, 2 * spread, 2.0)


def _features(x: Array) -> Array:
    return np.concatenate([np.cos(x), np.sin(x)], axis=1)
