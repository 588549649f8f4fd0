"""Reading a table of numbers and words from a file, or saying in which row and column it is not one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from emkit.core.arrays import Array
from emkit.data.files.columnar import kind_of, read_columnar
from emkit.data.files.csv_rows import Rows, read_csv_rows
from emkit.data.files.csv_text import Head, Watch, read_head
from emkit.data.files.header import Choice, check_names, choose, refuse_numbers
from emkit.data.files.streams import begins_with, opened
from emkit.data.profile import Levels
from emkit.data.source import ArraySource
from emkit.data.validate import RowName
from emkit.errors import DataError

LARGE = 2 << 20  # bytes of CSV that take longer to read by the standard library than pyarrow takes to load


@dataclass(frozen=True)
class FileTable:
    """Numbers (n, d), NaN where there is a gap, with the names of their columns; `row_name` says how messages call a row.

    `levels` are, for each column of words, those behind its codes 0, 1, ...; None for a column of numbers. `beside` are
    the columns beside the data, each (n,) of numbers or of texts, in the order in which they were asked for; None is a gap.
    """

    x: Array
    columns: tuple[str, ...]
    levels: Levels
    row_name: RowName
    weights: Array | None = None
    beside: tuple[Any, ...] = ()

    def source(self) -> ArraySource:
        """The table as a source. Errors: DataError naming a weight that cannot be."""
        return ArraySource(self.x, self.weights, self.columns, row_name=self.row_name, levels=self.levels)


def read_file(
    file: str | Path | BinaryIO,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    watch: Watch = lambda line: None,
    words: bool | Collection[str] = False,
    large: int = LARGE,
    gaps: bool = False,
    beside: Sequence[str] = (),
) -> FileTable:
    """Read a file of rows, packed with gzip or not: CSV, or Parquet or Arrow (with the extra `arrow`), told by its first bytes.

    CSV is UTF-8 with one header line, fields set apart by commas, semicolons, tabs or bars, quoted where need be. Empty lines
    are skipped; `watch` is told now and then how many lines were read. With `words`, or if it is named there, a column in which
    some cell is not a number is one of words, coded in sorted order of those that occur; with `gaps`, a cell that says that
    there is no value (blank, NA, ?) is NaN. A CSV file of `large` bytes or more is read through pyarrow where that is
    installed, with the same result.
    `columns` are chosen by name, in that order (all others by default); `weights` names the column that says how often each
    row occurs; `beside` those that are read beside the data.
    Errors: DataError naming line (or row), column and value.
    """
    with opened(file) as (stream, name):
        kind = kind_of(stream)
        if kind is None:
            return _read_csv(stream, name, columns, weights, watch, words, large, gaps, beside)
        table, choice = read_columnar(stream, kind, name, columns, weights, beside)
        return _table(table.x, choice, table.levels, "row {}".format)


def _read_csv(
    stream: BinaryIO,
    name: str,
    columns: Sequence[str] | None,
    weights: str | None,
    watch: Watch,
    words: bool | Collection[str],
    large: int,
    gaps: bool,
    beside: Sequence[str],
) -> FileTable:
    head = read_head(stream, name)
    check_names(head.names)
    refuse_numbers(head.names)
    choice = choose(head.names, columns, weights, words, gaps, beside)
    rows = _rows(stream, head, choice, watch, large)
    if not len(rows.x):
        raise DataError(f"{name} has a header line but no rows below it.")
    return _table(rows.x, choice, rows.levels, lambda row: f"line {rows.lines[row]}")


def _rows(stream: BinaryIO, head: Head, choice: Choice, watch: Watch, large: int) -> Rows:
    """The rows below the header, read by whichever reader is soonest done."""
    start = stream.tell()
    if find_spec("pyarrow") is not None and len(begins_with(stream, large)) >= large:
        from emkit.data.files.arrow_rows import read_arrow_rows

        rows = read_arrow_rows(stream, head, choice, watch)
        if rows is not None:
            return rows
        stream.seek(start)
    return read_csv_rows(stream, head, choice, watch)


def _table(x: Array, choice: Choice, levels: Levels, row_name: RowName) -> FileTable:
    """The table, with the columns beside the data and the weights taken out."""
    data, names = choice.data, choice.names
    if choice.has_weights and levels[-1] is not None:
        raise DataError(f"column {names[-1]!r} holds words ({levels[-1][0]!r}), and weights are numbers >= 0.")
    return FileTable(
        np.ascontiguousarray(x[:, :data]),
        names[:data],
        levels[:data],
        row_name,
        x[:, -1].copy() if choice.has_weights else None,
        tuple(_cells(x[:, j], levels[j]) for j in range(data, data + choice.beside)),
    )


def _cells(column: Array, names: tuple[str, ...] | None) -> Any:
    """The cells (n,) of a column: numbers, whole ones as such, or the texts behind its codes; None is a gap."""

    def read(value: float) -> Any:
        if names is not None:
            return names[int(value)]
        return int(value) if value.is_integer() else value

    return np.array([None if np.isnan(value) else read(value) for value in column.tolist()], dtype=object)
