"""Values known up to intervals, each of which is seen only in a window of its row: lives that were watched from an age on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.families.any_density import Kept
from emkit.families.combined.censored import Censored
from emkit.families.combined.endless import WithoutEnd, is_flat, mass_of
from emkit.families.combined.given_windows import GivenWindows
from emkit.families.combined.quadrature import between_of
from emkit.families.combined.seen_part import SeenPart, Share
from emkit.families.conditional import Conditional
from emkit.families.description import Description
from emkit.families.family import LOG_OF_ZERO
from emkit.families.floor import Floor
from emkit.families.intervals import warn_of_one_value
from emkit.families.linear import LinearForm
from emkit.families.named import PREFIXES, Prefix
from emkit.families.spread import Spread
from emkit.families.support import Support
from emkit.families.windows import clipped, ends_alone, in_windows

__all__ = ["CensoredInWindows"]


@dataclass(frozen=True)
class WindowedStats(Additive):
    """`mass` (K,): the expected number of rows; `own`: the statistics of the family; `windows` that are different, kept."""

    mass: Array
    own: Any
    windows: Kept


@dataclass(frozen=True)
class CensoredInWindows(SeenPart):
    """`family` of one column, known up to intervals as by `Censored`, where a row is there only if its value is in its window.

    Data: four columns, `lower` and `upper` as of `Censored`, then the ends (entry, until] of the row's window; where one is
    missing (NaN), the window has no end there. Who is watched from an age on (left truncation, delayed entry) has that age as
    `entry`: ``ek.survival(time, event, entry)`` makes the four columns. log p(row|k) is that of `Censored`, less the log of
    what lies in the window; an interval counts as far as it lies there. Parameters are those of the whole, unseen values
    included; proportions of components are those of the rows that are seen.
    The M-step is numeric, as that of `Truncated`, and keeps the different windows. Rows are drawn with values that are known:
    for rows that are given, as by the bootstrap, in their windows; others from the whole, without a window.
    Errors: as `Censored`, and DataError for values outside of their windows.
    Source: Klein & Moeschberger (2003), Survival Analysis, 2nd ed., 3.4 and 3.5.

    Ages at entry and at the end; the rate is the number of deaths over all years that were watched, 3 / 40:

    >>> import emkit as ek
    >>> lives = ek.survival([70, 75, 80, 85], [1, 1, 0, 1], entry=[60, 70, 65, 75])
    >>> fit = ek.MixtureModel(ek.CensoredInWindows("exponential"), 1).fit(lives).result_
    >>> print(fit.params.components.rates.round(6))
    [[0.075]]
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", Censored(self.family).family)

    @property
    def _censored(self) -> Censored:
        return Censored(self.family)

    @property
    def name(self) -> str:
        return f"censored in windows {self.family.name}"

    @property
    def support(self) -> Support:
        return in_windows(self.family.support)

    @property
    def described(self) -> Description:
        inner = self.family.described
        return Description(inner.words, data=f"four columns, the ends of intervals and of windows of {inner.data}")

    @property
    def conditional(self) -> Conditional:
        return GivenWindows(self)

    @property
    def among_gaps(self) -> Self:
        return self  # a missing end is an interval, or a window, without one

    def settled(self, profile: AnyProfile) -> Self:
        """Warns as `Censored` does."""
        values = in_windows(self.family.support).about(profile)
        if self.family.spread.narrows:
            warn_of_one_value(ends_alone(profile), values)
        return super().settled(values)

    def unseen_left_out(self, profile: AnyProfile) -> Any:
        return self._censored.pooled(ends_alone(profile), 1)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return self._censored.lower_bound(ends_alone(profile))

    @property
    def spread(self) -> Spread:
        return WithoutEnd(self.family.spread, self._flat)

    def _flat(self, params: Any, profile: AnyProfile) -> Mask:
        """Which components are flat, or but a tail, where the values are."""
        values = in_windows(self.family.support).about(profile)
        low, high = float(values.least[0]), float(values.highest[0])
        return is_flat(self.family, params, low, high, mass_of(self.family, params, low, high)) & (low < high)

    def log_density(self, params: Any, x: Array) -> Array:
        ends, windows, beyond = clipped(x)
        found = self._censored.log_density(params, ends)
        if not len(x):
            return found
        different, which = np.unique(windows, axis=0, return_inverse=True)
        found = found - between_of(self.family, params, *different.T).log_mass[which.reshape(-1)]
        return np.where(beyond[:, None], LOG_OF_ZERO, found)

    def statistics(self, params: Any, x: Array, weights: Array) -> WindowedStats:
        ends, windows, _ = clipped(x)
        own = self._censored.statistics(params, ends, weights)
        return WindowedStats(weights.sum(axis=0), own, Kept.of(windows, weights.T))

    def share(self, stats: WindowedStats, params: Any) -> Share:
        rows, weights = stats.windows.rows, stats.windows.weights.T
        narrow = np.isfinite(rows).any(axis=1)
        if not narrow.any():
            return Share(0.0, self.family.expected(stats.own * 0.0, params, params).slopes, 0.0)
        inside, weights = between_of(self.family, params, *rows[narrow].T), weights[narrow]
        log_mass = np.where(weights > 0, inside.log_mass, 0.0)
        slopes = inside.slopes_of(self.family, params, weights)
        return Share(float((weights * log_mass).sum()), slopes, float(log_mass.min(initial=0.0)))

    def draw(self, params: Any, rng: np.random.Generator, components: Integers) -> Array:
        known = self._censored.draw(params, rng, components)
        return np.column_stack([known, np.full((len(known), 2), np.nan)])

    def linear(self, params: Any) -> LinearForm[Any] | None:
        return None  # what is seen of a row is linear in no features


PREFIXES["censored-in-windows"] = Prefix(
    CensoredInWindows, "four columns, the ends of intervals and of windows outside of which a row would not be there"
)
