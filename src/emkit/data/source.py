"""Chunks of rows, and the source that cuts an array into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.memo import Memory, once
from emkit.data.validate import RowName, as_table, as_weights
from emkit.errors import DataError

MOST_ROWS = 65_536  # of a chunk: bounds the memory of one E-step
LEAST_ROWS, LEAST_NUMBERS = 8_192, 65_536  # chunks that hold less than both would cost more than they share out
BLOCK = 131_072  # numbers that are looked at together in passing: they stay in the cache
CHUNKS = 4  # aimed at for mid-sized data: few, since each costs a little, and equal, so that threads share them evenly


def as_float64(x: Any) -> Array:
    """`x` in double precision (itself, if it is already)."""
    return np.asarray(x, dtype=np.float64)


@dataclass(frozen=True)
class Chunk:
    """A block of rows, a view into the source. `x` (n, d) float64 or float32, `weights` (n,) > 0, `start`: rows before it."""

    x: Array
    weights: Array
    start: int = 0
    memory: Memory = field(default_factory=dict, repr=False, compare=False)

    @property
    def least_weight(self) -> float:
        """The smallest weight of a row."""
        return _least_weight(self)

    @property
    def total_weight(self) -> float:
        """The sum of the weights."""
        return _total_weight(self)


@once
def _least_weight(chunk: Chunk) -> float:
    return float(chunk.weights.min())


@once
def _total_weight(chunk: Chunk) -> float:
    return float(chunk.weights.sum())


def even_rows(n: int, columns: int) -> int:
    """Rows of a chunk for `n` rows: a few equal chunks, neither too small to be worth a task nor too large for memory."""
    worth = max(n // LEAST_ROWS, n * columns // LEAST_NUMBERS)
    count = max(min(worth, CHUNKS), -(-n // MOST_ROWS), 1)
    return -(-n // count)


class ArraySource:
    """Rows in memory, cut into chunks of `chunk_rows` rows, always the same way (by default 1 to 4 chunks, or more).

    Rows of weight 0 are left out on entry, so that they cannot have any influence. `row_name` says how messages call a row,
    given its index in the original data.
    Errors: DataError naming row, column and value.
    """

    def __init__(
        self,
        x: Any,
        weights: Any = None,
        columns: Sequence[str] | None = None,
        chunk_rows: int | None = None,
        row_name: RowName = "row {}".format,
    ) -> None:
        self.memory: Memory = {}  # of what is worked out `once` from the rows
        self.row_name = row_name
        self.x = as_table(x, row_name)
        self.columns = tuple(columns) if columns is not None else tuple(f"x{j}" for j in range(self.x.shape[1]))
        if len(self.columns) != self.x.shape[1]:
            raise DataError(f"{len(self.columns)} column names for {self.x.shape[1]} columns.")
        self.chunk_rows = chunk_rows or even_rows(*self.x.shape)
        self.weights = as_weights(weights, len(self.x), row_name)
        self._index: Integers | None = None
        self.refuse(
            lambda block: ~np.isfinite(block),
            "every value must be a finite number, not NaN or inf. Remove or fill in such rows first.",
        )
        if weights is not None and not self.weights.all():
            self._index = np.flatnonzero(self.weights)
            self.x, self.weights = self.x[self._index], self.weights[self._index]
        if weights is not None and (self.weights == 1).all():
            self.weights = as_weights(None, len(self.x), row_name)  # as if there were none, to the last bit

    @property
    def rows(self) -> int:
        """The number of rows with a positive weight."""
        return len(self.x)

    @cached_property
    def total_weight(self) -> float:
        """The sum of the weights: the sample size if weights are frequencies."""
        return float(self.weights.sum())

    @cached_property
    def _chunks(self) -> tuple[Chunk, ...]:
        cuts = range(0, self.rows, self.chunk_rows)
        return tuple(Chunk(self.x[i : i + self.chunk_rows], self.weights[i : i + self.chunk_rows], i) for i in cuts)

    def chunks(self) -> Iterator[Chunk]:
        """The rows in order, `chunk_rows` at a time."""
        return iter(self._chunks)

    def blocks(self) -> Iterator[tuple[Array, Array]]:
        """The rows in double precision and their weights, as many at a time as stay in the cache."""
        for rows in self._cuts():
            yield as_float64(self.x[rows]), self.weights[rows]

    def _cuts(self) -> Iterator[slice]:
        step = max(BLOCK // self.x.shape[1], 1)
        return (slice(start, start + step) for start in range(0, self.rows, step))

    def place(self, row: int, column: int) -> str:
        """How messages call one cell, given its row among those with a positive weight."""
        return f"{self.place_of_row(row)}, column {self.columns[column]!r}"

    def place_of_row(self, row: int) -> str:
        """How messages call a row, given its place among those with a positive weight."""
        return self.row_name(row if self._index is None else int(self._index[row]))

    def refuse(self, bad: Callable[[Array], Mask], rule: str) -> None:
        """Raise DataError for the first cell for which `bad` is true, naming it, its value and the `rule` it breaks."""
        for rows in self._cuts():
            block = self.x[rows]
            found = bad(block)
            if found.any():
                row, column = (int(i) for i in np.argwhere(found)[0])
                raise DataError(f"{self.place(rows.start + row, column)} is {block[row, column]:g}; {rule}")


def columns_of(source: object) -> tuple[str, ...]:
    """The names of the columns of the rows that `source` hands out, if they have any."""
    return tuple(getattr(source, "columns", ()))


def as_source(data: Any, weights: Any = None) -> Any:
    """A source for `data`: itself if it is one, else an `ArraySource` (arrays, lists, data frames with named columns)."""
    if hasattr(data, "chunks") and not isinstance(data, np.ndarray):
        if weights is not None:
            raise DataError("weights belong to the source: give them when you make it, ArraySource(x, weights).")
        return data
    columns = getattr(data, "columns", None)
    if columns is not None and hasattr(data, "to_numpy"):
        return ArraySource(data.to_numpy(), weights, [str(name) for name in columns])
    name = getattr(data, "name", None)
    return ArraySource(data, weights, [str(name)] if name is not None and np.ndim(data) == 1 else None)
