"""What passes over the rows tell before a fit: ranges, moments, a sample. Families and models look at nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.mapreduce import serial
from emkit.core.memo import Memory, once
from emkit.core.protocols import Source
from emkit.core.statistics import Additive, add_up
from emkit.data.chunk import Chunk, as_float64, joined
from emkit.errors import DataError

NEAR_ROWS = 10_000  # rows, whose mean is within some hundredths of a standard deviation of that of all
MOST_VALUES = 10_000  # of a column whose values are told apart
Bad = Callable[[Array], Mask]
Levels = tuple[tuple[str, ...] | None, ...]
Some_co = TypeVar("Some_co", covariant=True)
A = TypeVar("A", bound=Additive)


class Rows(Source[Chunk], Protocol[Some_co]):
    """What a profile needs to know of a source; its samples are `Some_co`."""

    columns: tuple[str, ...]
    rows: float
    total_weight: float
    membership: Array | None

    @property
    def levels(self) -> Levels:
        """The names behind the codes of each column."""

    def sample(self) -> Some_co:
        """Some rows that stand for all of them."""

    def refuse(self, bad: Bad, rule: str) -> None:
        """Raise DataError for the first cell for which `bad` is true."""

    def place(self, row: int, column: int) -> str:
        """How messages call one cell."""


class Profile(Generic[Some_co]):
    """What is known of the rows of `source`; each thing is worked out when it is first asked for, and kept."""

    def __init__(self, source: Rows[Some_co]) -> None:
        self.source = source
        self.memory: Memory = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.source.columns

    @property
    def levels(self) -> Levels:
        """For each column the names behind its codes; None for a column of numbers."""
        return self.source.levels

    @property
    def rows(self) -> float:
        """The number of rows."""
        return self.source.rows

    @property
    def total_weight(self) -> float:
        """The sum of the weights: the sample size if weights are frequencies."""
        return self.source.total_weight

    @property
    def groups(self) -> int:
        """The number of groups of rows; of rows, where each stands for itself."""
        return _groups(self)

    @property
    def least(self) -> Array:
        """The smallest number of each column, shape (d,), gaps left out."""
        return _ranges(self).least

    @property
    def highest(self) -> Array:
        """The largest number of each column, shape (d,), gaps left out."""
        return _ranges(self).highest

    @property
    def whole(self) -> Mask:
        """Whether each column holds whole numbers only, shape (d,), gaps left out."""
        return ~_ranges(self).fractions

    @property
    def missing(self) -> Array:
        """How many gaps each column has, shape (d,)."""
        return _ranges(self).gaps

    @property
    def has_gaps(self) -> bool:
        """Whether a cell is missing (NaN)."""
        return _has_gaps(self)

    @property
    def occurring(self) -> Levels:
        """The whole numbers that occur in each column, as names; None where they are 0, 1, 2 ... without a gap, or too many."""
        return _occurring(self)

    @property
    def mean(self) -> Array:
        """The weighted mean of each column, shape (d,), gaps left out."""
        return _spreads(self)[0]

    @property
    def variance(self) -> Array:
        """The weighted variance of each column, shape (d,), gaps left out."""
        return _spreads(self)[1]

    @property
    def covariance(self) -> Array:
        """The weighted covariance of the columns, shape (d, d); NaN for those that have gaps."""
        return _covariance(self)

    @property
    def sample(self) -> Some_co:
        """Some rows that stand for all of them: see `subsample`."""
        return self.source.sample()

    def in_sequence(self, most: int) -> Chunk | None:
        """All rows in their order, in their groups; None if they are more than so many."""
        return joined(list(self.source.chunks())) if self.rows <= most else None

    def average(self, function: Callable[[Array], Array]) -> Array:
        """The weighted mean of `function` (n, d) -> (n, m) over all rows, shape (m,).

        What a function makes of a gap may be NaN, which is left out.
        """
        total = serial(lambda chunk: _Sum(_weighted(function, chunk)), self.source).value / self.total_weight
        if not (np.isnan(total).any() and self.has_gaps):
            return np.asarray(total)
        there = serial(lambda chunk: _Sum(_weighted(lambda x: _known(function(x)), chunk)), self.source).value
        value, mass = np.split(there, 2)
        return np.asarray(value / mass)

    def total(self, function: Callable[[Array, Array], A]) -> A:
        """The sum of `function(x, weights)` over all rows, x (n, d) and weights (n,)."""
        total: A = serial(lambda chunk: add_up(function(x, chunk.weights[rows]) for rows, x in chunk.blocks()), self.source)
        return total

    def refuse(self, bad: Bad, rule: str) -> None:
        """Raise DataError for the first cell for which `bad` is true, naming it, its value and the `rule` it breaks.

        A gap breaks no rule.
        """
        self.source.refuse(lambda x: _bad_number(bad, x), rule)

    def refuse_empty_columns(self) -> None:
        """Raise DataError for a column that is missing in every row."""
        for column in np.flatnonzero(self.missing == self.rows) if self.has_gaps else ():
            raise DataError(
                f"column {self.columns[column]!r} is missing in every row, so nothing can be learned of it. Leave it out."
            )


AnyProfile = Profile[Any]


@dataclass(frozen=True)
class _Sum(Additive):
    value: Array


def _bad_number(bad: Bad, x: Array) -> Mask:
    found = bad(x)
    return found & ~np.isnan(x) if found.any() else found


def _known(values: Array) -> Array:
    """The values (n, m), 0 for those that are NaN, and which are not, side by side."""
    known = ~np.isnan(values)
    return np.concatenate([np.where(known, values, 0.0), known], axis=1)


def _weighted(function: Callable[[Array], Array], chunk: Chunk) -> Array:
    parts = [chunk.weights[rows] @ function(x) for rows, x in chunk.blocks()]
    return np.asarray(sum(parts[1:], parts[0]))


@dataclass(frozen=True)
class _Ranges:
    """Least and highest number, whether there are fractions, and the number of gaps, each (d,)."""

    least: Array
    highest: Array
    fractions: Mask
    gaps: Array

    def __add__(self, other: _Ranges) -> _Ranges:
        return _Ranges(
            np.minimum(self.least, other.least),
            np.maximum(self.highest, other.highest),
            self.fractions | other.fractions,
            self.gaps + other.gaps,
        )


def _ranges_of(chunk: Chunk) -> _Ranges:
    parts = []
    for _, x in chunk.blocks():
        gap = np.isnan(x)
        some = gap.any()
        known: Any = ~gap if some else True
        fractions = (x != np.floor(x)) & known
        parts.append(
            _Ranges(
                x.min(axis=0, initial=np.inf, where=known),
                x.max(axis=0, initial=-np.inf, where=known),
                fractions.any(axis=0),
                gap.sum(axis=0).astype(np.float64) if some else np.zeros(x.shape[1]),
            )
        )
    return sum(parts[1:], parts[0])


@once
def _ranges(profile: AnyProfile) -> _Ranges:
    chunks = profile.source.chunks()
    total = _ranges_of(next(chunks))
    return sum(map(_ranges_of, chunks), total)


@once
def _groups(profile: AnyProfile) -> int:
    return sum(len(chunk.bounds) - 1 for chunk in profile.source.chunks())


@once
def _has_gaps(profile: AnyProfile) -> bool:
    return any(chunk.has_gaps for chunk in profile.source.chunks())


@once
def _occurring(profile: AnyProfile) -> Levels:
    found: list[set[float]] = [set() for _ in profile.columns]
    for chunk in profile.source.chunks():
        for _, x in chunk.blocks():
            for values, column in zip(found, x.T, strict=True):
                values.update(np.unique(column[~np.isnan(column)]).tolist() if len(values) <= MOST_VALUES else ())
    plain = (len(values) > MOST_VALUES or values == set(range(len(values))) for values in found)
    return tuple(None if is_plain else _named(values) for values, is_plain in zip(found, plain, strict=True))


def _named(values: set[float]) -> tuple[str, ...]:
    return tuple(f"{value:.17g}" for value in sorted(values))


@dataclass(frozen=True)
class _About(Additive):
    """Sums of deviations (d,), and of their squares (d,) or products (d, d)."""

    shift: Array
    scatter: Array


@once
def _spreads(profile: AnyProfile) -> tuple[Array, Array]:
    """Mean (d,) and variance (d,) of each column, from sums about a mean of some rows: one pass, made once."""
    if profile.has_gaps:
        return _spreads_among_gaps(profile)
    near, total = _about(profile, lambda weighted, deviation: np.einsum("jn,nj->j", weighted, deviation))
    shift = total.shift / profile.total_weight
    return near + shift, np.maximum(total.scatter / profile.total_weight - shift**2, 0)


def _spreads_among_gaps(profile: AnyProfile) -> tuple[Array, Array]:
    """The same of the cells that there are."""
    near = profile.average(lambda x: x)
    shift = profile.average(lambda x: x - near)
    return near + shift, np.maximum(profile.average(lambda x: (x - near) ** 2) - shift**2, 0)


@once
def _covariance(profile: AnyProfile) -> Array:
    """The covariance (d, d) of all rows, likewise."""
    _, total = _about(profile, np.matmul)
    shift = total.shift / profile.total_weight
    return np.asarray(total.scatter / profile.total_weight - np.outer(shift, shift))


def _about(profile: AnyProfile, scatter: Callable[[Array, Array], Array]) -> tuple[Array, _About]:
    """A mean of some rows (d,), and sums of the deviations of all rows from it; their `scatter`, given weighted and plain."""
    near = _near_the_mean(profile)

    def about(chunk: Chunk) -> _About:
        parts = []
        for rows, x in chunk.blocks():
            deviation = x - near
            weighted = (deviation * chunk.weights[rows, None]).T
            parts.append(_About(weighted.sum(axis=1), scatter(weighted, deviation)))
        return sum(parts[1:], parts[0])

    return near, serial(about, profile.source)


@once
def _near_the_mean(profile: AnyProfile) -> Array:
    """The mean (d,) of some rows at equal steps: squares about it lose hardly more digits than about the mean of all rows."""
    step = max(1, int(profile.rows) // NEAR_ROWS)
    parts = [(as_float64(chunk.x[::step]), chunk.weights[::step]) for chunk in profile.source.chunks()]
    return rounded_mean(np.concatenate([x for x, _ in parts]), np.concatenate([weights for _, weights in parts]))


def rounded_mean(x: Array, weights: Array) -> Array:
    """The mean (d,) of the rows x (n, d), worked out from the first row on: an offset of the data costs no digits."""
    return np.asarray(x[0] + weights @ (x - x[0]) / weights.sum())
