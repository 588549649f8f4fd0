"""Values of which some are known only to lie in an interval: times that a study was too short to see, limits of detection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.memo import once
from emkit.data.chunk import Chunk, as_float64
from emkit.data.profile import AnyProfile, Bad, Profile
from emkit.data.source import ArraySource, RowSource
from emkit.data.subsample import SUBSAMPLE
from emkit.errors import DataError, ModelError
from emkit.families.between import Between
from emkit.families.combined.quadrature import between
from emkit.families.combined.wrapped import Wrapped
from emkit.families.description import Description
from emkit.families.family import Carry
from emkit.families.floor import Floor
from emkit.families.linear import LinearForm
from emkit.families.named import PREFIXES, Prefix, one_family
from emkit.families.support import Rule, Support

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
        if self.family.support.width != 1 or self.family.conditional is not None:
            raise ModelError(f"{self.family.name} is of several columns; only a family of one column can be censored.")

    @property
    def name(self) -> str:
        return f"censored {self.family.name}"

    @property
    def support(self) -> Support:
        return CensoredSupport(
            (*(_bounds_rule(self.family.support, rule) for rule in self.family.support.rules), *_rules(self.family.support)),
            width=2,
            roles=("lower", "upper"),
            least=self.family.support.least,
            most=self.family.support.most,
            inner=self.family.support,
        )

    @property
    def described(self) -> Description:
        inner = self.family.described
        return Description(inner.words, data=f"two columns, the ends of intervals (lower, upper] of {inner.data}")

    @property
    def among_gaps(self) -> Self:
        return self  # a missing end is an interval without one

    def settled(self, profile: AnyProfile) -> Self:
        return super().settled(about(profile, self.family.support))

    def pooled(self, profile: AnyProfile, n_components: int) -> Any:
        return self.family.pooled(about(profile, self.family.support), n_components)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return self.family.lower_bound(about(profile, self.family.support))

    def log_density(self, params: Any, x: Array) -> Array:
        known, low, high, some = _parts(x)
        found = self.family.log_density(params, np.ascontiguousarray(x[known, :1]))
        every = np.zeros((len(x), found.shape[1]))
        every[known] = found
        if some.any():
            every[some] = self._between(params, low, high).log_mass
        return every

    def statistics(self, params: Any, x: Array, weights: Array) -> Any:
        known, low, high, some = _parts(x)
        stats = self.family.statistics(params, np.ascontiguousarray(x[known, :1]), weights[known])
        return stats + self._between(params, low, high).statistics(weights[some]) if some.any() else stats

    def _between(self, params: Any, low: Array, high: Array) -> Between[Any]:
        closed = self.family.between
        return between(self.family, params, low, high) if closed is None else closed(params, low, high)

    @property
    def carry(self) -> Carry[Any, Any] | None:
        return self.family.carry

    def draw(self, params: Any, rng: np.random.Generator, components: Integers) -> Array:
        return np.repeat(self.family.draw(params, rng, components), 2, axis=1)

    def linear(self, params: Any) -> LinearForm[Any] | None:
        return None  # the probability of an interval is linear in no features


@dataclass(frozen=True)
class CensoredSupport(Support):
    """Intervals in which a value of the family may lie."""

    inner: Support = field(default_factory=Support)

    def check(self, profile: AnyProfile) -> None:
        if len(profile.columns) != 2:
            raise DataError(
                f"the data have {len(profile.columns)} columns; censored values have two, the lower and the upper end of an "
                "interval. See ek.survival(time, event)."
            )
        super().check(profile)
        if about(profile, self.inner).rows == 0:
            raise DataError("no row says anything of a value: in each, both ends of its interval are missing.")

    def seen(self, profile: AnyProfile) -> AnyProfile:
        return self.inner.seen(about(profile, self.inner))

    def parameter_columns(self, columns: Sequence[str], path: str = "") -> tuple[str, ...]:
        return self.inner.parameter_columns(columns[:1], path)


def _bounds_rule(inner: Support, rule: Rule) -> Rule:
    """The family's rule for both ends; an interval may also begin at the edge of what is possible."""
    bad, sentence = rule
    return partial(_bad_ends, bad, inner.least), sentence


def _bad_ends(bad: Bad, least: float, x: Array) -> Mask:
    found = np.array(bad(x))
    found[:, 0] &= (x[:, 0] != least) | (x[:, 1] == least)
    return found


def _rules(inner: Support) -> tuple[Rule, ...]:
    def reversed_ends(x: Array) -> Mask:
        return np.stack([np.zeros(len(x), dtype=bool), x[:, 1] < x[:, 0]], axis=1)

    return ((reversed_ends, "the upper end of an interval may not lie below the lower one. Are the columns exchanged?"),)


def _parts(x: Array) -> tuple[Mask, Array, Array, Mask]:
    """Which rows have known values, the ends of the intervals of others, and which these are; neither, if both are missing."""
    low, high = np.where(np.isnan(x[:, 0]), -np.inf, x[:, 0]), np.where(np.isnan(x[:, 1]), np.inf, x[:, 1])
    known: Mask = low == high
    some: Mask = ~known & (np.isfinite(low) | np.isfinite(high))
    return known, low[some], high[some], some


@once
def about(profile: AnyProfile, inner: Support) -> AnyProfile:
    """The profile of a value for each row that says something: the known one, the middle of its interval, or its one end."""
    return Profile(_About(profile.source, inner))


class _About(RowSource):
    """One column: about where the values of the rows of `source` lie."""

    def __init__(self, source: Any, inner: Support) -> None:
        self._source, self._inner = source, inner
        self.columns = source.columns[:1]
        self.membership = None  # what is known of rows is known where they are assigned
        sizes = [(len(chunk.x), chunk.total_weight) for chunk in self.chunks()]
        self.rows = sum(rows for rows, _ in sizes)
        self.total_weight = sum(weight for _, weight in sizes)

    def chunks(self) -> Iterator[Chunk]:
        """The rows in order; what was before a row in the source is not told."""
        for chunk in self._source.chunks():
            yield Chunk(*self._values(as_float64(chunk.x), chunk.weights))

    def _values(self, x: Array, weights: Array) -> tuple[Array, Array]:
        low, high = x[:, :1], x[:, 1:]
        value = np.where(np.isnan(high), low, np.where(np.isnan(low), high, low + (high - low) / 2))
        some = ~np.isnan(value[:, 0]) & ~self._inner.impossible(value)
        return value[some], weights[some]

    def sample(self, rows: int = SUBSAMPLE) -> ArraySource:
        some = self._source.sample()
        return ArraySource(*self._values(as_float64(some.x), some.weights), self.columns)


PREFIXES["censored"] = Prefix(Censored, "two columns, the ends of intervals in which values of one column lie")
