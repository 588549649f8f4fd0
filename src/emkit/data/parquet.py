"""Rows in Parquet files: one, or many of the same columns, of which the parts that hold rows are read as they are worked on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.core.arrays import Integers
from emkit.core.checks import check_count
from emkit.data.cut_source import CutSource
from emkit.data.files.header import choose
from emkit.data.frames import Names, Table, read_table
from emkit.data.groups import group_starts
from emkit.data.parquet_places import Place, holds_names, paths_of, places_in, table_of
from emkit.data.source import ArraySource
from emkit.data.validate import RowName
from emkit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ParquetRows:
    """The rows at some `places`, one after the other: their `columns`, and those that say their `weights` and `groups`."""

    places: tuple[Place, ...]
    columns: tuple[str, ...]
    weights: str | None
    groups: str | None

    def read(self) -> ArraySource:
        """The rows. Errors: DataError naming a file that is damaged, or row, column and value of what cannot be."""
        table = table_of(self.places, [*self.columns, *(name for name in (self.weights, self.groups) if name is not None)])
        own = _cells(table.select(list(self.columns)), self._row_name)
        return ArraySource(
            own.x,
            None if self.weights is None else _numbers(table, self.weights, self._row_name),
            self.columns,
            chunk_rows=max(len(own.x), 1),
            row_name=self._row_name,
            levels=own.levels,
            groups=None if self.groups is None else _labels(table, self.groups),
        )

    @property
    def rows(self) -> int:
        """How many there are, those of weight 0 too."""
        return sum(place.last - place.first for place in self.places)

    def sized(self) -> ArraySource | None:
        """The same rows, groups and weights, without their columns; None if all weights are 0."""
        named = [name for name in (self.weights, self.groups) if name is not None]
        table = table_of(self.places, named)
        weights = None if self.weights is None else _numbers(table, self.weights, self._row_name)
        if weights is not None and not weights.any():
            return None
        return ArraySource(
            np.broadcast_to(np.float64(0.0), (self.rows, 1)),
            weights,
            row_name=self._row_name,
            groups=None if self.groups is None else _labels(table, self.groups),
        )

    def _row_name(self, row: int) -> str:
        for place in self.places:
            if row < place.last - place.first:
                return place.row_name(row)
            row -= place.last - place.first
        raise IndexError(row)


class ParquetSource(CutSource):
    """Rows in Parquet files, which are read anew in every pass: no more of them are in memory than are worked on.

    `path`: a file, a folder of ``.parquet`` files, a pattern such as ``"data/*.parquet"``, or a list of these; rows follow
    each other in the order of the files. `columns` are those to fit (all others by default); `weights` names the column that
    says how often each row occurs, `groups` the one that says which rows belong together: those of one group lie one after the
    other. Each row group of a file is a cut of the rows (small ones are joined until they have `least_rows`); one that ends
    within a group of rows goes on to the end of it. Text and dictionaries are levels, nulls are gaps.
    `where` says which rows are meant, ``[("age", ">=", 18), ("ward", "in", ["A", "B"])]`` (all must hold; of several such lists
    in a list, one), or an expression of pyarrow's. Row groups whose smallest and largest values tell that they have none are
    never read.
    Errors: DataError naming a file that cannot be read, a column that is missing, and row, column and value of what cannot be,
    and what cannot be a condition, or is one that no row meets.

    >>> import emkit as ek
    >>> source = ek.ParquetSource("rows.parquet", columns=["height", "weight"])  # doctest: +SKIP
    >>> ek.fit(ek.Mixture(ek.FullGaussian()), source, start)  # doctest: +SKIP
    """

    def __init__(
        self,
        path: str | Path | Sequence[str | Path],
        columns: Sequence[str] | None = None,
        weights: str | None = None,
        groups: str | None = None,
        least_rows: int = 0,
        where: Any = None,
    ) -> None:
        if find_spec("pyarrow") is None:
            raise DataError("reading Parquet files needs pyarrow, which is not installed: pip install 'emkit[arrow]'.")
        check_count("least_rows", least_rows, DataError, 0)
        if isinstance(columns, str):
            raise DataError(f"columns is {columns!r}; give a list, [{columns!r}].")
        names, places = places_in(paths_of(path), where)
        beside = [] if groups is None else [groups]
        chosen = choose(names, None if columns is None else list(columns), weights, beside=beside)
        own = tuple(chosen.names[: len(chosen.names) - len(beside) - (weights is not None)])
        ends = np.cumsum([place.last - place.first for place in places])
        if groups is not None:
            ends = _ends_of_groups(places, groups, ends)
        cuts = [ParquetRows(each, own, weights, groups) for each in _cut(places, ends, least_rows)]
        sized = [cut.sized() for cut in cuts] if weights is not None or groups is not None else []
        sizes = [(0, 0.0) if each is None else (each.rows, each.total_weight) for each in sized]
        sizes = sizes or [(cut.rows, float(cut.rows)) for cut in cuts]
        super().__init__(cuts, sizes, own, _levels(places, own), _joined(sized) if groups is not None else None)
        self.library = "pyarrow"


def _cells(table: pa.Table, row_name: RowName) -> Table:
    """As `read_table`: where all columns are float64, which nearly every pass over large files reads, by a shorter way."""
    if {str(kind) for kind in table.schema.types} != {"double"}:
        return read_table(table, row_name)
    x = np.empty((table.num_rows, table.num_columns))
    for j, column in enumerate(table.columns):
        x[:, j] = column.to_numpy()
    return Table(x, tuple(table.column_names), (None,) * table.num_columns)


def _numbers(table: pa.Table, column: str, row_name: Any) -> Any:
    found = read_table(table.select([column]), row_name)
    if found.levels[0] is not None:
        raise DataError(f"column {column!r} holds names, and weights are numbers.")
    return found.x[:, 0]


def _labels(table: pa.Table, column: str) -> Any:
    return table.column(column).to_numpy()


def _ends_of_groups(places: Sequence[Place], groups: str, ends: Integers) -> Integers:
    """Where cuts may end (m,): the first place at or after each of `ends` at which no group goes on.

    Errors: DataError for a group whose rows do not lie one after the other.
    """
    starts, labels, before, last = [], [], 0, None
    for place in places:
        own = _labels(table_of([place], [groups]), groups)
        first = group_starts(own, len(own), place.row_name)[:-1]
        going_on = last is not None and own[0] == last
        kept = first[1:] if going_on else first
        starts.append(kept + before)
        labels.append(own[kept])
        before, last = before + len(own), own[-1]
    every = np.concatenate(labels)
    values, times = np.unique(every.astype(str) if every.dtype == object else every, return_counts=True)
    if (times > 1).any():
        raise DataError(
            f"the rows of group {values[times > 1][0]!s} are scattered over the files. Sort the rows by {groups!r}, or fit "
            "without groups."
        )
    allowed = np.concatenate([*starts, [before]])
    return np.unique(allowed[np.searchsorted(allowed, ends)])


def _cut(places: Sequence[Place], ends: Integers, least_rows: int) -> Iterator[tuple[Place, ...]]:
    """The places of each cut; one ends at one of `ends`, where it has the least number of rows."""
    first, at = 0, 0
    starts = np.concatenate([[0], np.cumsum([place.last - place.first for place in places])]).tolist()
    for end in ends.tolist():
        if end - first < least_rows and end != starts[-1]:
            continue
        own = []
        while at < len(places) and starts[at] < end:
            place, start = places[at], starts[at]
            own.append(place._replace(first=max(first - start, 0), last=min(end, starts[at + 1]) - start))
            if starts[at + 1] > end:
                break
            at += 1
        yield tuple(own)
        first = end


def _joined(sized: Sequence[ArraySource | None]) -> Integers:
    """Where the groups of all cuts begin, and last the number of rows."""
    lengths = [np.diff(each.groups) for each in sized if each is not None and each.groups is not None]
    return np.concatenate([[0], np.cumsum(np.concatenate(lengths))])


def _levels(places: Sequence[Place], columns: Sequence[str]) -> tuple[Names, ...]:
    """The levels of columns of text, dictionaries and truths, from one look at these: in their own order, if parts agree."""
    found: dict[str, Names] = dict.fromkeys(columns)
    named = [name for name in columns if any(holds_names(path, name) for path, _ in groupby(place.path for place in places))]
    for place in places if named else ():
        table = read_table(table_of([place], named), place.row_name)
        for name, own in zip(named, table.levels, strict=True):
            known = found[name]
            found[name] = own if known is None or known == own else tuple(sorted({*known, *(own or ())}))
    return tuple(found.values())
