"""What passes over the rows tell before a fit: ranges, moments, a sample. Families and models look at nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.mapreduce import serial
from emkit.core.memo import Memory, once
from emkit.core.protocols import Source
from emkit.core.statistics import Additive, add_up
from emkit.data.chunk import Chunk, as_float64, joined
from emkit.data.frames import TRUTHS, InOrder
from emkit.errors import DataError, some_of

NEAR_ROWS = 10_000  # rows, whose mean is within some hundredths of a standard deviation of that of all
MOST_VALUES = 10_000  # of a column whose values are told apart
Bad = Callable[[Array], Mask]
Levels = tuple[tuple[str, ...] | None, ...]
Some_co = TypeVar("Some_co", covariant=True)
A = TypeVar("A", bound=Additive)
Tally = Callable[["AnyProfile", Chunk], Any]  # what a chunk tells, which adds up over chunks


class Rows(Source[Chunk], Protocol[Some_co]):
    """What a profile needs to know of a source; its samples are `Some_co`."""

    columns: tuple[str, ...]
    rows: float
    total_weight: float
    membership: Array | None
    is_elsewhere: bool  # whether rows are loaded anew in every pass
    cut_by_hand: bool  # whether chunks are as they were asked for

    @property
    def levels(self) -> Levels:
        """The names behind the codes of each column."""

    def sample(self) -> Some_co:
        """Some rows that stand for all of them."""

    def refuse(self, bad: Bad, rule: str) -> None:
        """Raise DataError for the first cell for which `bad` is true."""

    def place(self, row: int, column: int) -> str:
        """How messages call one cell."""

    def tallies(self) -> tuple[Tally, ...]:
        """What else one pass over the rows is to tell, where they are elsewhere."""


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
        return told(self, _groups_of).number

    @property
    def least(self) -> Array:
        """The smallest number of each column, shape (d,), gaps left out."""
        return told(self, _ranges_of).least

    @property
    def highest(self) -> Array:
        """The largest number of each column, shape (d,), gaps left out."""
        return told(self, _ranges_of).highest

    @property
    def whole(self) -> Mask:
        """Whether each column holds whole numbers only, shape (d,), gaps left out."""
        return ~told(self, _ranges_of).fractions

    @property
    def missing(self) -> Array:
        """How many gaps each column has, shape (d,)."""
        return told(self, _ranges_of).gaps

    @property
    def has_gaps(self) -> bool:
        """Whether a cell is missing (NaN)."""
        return told(self, _gaps_of).found

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

    def refuse_names(self, rule: str) -> None:
        """Raise DataError naming columns of text, with the `rule` that they break; truths are numbers."""
        names = [column for column, held in zip(self.columns, self.levels, strict=True) if held not in (None, TRUTHS)]
        if names:
            raise DataError(f"{rule}, but columns hold names: {some_of([*map(repr, names)])}. Leave them out.")

    def refuse_names_without_order(self, rule: str) -> None:
        """Raise DataError naming columns of names, with the `rule` that they break; those of ordered ones rise."""
        plain = (None, TRUTHS)
        found = zip(self.columns, self.levels, strict=True)
        names = [column for column, held in found if held not in plain and not isinstance(held, InOrder)]
        if names:
            raise DataError(
                f"{rule}, or ordered categories, but columns hold names that have no order: {some_of([*map(repr, names)])}. "
                'Say it: pandas.Categorical(cells, ["never", "often"], ordered=True), or a polars.Enum of them.'
            )

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


def _ranges_of(profile: AnyProfile, chunk: Chunk) -> _Ranges:
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


@dataclass(frozen=True)
class _Groups(Additive):
    number: int


def _groups_of(profile: AnyProfile, chunk: Chunk) -> _Groups:
    return _Groups(len(chunk.bounds) - 1)


@dataclass(frozen=True)
class _Gaps:
    """Whether a cell is missing."""

    found: bool

    def __add__(self, other: _Gaps) -> _Gaps:
        return _Gaps(self.found or other.found)


def _gaps_of(profile: AnyProfile, chunk: Chunk) -> _Gaps:
    return _Gaps(chunk.has_gaps)


@dataclass(frozen=True)
class _Values:
    """The values of each column, until they are too many."""

    columns: tuple[frozenset[float] | None, ...]

    def __add__(self, other: _Values) -> _Values:
        return _Values(tuple(map(_either, self.columns, other.columns)))


def _few(values: frozenset[float]) -> frozenset[float] | None:
    return values if len(values) <= MOST_VALUES else None


def _either(some: frozenset[float] | None, others: frozenset[float] | None) -> frozenset[float] | None:
    return None if some is None or others is None else _few(some | others)


def _values_of(profile: AnyProfile, chunk: Chunk) -> _Values:
    found: list[frozenset[float] | None] = [frozenset()] * len(profile.columns)
    for _, x in chunk.blocks():
        for j, values in enumerate(found):
            if values is not None:
                found[j] = _few(values | set(np.unique(x[~np.isnan(x[:, j]), j]).tolist()))
    return _Values(tuple(found))


@once
def _occurring(profile: AnyProfile) -> Levels:
    found = told(profile, _values_of).columns
    return tuple(None if values is None or values == set(range(len(values))) else _named(values) for values in found)


def _named(values: frozenset[float]) -> tuple[str, ...]:
    return tuple(f"{value:.17g}" for value in sorted(values))


@dataclass(frozen=True)
class _About(Additive):
    """Of the deviations of the cells that there are from near means: their mass (d,), sums (d,) and sums of squares (d,)."""

    mass: Array
    shift: Array
    squares: Array


def _about(profile: AnyProfile, chunk: Chunk) -> _About:
    near, parts = _near_the_mean(profile), []
    for rows, x in chunk.blocks():
        deviation, weights = x - near, chunk.weights[rows]
        gap = np.isnan(deviation) if chunk.has_gaps else None
        if gap is not None:
            deviation[gap] = 0.0
        weighted = (deviation * weights[:, None]).T
        mass = np.full(len(near), weights.sum()) if gap is None else weights @ ~gap
        parts.append(_About(mass, weighted.sum(axis=1), np.einsum("jn,nj->j", weighted, deviation)))
    return sum(parts[1:], parts[0])


@once
def _spreads(profile: AnyProfile) -> tuple[Array, Array]:
    """Mean (d,) and variance (d,) of the cells that there are in each column; NaN where there are none."""
    total = told(profile, _about)
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = total.shift / total.mass
        return _near_the_mean(profile) + shift, np.maximum(total.squares / total.mass - shift**2, 0)


@dataclass(frozen=True)
class _Scatter(Additive):
    """Sums of deviations (d,) from near means, and of their products (d, d); NaN where there are gaps."""

    shift: Array
    products: Array


def _scatter_of(profile: AnyProfile, chunk: Chunk) -> _Scatter:
    near, parts = _near_the_mean(profile), []
    for rows, x in chunk.blocks():
        deviation = x - near
        weighted = (deviation * chunk.weights[rows, None]).T
        parts.append(_Scatter(weighted.sum(axis=1), weighted @ deviation))
    return sum(parts[1:], parts[0])


@once
def _covariance(profile: AnyProfile) -> Array:
    """The covariance (d, d) of all rows."""
    total = told(profile, _scatter_of)
    shift = total.shift / profile.total_weight
    return np.asarray(total.products / profile.total_weight - np.outer(shift, shift))


@once
def _near_the_mean(profile: AnyProfile) -> Array:
    """The means (d,) of what there is in some rows at equal steps; 0 where there is nothing.

    Squares about them lose hardly more digits than about the means of all rows. Of rows that are cut by hand, wherever they
    lie, the first chunk tells it: that costs no pass.
    """
    chunks = profile.source.chunks()
    if profile.source.cut_by_hand:
        chunks = islice(chunks, 1)
    step = max(1, int(profile.rows) // NEAR_ROWS)
    parts = [(as_float64(chunk.x[::step]), chunk.weights[::step]) for chunk in chunks]
    x, weights = np.concatenate([rows for rows, _ in parts]), np.concatenate([own for _, own in parts])
    if not np.isnan(x).any():
        return rounded_mean(x, weights)
    each = [(column[there], weights[there]) for column in x.T for there in (~np.isnan(column),)]
    return np.array([rounded_mean(cells[:, None], own)[0] if len(cells) else 0.0 for cells, own in each])


def rounded_mean(x: Array, weights: Array) -> Array:
    """The mean (d,) of the rows x (n, d), worked out from the first row on: an offset of the data costs no digits."""
    return np.asarray(x[0] + weights @ (x - x[0]) / weights.sum())


EVERY: tuple[Tally, ...] = (_ranges_of, _groups_of, _gaps_of, _values_of, _about)  # products of columns cost more


@dataclass(frozen=True)
class _Together(Additive):
    each: tuple[Any, ...]


def told(profile: AnyProfile, tally: Tally) -> Any:
    """The sum of a tally over all chunks, made once. Where loading rows is dear, one pass makes all that may be asked for."""
    if tally not in profile.memory:
        others = (*EVERY, *profile.source.tallies()) if profile.source.is_elsewhere else ()
        wanted = tuple(dict.fromkeys([tally, *(each for each in others if each not in profile.memory)]))
        found = serial(lambda chunk: _Together(tuple(each(profile, chunk) for each in wanted)), profile.source)
        profile.memory.update(zip(wanted, found.each, strict=True))
    return profile.memory[tally]
