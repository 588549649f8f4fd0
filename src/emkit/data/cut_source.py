"""Rows that lie elsewhere, in files or on other machines, and are loaded cut by cut, anew in every pass."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.protocols import Cut
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk, as_float64
from emkit.data.profile import AnyProfile, Levels, Tally, told
from emkit.data.source import ArraySource, RowSource
from emkit.data.subsample import MOST_RARE, SUBSAMPLE, in_order_of_values, random_places
from emkit.errors import DataError

MOST_TOLD = 10 * MOST_RARE  # values of a column, up to which the first row of each is kept
Sizes = tuple[int, float]


class Rows(Protocol):
    """Where some rows lie: small, can be pickled, and reads them wherever it has been sent to."""

    def read(self) -> ArraySource:
        """The rows. Errors: DataError naming a cell that cannot be, or what cannot be read."""


@dataclass(frozen=True)
class CodedCut(Cut[Chunk]):
    """The rows of a cut, from `start` to `end` of all, with their columns as codes of `levels`."""

    rows: Rows
    start: int
    end: int
    levels: Levels

    def load(self) -> Chunk:
        """The chunk. Errors: DataError naming a cell that cannot be, what cannot be read, or rows that are others by now."""
        found = self.rows.read().coded(self.levels)
        if len(found.x) != self.end - self.start:
            raise DataError(
                f"from {found.place_of_row(0)} on, there were {self.end - self.start:,} rows of a positive weight when the "
                f"source was made, and now there are {len(found.x):,}. Make the source anew."
            )
        return Chunk(found.x, found.weights, self.start, found.groups)


class CutSource(RowSource):
    """Rows that are loaded where and when they are worked on: `cuts` say where they lie.

    `sizes` has, of each cut, the number of rows with a positive weight and their total weight; `groups` says where groups
    begin among these rows, none of which lies in two cuts. Sums are the same bits as those of an `ArraySource` that is cut
    alike. What is known of the rows before a fit is found in one pass.
    """

    is_elsewhere = cut_by_hand = True

    def __init__(
        self,
        cuts: Sequence[Rows],
        sizes: Sequence[Sizes],
        columns: Sequence[str],
        levels: Levels | None = None,
        groups: Integers | None = None,
    ) -> None:
        if len(cuts) != len(sizes):
            raise DataError(f"there are {len(cuts)} cuts, and sizes of {len(sizes)}.")
        there = [i for i, (rows, _) in enumerate(sizes) if rows]
        if not there:
            raise DataError("there are no rows of a positive weight.")
        self._rows = tuple(cuts[i] for i in there)
        self._starts = np.concatenate([[0], np.cumsum([sizes[i][0] for i in there])])
        self.columns, self.groups = tuple(columns), groups
        self._levels: Levels = (None,) * len(self.columns) if levels is None else levels
        self.rows, self.total_weight = int(self._starts[-1]), float(sum(sizes[i][1] for i in there))

    @property
    def levels(self) -> Levels:
        return self._levels

    def cuts(self) -> Iterator[Cut[Chunk]]:
        ends = self._starts.tolist()
        return (CodedCut(rows, ends[i], ends[i + 1], self._levels) for i, rows in enumerate(self._rows))

    def chunks(self) -> Iterator[Chunk]:
        return (cut.load() for cut in self.cuts())

    def tallies(self) -> tuple[Tally, ...]:
        return (Drawn(int(self.rows), SUBSAMPLE),)

    def sample(self, rows: int = SUBSAMPLE) -> ArraySource:
        drawn = Drawn(int(self.rows), rows)
        return drawn.source(told(self.profile, drawn), self)

    def coded(self, levels: Levels) -> Self:
        if levels == self._levels:
            return self
        if len(levels) != len(self.columns):
            raise DataError(f"levels are given for {len(levels)} columns but the data have {len(self.columns)}.")
        made = copy(self)
        made.__dict__.pop("profile", None)
        made._levels = levels
        return made

    def as_one_group(self) -> Self:
        if self.groups is not None:
            return self
        raise DataError(
            "all rows would be one sequence, which is not cut in two: name the column of groups that says which rows are whose."
        )

    def place_of_row(self, row: int) -> str:
        cut = bisect_right(self._starts, row) - 1
        return self._rows[cut].read().place_of_row(row - int(self._starts[cut]))


@dataclass(frozen=True)
class Firsts:
    """The first row that has each value of a column of whole numbers: `values` (m,) in order, and the `places` of these rows.

    `x` (m, d) are the rows, and `weights` (m,) theirs.
    """

    values: Array
    places: Integers
    x: Array
    weights: Array

    def __add__(self, other: Firsts) -> Firsts:
        values, first = np.unique(np.concatenate([self.values, other.values]), return_index=True)
        places, x = np.concatenate([self.places, other.places]), np.concatenate([self.x, other.x])
        return Firsts(values, places[first], x[first], np.concatenate([self.weights, other.weights])[first])


@dataclass(frozen=True)
class FirstsOf:
    """`Firsts` of each column; None of one that holds a fraction, or too many values."""

    columns: tuple[Firsts | None, ...]

    def __add__(self, other: FirstsOf) -> FirstsOf:
        return FirstsOf(tuple(_few_of(mine, its) for mine, its in zip(self.columns, other.columns, strict=True)))


def _few_of(mine: Firsts | None, its: Firsts | None) -> Firsts | None:
    if mine is None or its is None:
        return None
    both = mine + its
    return both if len(both.values) <= MOST_TOLD else None


@dataclass(frozen=True)
class Picked:
    """Some rows, of which `places` come before: they join in their order."""

    places: Integers
    x: Array
    weights: Array

    def __add__(self, other: Picked) -> Picked:
        return Picked(
            np.concatenate([self.places, other.places]),
            np.concatenate([self.x, other.x]),
            np.concatenate([self.weights, other.weights]),
        )


@dataclass(frozen=True)
class Some(Additive):
    """Rows drawn, and those that hold values first."""

    picked: Picked
    firsts: FirstsOf


@dataclass(frozen=True)
class Drawn:
    """A tally: `number` random ones of all `rows`, and a few that hold rare values, as `chosen_rows` has them."""

    rows: int
    number: int

    def __call__(self, profile: AnyProfile, chunk: Chunk) -> Some:
        chosen = self._in_order
        first, last = np.searchsorted(chosen, [chunk.start, chunk.start + len(chunk.x)])
        own = chosen[first:last] - chunk.start
        return Some(
            Picked(chosen[first:last], as_float64(chunk.x[own]), np.asarray(chunk.weights[own])),
            FirstsOf(tuple(_firsts(chunk, j) for j in range(chunk.x.shape[1]))),
        )

    @cached_property
    def _chosen(self) -> Integers:
        return random_places(self.rows, self.number)

    @cached_property
    def _in_order(self) -> Integers:
        return np.sort(self._chosen)

    def source(self, some: Some, whole: RowSource) -> ArraySource:
        """The sample, in ascending order of its values."""
        order = np.searchsorted(some.picked.places, self._chosen)
        x, weights = some.picked.x[order], some.picked.weights[order]
        rare: dict[int, tuple[Array, float]] = {}
        for column, firsts in zip(x.T, some.firsts.columns, strict=True):
            if firsts is not None and self.rows > self.number:
                there = np.flatnonzero(~np.isin(firsts.values, column))[:MOST_RARE]
                rare.update({int(firsts.places[i]): (firsts.x[i], float(firsts.weights[i])) for i in there})
        own = [rare[place] for place in sorted(rare)]
        every = np.concatenate([x, *(row[None] for row, _ in own)])
        mass = np.concatenate([weights, [weight for _, weight in own]])
        ranked = in_order_of_values(every)
        return ArraySource(every[ranked], mass[ranked], whole.columns, levels=whole.levels)


def _firsts(chunk: Chunk, column: int) -> Firsts | None:
    cells = as_float64(chunk.x[:, column])
    known = ~np.isnan(cells)
    if (cells[known] != np.floor(cells[known])).any():
        return None
    values, first = np.unique(cells, return_index=True)
    there = ~np.isnan(values)
    values, first = values[there], first[there]
    if len(values) > MOST_TOLD:
        return None
    return Firsts(values, first + chunk.start, as_float64(chunk.x[first]), np.asarray(chunk.weights[first]))
