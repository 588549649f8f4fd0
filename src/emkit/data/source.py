"""Chunks of rows, and the source that cuts an array into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.errors import DataError

CHUNK_ROWS = 16_384


@dataclass(frozen=True)
class Chunk:
    """A block of rows. `x` (n, d), `weights` (n,) > 0, `start`: how many rows of the source come before."""

    x: Array
    weights: Array
    start: int = 0


class ArraySource:
    """Rows in memory, cut into chunks of `chunk_rows` rows, always the same way.

    Rows of weight 0 are left out on entry, so that they cannot have any influence. `row_name` says how messages call a row,
    given its index in the original data.
    Errors: DataError naming row, column and value.
    """

    def __init__(
        self,
        x: Any,
        weights: Any = None,
        columns: Sequence[str] | None = None,
        chunk_rows: int = CHUNK_ROWS,
        row_name: Callable[[int], str] = "row {}".format,
    ) -> None:
        table = _as_table(x, row_name)
        self.columns = tuple(columns) if columns is not None else tuple(f"x{j}" for j in range(table.shape[1]))
        if len(self.columns) != table.shape[1]:
            raise DataError(f"{len(self.columns)} column names for {table.shape[1]} columns.")
        self.row_name = row_name
        self._refuse_not_finite(table)
        given = _as_weights(weights, len(table), row_name)
        self._index = np.flatnonzero(given > 0)
        if len(self._index) == 0:
            raise DataError("every row has weight 0: there is nothing to fit.")
        everything = len(self._index) == len(table)
        self.x = table if everything else table[self._index]
        self.weights = given if everything else given[self._index]
        self.chunk_rows = chunk_rows

    @property
    def rows(self) -> int:
        """The number of rows with a positive weight."""
        return len(self.x)

    @property
    def total_weight(self) -> float:
        """The sum of the weights: the sample size if weights are frequencies."""
        return float(self.weights.sum())

    def chunks(self) -> Iterator[Chunk]:
        """The rows in order, `chunk_rows` at a time."""
        for start in range(0, self.rows, self.chunk_rows):
            stop = start + self.chunk_rows
            yield Chunk(self.x[start:stop], self.weights[start:stop], start)

    def place(self, row: int, column: int) -> str:
        """How messages call one cell, given its row among those with a positive weight."""
        return f"{self.row_name(int(self._index[row]))}, column {self.columns[column]!r}"

    def refuse(self, bad: Callable[[Array], Mask], rule: str) -> None:
        """Raise DataError for the first cell for which `bad` is true, naming it, its value and the `rule` it breaks."""
        for chunk in self.chunks():
            found = np.argwhere(bad(chunk.x))
            if len(found):
                row, column = (int(i) for i in found[0])
                raise DataError(f"{self.place(chunk.start + row, column)} is {chunk.x[row, column]:g}; {rule}")

    def _refuse_not_finite(self, table: Array) -> None:
        found = np.argwhere(~np.isfinite(table))
        if len(found):
            row, column = (int(i) for i in found[0])
            raise DataError(
                f"{self.row_name(row)}, column {self.columns[column]!r} is {table[row, column]}; every value must be a finite "
                "number. Remove or fill in such rows first."
            )


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


def _as_table(x: Any, row_name: Callable[[int], str]) -> Array:
    try:
        table = np.asarray(x)
    except ValueError as error:
        raise DataError(f"the data are not a table of numbers: {error}.") from None
    if np.iscomplexobj(table):
        raise DataError("the data are complex numbers; emkit fits real numbers. Give real and imaginary part as columns.")
    if table.ndim not in (1, 2):
        raise DataError(f"the data have {table.ndim} axes; they must be rows (n,) or rows and columns (n, d).")
    table = table.reshape(len(table), -1)
    if table.shape[0] == 0 or table.shape[1] == 0:
        raise DataError(f"the data are empty (shape {table.shape}): at least one row and one column are needed.")
    if table.dtype.kind in "biuf":
        return np.asarray(table, dtype=np.float64)
    for row, cells in enumerate(table):
        for column, cell in enumerate(cells):
            try:
                float(cell)
            except (TypeError, ValueError):
                raise DataError(f"{row_name(row)}, column {column} is {cell!r}; it must be a number.") from None
    return table.astype(np.float64)


def _as_weights(weights: Any, rows: int, row_name: Callable[[int], str]) -> Array:
    if weights is None:
        return np.ones(rows)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (rows,):
        raise DataError(f"there are {rows} rows but the weights have shape {given.shape}; give one weight a row.")
    wrong = np.flatnonzero(~(np.isfinite(given) & (given >= 0)))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(f"the weight of {row_name(row)} is {given[row]:g}; weights must be finite numbers >= 0.")
    return given
