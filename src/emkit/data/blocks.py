"""Rows in blocks: tables one after the other, functions that make them, and the collections of Dask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.protocols import Cut
from emkit.data.chunk import Chunk
from emkit.data.cut_source import CodedCut, CutSource, Rows
from emkit.data.frames import Names, columns_from, library_of, read_table
from emkit.data.profile import Levels
from emkit.data.source import ArraySource, RowSource
from emkit.errors import DataError, some_of

READ_ONCE = (
    "can be read once, and EM reads rows many times: give a list, a function that opens it anew, or functions that make a "
    "block each. fit_online reads blocks once."
)


@dataclass(frozen=True)
class Block(Rows):
    """A table, or a function that makes it: its `columns`, and those that say `weights` and `groups`; its `number` from 1."""

    given: Any
    number: int
    columns: tuple[str, ...] | None
    weights: str | None = None
    groups: str | None = None

    def read(self) -> ArraySource:
        """The rows. Errors: DataError naming block, row and column of what cannot be."""
        return self._source(self._table())

    def look(self) -> Look:
        """What a source has to know of the rows. Errors: as `read`."""
        table = self._table()
        if not len(table.x) or (self.weights is not None and not table.column(self.weights).any()):
            return Look()
        found = self._source(table)
        if found.groups is None or self.groups is None:
            return Look(found.rows, found.total_weight, found.columns, found.levels)
        labels = tuple(dict.fromkeys(table.labels(self.groups).tolist()))
        return Look(found.rows, found.total_weight, found.columns, found.levels, np.diff(found.groups), labels)

    def row_name(self, row: int) -> str:
        """How messages call a row."""
        return f"row {row} of block {self.number}"

    def _table(self) -> _Table:
        data = self.given() if callable(self.given) else self.given
        beside = [name for name in (self.weights, self.groups) if name is not None]
        if not isinstance(data, np.ndarray | list | tuple) and self.columns is not None and library_of(data) is not None:
            data = columns_from(data, (*self.columns, *beside))
        if (isinstance(data, np.ndarray | list) or library_of(data) is not None) and not len(data):
            return _Table(np.empty((0, 0)), (), ())
        table = read_table(data, self.row_name)
        names = table.columns or tuple(f"x{j}" for j in range(table.x.shape[1]))
        for name in (name for name in beside if name not in names):
            raise DataError(f"block {self.number} has no column {name!r} of weights or groups: a data frame names its columns.")
        own = tuple(name for name in names if name not in beside)
        if self.columns is not None and own != self.columns:
            raise DataError(
                f"block {self.number} has other columns than the first one: {some_of(own)}, and not {some_of(self.columns)}."
            )
        return _Table(table.x, names, table.levels)

    def _source(self, table: _Table) -> ArraySource:
        beside = (self.weights, self.groups)
        places = [j for j, name in enumerate(table.columns) if name not in beside]
        return ArraySource(
            table.x if len(places) == len(table.columns) else np.ascontiguousarray(table.x[:, places]),
            None if self.weights is None else table.column(self.weights),
            tuple(table.columns[j] for j in places),
            chunk_rows=len(table.x),
            row_name=self.row_name,
            levels=tuple(table.levels[j] for j in places),
            groups=None if self.groups is None else table.labels(self.groups),
        )


@dataclass(frozen=True)
class _Table:
    x: Array
    columns: tuple[str, ...]
    levels: tuple[Names, ...]

    def column(self, name: str) -> Array:
        return np.ascontiguousarray(self.x[:, self.columns.index(name)])

    def labels(self, name: str) -> Any:
        """A column as labels, the same in all blocks."""
        names, values = self.levels[self.columns.index(name)], self.column(name)
        if names is None:
            return values
        return np.array([None if np.isnan(code) else names[int(code)] for code in values], dtype=object)


class BlockSource(CutSource):
    """Rows in blocks, each of which is a cut: no more of them are worked on at a time than there are workers.

    `blocks`: tables (arrays, data frames, Arrow tables) one after the other; or functions without arguments that make one each,
    when and where it is worked on, ``[partial(pd.read_csv, path) for path in paths]``; or one function that opens all of them
    anew, in order; or a data frame or array of Dask, whose partitions are the blocks. `columns` are those of data frames to fit
    (all others by default); `weights` names the one that says how often each row occurs, `groups` the one that says which rows
    belong together: those of one group lie one after the other, in one block. Text and categories are levels; gaps are gaps.
    All blocks are read once when the source is made, for their sizes and levels.
    Errors: DataError naming block, row and column of what cannot be; for a generator, which can be read once.

    >>> import numpy as np
    >>> import emkit as ek
    >>> rng = np.random.default_rng(0)
    >>> source = ek.BlockSource([rng.poisson(3.0, size=(100, 2)) for _ in range(4)])
    >>> source.rows, source.columns
    (400, ('x0', 'x1'))
    """

    def __init__(
        self, blocks: Any, columns: Sequence[str] | None = None, weights: str | None = None, groups: str | None = None
    ) -> None:
        asked = None if columns is None else tuple(columns)
        looks: list[Look] = []
        places: list[Any] = []
        for number, given in enumerate(_opened(blocks), 1):
            looks.append(Block(given, number, asked, weights, groups).look())
            places.append(partial(_nth, blocks, number) if _opens(blocks) else given)
            asked = asked or looks[-1].columns or None
            self.library = self.library or library_of(given)
        if asked is None:
            raise DataError("there are no blocks, or none that has rows.")
        cuts = [Block(place, number, asked, weights, groups) for number, place in enumerate(places, 1)]
        starts = None if groups is None else _starts(looks)
        super().__init__(cuts, [(look.rows, look.weight) for look in looks], asked, _levels(looks), starts)
        self._again = blocks if _opens(blocks) else None

    def cuts(self) -> Iterator[Cut[Chunk]]:
        """Those of one function are opened in order, once a pass."""
        if self._again is None:
            yield from super().cuts()
            return
        own = [rows for rows in self._rows if isinstance(rows, Block)]
        there = {rows.number for rows in own}
        opened = (given for number, given in enumerate(_opened(self._again), 1) if number in there)
        ends = self._starts.tolist()
        for i, rows in enumerate(own):
            given = next(opened, None)
            if given is None:
                raise DataError(f"block {rows.number} is gone: there were {len(own)} when the source was made. Make it anew.")
            yield CodedCut(replace(rows, given=given), ends[i], ends[i + 1], self._levels)


class Look(NamedTuple):
    """What is known of a block: none of the rows counts, or so many of so much weight, with the `lengths` of their groups."""

    rows: int = 0
    weight: float = 0.0
    columns: tuple[str, ...] = ()
    levels: Levels = ()
    lengths: Integers | None = None
    labels: tuple[Any, ...] = ()


def _levels(looks: Sequence[Look]) -> Levels:
    """The levels of each column: in their own order, if blocks agree."""
    found = [look.levels for look in looks if look.rows]
    return tuple(
        own[0] if len({*own}) == 1 else tuple(sorted({name for names in own for name in names or ()}))
        for own in zip(*found, strict=True)
    )


def _starts(looks: Sequence[Look]) -> Integers:
    """Where groups begin, and last the number of rows. Errors: DataError for a group that is in two blocks."""
    seen: dict[Any, int] = {}
    for number, look in enumerate(looks, 1):
        for label in look.labels:
            if seen.setdefault(label, number) != number:
                raise DataError(
                    f"rows of group {label} are in block {seen[label]} and in block {number}: those of one group lie one after "
                    "the other, in one block."
                )
    return np.concatenate([[0], np.cumsum(np.concatenate([look.lengths for look in looks if look.lengths is not None]))])


def _opens(blocks: Any) -> bool:
    """Whether `blocks` is a function that opens all of them."""
    return callable(blocks) and not is_dask(blocks)


def _opened(blocks: Any) -> Iterator[Any]:
    """The blocks, in order. Errors: DataError for what cannot be read again, or is no blocks."""
    if is_dask(blocks):
        return map(partial(partial, _computed), _partitions(blocks))
    opened = blocks() if _opens(blocks) else blocks
    if isinstance(opened, Iterator) and not _opens(blocks):
        raise DataError(f"{type(blocks).__name__} {READ_ONCE}")
    if not isinstance(opened, Iterable) or isinstance(opened, np.ndarray | str | Mapping) or library_of(opened) is not None:
        raise DataError(f"blocks are {type(opened).__name__}; they must be tables, one after the other.")
    return iter(opened)


def _nth(opens: Callable[[], Iterable[Any]], number: int) -> Any:
    """A block, counted from 1, of those that a function opens."""
    return next(islice(opens(), number - 1, None))


def is_dask(data: Any) -> bool:
    """Whether these are a data frame or an array of Dask, which is not loaded for that."""
    dask = sys.modules.get("dask")
    return dask is not None and bool(dask.is_dask_collection(data))


def _partitions(data: Any) -> list[Any]:
    """What makes each partition, with all columns. Errors: DataError for another collection of Dask."""
    if not hasattr(data, "to_delayed") or getattr(data, "ndim", 0) not in (1, 2):
        raise DataError(f"{type(data).__name__} is no data frame and no array of rows and columns.")
    parts = (data.rechunk({1: -1}) if hasattr(data, "rechunk") and data.ndim == 2 else data).to_delayed()
    return list(parts.ravel() if isinstance(parts, np.ndarray) else parts)


def _computed(part: Any) -> Any:
    """A partition, made in this thread: where the work is spread, the executor spreads it."""
    return part.compute(scheduler="synchronous")


def as_blocks(data: Any, columns: Sequence[str] | None = None) -> Any:
    """Data that come in blocks as a `BlockSource`: lists of tables, functions, collections of Dask; others as they are.

    `columns`: those of data frames to take, in order.
    Errors: DataError for an iterator.
    """
    if isinstance(data, RowSource | type):
        return data
    listed = isinstance(data, list | tuple) and len(data) > 0 and _is_block(data[0])
    return BlockSource(data, columns) if listed or is_dask(data) or callable(data) or isinstance(data, Iterator) else data


def _is_block(item: Any) -> bool:
    """Whether an item of a list is a table by itself, and no row of one."""
    if isinstance(item, np.ndarray):
        return item.ndim == 2
    return callable(item) or (hasattr(item, "columns") and library_of(item) is not None)
