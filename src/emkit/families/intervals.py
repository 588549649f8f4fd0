"""Which intervals are possible for a value of a law, and about where the values of such rows lie."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.memo import once
from emkit.data.chunk import Chunk, as_float64
from emkit.data.profile import AnyProfile, Bad, Profile
from emkit.data.source import ArraySource, RowSource
from emkit.data.subsample import SUBSAMPLE
from emkit.errors import DataError, DegenerateDataWarning
from emkit.families.support import Rule, Support

ENDS = ("lower", "upper")  # what the two columns are
NO_HEIGHTS = (
    "values known up to intervals have no histogram: where in an interval they lie, nothing tells. "
    "ek.turnbull(lower, upper).plot(fits=...) draws their steps beside the curve of a fit."
)


def of_intervals(inner: Support) -> IntervalSupport:
    """Two columns, the ends of intervals in which values lie that are possible by `inner`."""
    return IntervalSupport(
        (
            *(_bounds_rule(inner, rule) for rule in inner.rules),
            (_reversed, "the upper end of an interval may not lie below the lower one. Are the columns exchanged?"),
        ),
        width=2,
        roles=ENDS,
        least=inner.least,
        most=inner.most,
        inner=inner,
    )


@dataclass(frozen=True)
class IntervalSupport(Support):
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

    def refuse_empty(self, profile: AnyProfile) -> None:
        for missing, end, becomes in zip(profile.missing, ("a lower", "an upper"), ("smaller", "larger"), strict=False):
            if missing == profile.rows:
                raise DataError(
                    f"no value is known to have {end} end, so the likelihood rises for ever as values become {becomes}: there "
                    "is no best estimate."
                )

    def seen(self, profile: AnyProfile) -> AnyProfile:
        return self.inner.seen(about(profile, self.inner))

    def untold(self, x: Array) -> Mask:
        return ~np.isnan(x).all(axis=1) & (x[:, 0] != x[:, 1])

    def known(self, x: Array, place: int) -> tuple[Array, Array]:
        if place > 1:  # the end of a window
            return super().known(x, place)
        return np.where(np.isnan(x[:, 0]), -np.inf, x[:, 0]), np.where(np.isnan(x[:, 1]), np.inf, x[:, 1])

    def no_density(self, name: str) -> str | None:
        return NO_HEIGHTS

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


def _reversed(x: Array) -> Mask:
    return np.stack([np.zeros(len(x), dtype=bool), x[:, 1] < x[:, 0]], axis=1)


def warn_of_one_value(profile: AnyProfile, values: AnyProfile) -> None:
    """Warn of intervals that all hold one value; of `values` that are all equal, others warn."""
    if profile.highest[0] <= profile.least[1] and values.least[0] < values.highest[0]:
        warnings.warn(
            f"all intervals hold a value between {profile.highest[0]:g} and {profile.least[1]:g}: a component about that alone "
            "makes every row certain, so a spread has no maximum-likelihood value; at best the floor under it takes its place.",
            DegenerateDataWarning,
            stacklevel=3,
        )


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
