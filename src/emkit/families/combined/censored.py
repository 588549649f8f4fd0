"""Values of which some are known only to lie in an interval: times that a study was too short to see, limits of detection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.combined.endless import WithoutEnd, is_beyond, is_level
from emkit.families.combined.quadrature import between_of
from emkit.families.combined.wrapped import Wrapped
from emkit.families.description import Description
from emkit.families.family import Carry
from emkit.families.floor import Floor
from emkit.families.intervals import about, of_intervals, warn_of_one_value
from emkit.families.linear import LinearForm
from emkit.families.named import PREFIXES, Prefix, one_family
from emkit.families.spread import Spread
from emkit.families.support import Support

__all__ = ["Censored"]


@dataclass(frozen=True)
class Censored(Wrapped[Any, Any]):
    """`family` of one column, of which some values are known only to lie in an interval.

    Data: two columns, the ends of (lower, upper]. Where both are equal, the value is known; where `upper` is missing (NaN),
    it is only known to be larger than `lower` (censored on the right), and where `lower` is missing, not to be larger than
    `upper`. A row without both says nothing. `ek.survival(time, event)` makes the columns of times and events.
    log p(row|k) is the log-density of a known value, and the log-probability of an interval. Statistics are expected ones, in
    closed form for exponential, normal and log-normal values, and by quadrature for others. Rows that are drawn have values
    that are known, since nothing says which would not be.
    Errors: ModelError for a family of counts, or of columns given others; DataError for intervals that cannot be.
    Source: Dempster, Laird & Rubin (1977), J. R. Statist. Soc. B 39, 4.2.

    Weeks until leukaemia came back under 6-mercaptopurine, or until the study ended before that (Freireich et al., 1963):

    >>> import emkit as ek
    >>> weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    >>> times = ek.survival(weeks, [1] * 9 + [0] * 12)
    >>> fit = ek.MixtureModel(ek.Censored("exponential"), 1).fit(times).result_
    >>> print(fit.params.components.rates.round(5), round(fit.log_likelihood, 3))
    [[0.02507]] -42.175
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", one_family(self.family, alone=True))
        if self.family.support.whole:
            raise ModelError(f"{self.family.name} is a family of counts; only values on a scale without steps can be censored.")
        if self.family.support.circular:
            raise ModelError(f"{self.family.name} is a family of angles, of which none lies beyond another: none is censored.")
        if self.family.support.width != 1 or self.family.conditional is not None:
            raise ModelError(f"{self.family.name} is of several columns; only a family of one column can be censored.")

    @property
    def name(self) -> str:
        return f"censored {self.family.name}"

    @property
    def support(self) -> Support:
        return of_intervals(self.family.support)

    @property
    def described(self) -> Description:
        inner = self.family.described
        return Description(inner.words, data=f"two columns, the ends of intervals (lower, upper] of {inner.data}")

    @property
    def among_gaps(self) -> Self:
        return self  # a missing end is an interval without one

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of intervals that one value could lie in, where components may be as narrow as they like."""
        values = about(profile, self.family.support)
        if self.family.spread.narrows:
            warn_of_one_value(profile, values)
        return super().settled(values)

    def pooled(self, profile: AnyProfile, n_components: int) -> Any:
        return self.family.pooled(about(profile, self.family.support), n_components)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return self.family.lower_bound(about(profile, self.family.support))

    @property
    def spread(self) -> Spread:
        return WithoutEnd(self.family.spread, self._beyond)

    def _beyond(self, params: Any, profile: AnyProfile) -> Mask:
        """Which components leave the ends of all intervals, or have a number that runs off and tells nothing."""
        values = about(profile, self.family.support)
        low, high = float(values.least[0]), float(values.highest[0])
        away = is_beyond(self.family, params, low, high, values.rows)
        return away | is_level(self.family, params, low, high, values.rows)

    def log_density(self, params: Any, x: Array) -> Array:
        known, low, high, some, which = _parts(x)
        found = self.family.log_density(params, np.ascontiguousarray(x[known, :1]))
        every = np.zeros((len(x), found.shape[1]))
        every[known] = found
        if len(low):
            every[some] = between_of(self.family, params, low, high).log_mass[which]
        return every

    def statistics(self, params: Any, x: Array, weights: Array) -> Any:
        known, low, high, some, which = _parts(x)
        stats = self.family.statistics(params, np.ascontiguousarray(x[known, :1]), weights[known])
        if not len(low):
            return stats
        of_each = np.zeros((len(low), weights.shape[1]))
        np.add.at(of_each, which, weights[some])
        return stats + between_of(self.family, params, low, high).statistics(of_each)

    @property
    def carry(self) -> Carry[Any, Any] | None:
        return self.family.carry

    def draw(self, params: Any, rng: np.random.Generator, components: Integers) -> Array:
        return np.repeat(self.family.draw(params, rng, components), 2, axis=1)

    def linear(self, params: Any) -> LinearForm[Any] | None:
        return None  # the probability of an interval is linear in no features


class _Parts(NamedTuple):
    """Which rows (n,) have `known` values, and which have `some` interval; the ends (m,) of these, each different one once.

    `which` (number of `some`): which of them each row has. Rows of which both ends are missing are neither.
    """

    known: Mask
    low: Array
    high: Array
    some: Mask
    which: Integers


def _parts(x: Array) -> _Parts:
    low, high = np.where(np.isnan(x[:, 0]), -np.inf, x[:, 0]), np.where(np.isnan(x[:, 1]), np.inf, x[:, 1])
    known: Mask = low == high
    some: Mask = ~known & (np.isfinite(low) | np.isfinite(high))
    low, high = low[some], high[some]
    order = np.lexsort([high, low])
    first = np.ones(len(order), dtype=bool)
    first[1:] = (low[order][1:] != low[order][:-1]) | (high[order][1:] != high[order][:-1])
    which = np.empty(len(order), dtype=np.int64)
    which[order] = np.cumsum(first) - 1
    return _Parts(known, low[order][first], high[order][first], some, which)


PREFIXES["censored"] = Prefix(Censored, "two columns, the ends of intervals in which values of one column lie")
