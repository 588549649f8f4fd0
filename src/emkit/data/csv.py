"""Reading a table of numbers from CSV, or saying on which line and in which column it is not one."""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from emkit.core.arrays import Array
from emkit.data.source import ArraySource
from emkit.errors import DataError

MOST_LINE_BYTES = 16 << 20
MOST_COLUMNS = 100_000
DELIMITERS = ",;\t"
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", ".", "?", "-"})
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
Lines = Iterator[str]
Watch = Callable[[Lines], Lines]


@dataclass(frozen=True)
class CsvTable:
    """Numbers (n, d) with the names of their columns, and the line of the file on which each row stands."""

    x: Array
    columns: tuple[str, ...]
    lines: Sequence[int]
    weights: Array | None = None

    def line(self, row: int) -> str:
        """How messages call a row."""
        return f"line {self.lines[row]}"

    def source(self) -> ArraySource:
        """The table as a source, whose messages name lines. Errors: DataError naming a weight that cannot be."""
        return ArraySource(self.x, self.weights, self.columns, row_name=self.line)


def read_csv(
    file: str | Path | BinaryIO,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    watch: Watch = lambda lines: lines,
) -> CsvTable:
    """Read a CSV file: UTF-8, one header line, fields set apart by commas, semicolons or tabs, quoted where need be.

    `columns` are chosen by name, in that order (all but the weights by default); `weights` names the column that says how
    often each row occurs. Empty lines are skipped. `watch` may wrap the stream of lines (to show progress).
    Errors: DataError naming line, column and value.
    """
    with _opened(file) as (stream, name):
        records = _records(watch(_text_lines(stream)), name)
        header = _header(next(records)[1])
        chosen = _positions(header, _chosen(header, columns, weights))
        numbers, lines = _numbers(records, header, chosen)
    if not lines:
        raise DataError(f"{name} has a header line but no rows below it.")
    table = np.frombuffer(numbers, dtype=np.float64).reshape(len(lines), len(chosen))
    names = tuple(header[j] for j in chosen)
    if weights is None:
        return CsvTable(table, names, lines)
    return CsvTable(np.ascontiguousarray(table[:, :-1]), names[:-1], lines, table[:, -1].copy())


@contextmanager
def _opened(file: str | Path | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    if not isinstance(file, str | Path):
        yield file, "the input"
        return
    try:
        with open(file, "rb") as stream:
            yield stream, repr(str(file))
    except FileNotFoundError:
        raise DataError(f"there is no file {str(file)!r}.") from None
    except IsADirectoryError:
        raise DataError(f"{str(file)!r} is a directory; give a CSV file in it.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{str(file)!r} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def _text_lines(stream: BinaryIO) -> Lines:
    """The lines of a file as text. Errors: DataError for a line that is too long, or not text."""
    number = 0
    while raw := stream.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(raw) > MOST_LINE_BYTES:
            raise DataError(
                f"line {number} is longer than {MOST_LINE_BYTES >> 20} MiB, the most that is read; is this a CSV file with one "
                "row a line?"
            )
        if b"\0" in raw:
            raise DataError(f"line {number} holds a NUL byte, so this is not a CSV file in UTF-8. Save it as CSV (UTF-8).")
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"line {number} is not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start + 1} cannot be decoded. "
                "Save the file as CSV (UTF-8)."
            ) from None


def _records(lines: Lines, name: str) -> Iterator[tuple[int, list[str]]]:
    """The header and every row that is not empty, each with the number of the line on which it begins."""
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise DataError(f"{name} is empty: a header line and at least one row are needed.")
    delimiter = max(DELIMITERS, key=lambda d: len(next(csv.reader([first], delimiter=d), [])))
    reader = csv.reader(_chained(first, lines), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"line {begins} cannot be read as CSV: {error}.") from None
