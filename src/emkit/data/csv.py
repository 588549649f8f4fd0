"""Reading a table of numbers and words from CSV, or saying on which line and in which column it is not one."""

from __future__ import annotations

import csv
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from math import isfinite, nan
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from emkit.core.arrays import Array
from emkit.data.profile import Levels
from emkit.data.source import ArraySource
from emkit.data.validate import shown
from emkit.errors import DataError

MOST_LINE_BYTES = 16 << 20
MOST_COLUMNS = 100_000
DELIMITERS = ",;\t"
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", ".", "?", "-"})
QUOTED = re.compile(r'"[^"]*"')
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
Lines = Iterator[str]
Watch = Callable[[Lines], Lines]


@dataclass(frozen=True)
class CsvTable:
    """Numbers (n, d) with the names of their columns, and the line of the file on which each row stands.

    `levels` are, for each column of words, those behind its codes 0, 1, ...; None for a column of numbers (all, by default).
    """

    x: Array
    columns: tuple[str, ...]
    lines: Sequence[int]
    weights: Array | None = None
    levels: Levels = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", self.levels or (None,) * len(self.columns))

    def line(self, row: int) -> str:
        """How messages call a row."""
        return f"line {self.lines[row]}"

    def source(self) -> ArraySource:
        """The table as a source, whose messages name lines. Errors: DataError naming a weight that cannot be."""
        return ArraySource(self.x, self.weights, self.columns, row_name=self.line, levels=self.levels)


def read_csv(
    file: str | Path | BinaryIO,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    watch: Watch = lambda lines: lines,
    words: bool = False,
) -> CsvTable:
    """Read a CSV file: UTF-8, one header line, fields set apart by commas, semicolons or tabs, quoted where need be.

    `columns` are chosen by name, in that order (all but the weights by default); `weights` names the column that says how
    often each row occurs. Empty lines are skipped. `watch` may wrap the stream of lines (to show progress). With `words` a
    column in which some cell is not a number is one of words, coded in sorted order of those that occur (its `levels`).
    Errors: DataError naming line, column and value.
    """
    with _opened(file) as (stream, name):
        lines, again = _twice(stream, watch) if words else (watch(_text_lines(stream)), None)
        records = _records(lines, name)
        header = _header(next(records)[1])
        chosen = _chosen(header, columns, weights)
        if again is None:
            numbers, rows = _numbers(records, header, chosen)
            levels: Levels = ()
        else:
            numbers, rows, levels = _numbers_and_words(
                records, lambda: _records(again(), name), header, chosen, None if weights is None else chosen[-1]
            )
    if not rows:
        raise DataError(f"{name} has a header line but no rows below it.")
    table = np.frombuffer(numbers).reshape(len(rows), len(chosen))
    names = tuple(header[j] for j in chosen)
    if weights is None:
        return CsvTable(table, names, rows, levels=levels)
    return CsvTable(np.ascontiguousarray(table[:, :-1]), names[:-1], rows, table[:, -1].copy(), levels[:-1])


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


def _twice(stream: BinaryIO, watch: Watch) -> tuple[Lines, Callable[[], Lines]]:
    """The lines of a file, and how to read them again (from memory where the stream cannot go back)."""
    if stream.seekable():
        start = stream.tell()

        def rewound() -> Lines:
            stream.seek(start)
            return _text_lines(stream)

        return watch(_text_lines(stream)), rewound
    kept: list[str] = []
    return _keeping(watch(_text_lines(stream)), kept), lambda: iter(kept)


def _keeping(lines: Lines, kept: list[str]) -> Lines:
    for line in lines:
        kept.append(line)
        yield line


def _records(lines: Lines, name: str) -> Iterator[tuple[int, list[str]]]:
    """The header and every row that is not empty, each with the number of the line on which it begins."""
    skipped, first = 0, next(lines, None)
    while first is not None and not first.strip():
        skipped, first = skipped + 1, next(lines, None)
    if first is None:
        raise DataError(f"{name} is empty: a header line and at least one row are needed.")
    begins = skipped + 1
    try:
        reader = csv.reader(chain([first], lines), delimiter=_delimiter(first), strict=True)
        for fields in reader:
            if not _is_blank(fields):
                yield begins, fields
            begins = skipped + reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"line {begins} cannot be read as CSV: {_reason(str(error))}.") from None


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=QUOTED.sub("", line).count)


def _is_blank(fields: list[str]) -> bool:
    return not fields or (len(fields) == 1 and fields[0].isspace())


def _reason(message: str) -> str:
    if "unexpected end" in message or "field limit" in message:
        return "a quotation mark that opens there is never closed"
    if "new-line" in message:
        return "it holds carriage returns; save the file with ordinary line ends"
    return message


def _header(fields: list[str]) -> tuple[str, ...]:
    names = tuple(field.strip() for field in fields)
    if len(names) > MOST_COLUMNS:
        raise DataError(f"the header has {len(names):,} columns; at most {MOST_COLUMNS:,} are read.")
    first: dict[str, int] = {}
    for j, name in enumerate(names, 1):
        if name and first.setdefault(name, j) < j:
            raise DataError(f"columns {first[name]} and {j} are both called {name!r}; give each its own name.")
    if all(_is_number(name) for name in names):
        shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        raise DataError(f"the first line holds only numbers ({shown}); it must name the columns. Add a header line.")
    return names


def _is_number(text: str) -> bool:
    """Whether `text` is a number to others, too (Python alone reads 1_000 as one)."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _chosen(header: Sequence[str], columns: Sequence[str] | None, weights: str | None) -> list[int]:
    """Positions of the columns to read, the weights last. Errors: DataError naming the columns that there are."""
    names = list(columns) if columns is not None else [name for name in header if name != weights]
    for name, times in Counter(names).items():
        if not name:
            raise DataError("a column has no name in the header; name it, or choose others with --columns.")
        if times > 1:
            raise DataError(f"column {name!r} is chosen twice.")
    if weights in names:
        raise DataError(f"column {weights!r} cannot be both data and weights.")
    if not names:
        raise DataError("there is no column of data: name at least one.")
    places = {name: j for j, name in enumerate(header)}
    for name in [*names, *([weights] if weights is not None else [])]:
        if name not in places:
            raise DataError(f"there is no column {name!r}; the columns are {_listed(header)}.")
    return [places[name] for name in names] + ([places[weights]] if weights is not None else [])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:20])) + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")


def _numbers(
    records: Iterable[tuple[int, list[str]]], header: Sequence[str], chosen: list[int], words: _Words | None = None
) -> tuple[array[float], array[int]]:
    """The cells of the chosen columns, row by row, and the line of each row; of columns of `words`, the codes."""
    numbers, lines = array("d"), array("q")
    for line, fields in records:
        if len(fields) != len(header):
            raise DataError(f"line {line} has {_fields(len(fields))}, but the header names {len(header):,} columns.")
        if words is not None and words.codes:
            row = words.row(line, fields, is_first=not lines)
        else:
            try:
                row = [float(fields[j]) for j in chosen]
            except ValueError:
                row = [nan]
            if not isfinite(sum(row)) or any("_" in fields[j] for j in chosen):
                if words is None:
                    _refuse_odd(line, fields, header, chosen)
                else:
                    row = words.row(line, fields, is_first=not lines)
        numbers.extend(row)
        lines.append(line)
    return numbers, lines


@dataclass
class _Words:
    """The columns of words met so far, each with a code for every word, in order of appearance.

    It `is_late` if numbers had been read from one of them before its first word: they must be read again, as words.
    """

    header: Sequence[str]
    chosen: list[int]
    weights: int | None
    codes: dict[int, dict[str, int]]
    infinite: dict[int, tuple[int, str]] = field(default_factory=dict)
    is_late: bool = False

    def row(self, line: int, fields: list[str], is_first: bool) -> list[float]:
        """The numbers and codes of a row. Errors: DataError for a missing cell, and for a weight that is not a number."""
        return [self._cell(j, fields[j].strip(), line, is_first) for j in self.chosen]

    def _cell(self, j: int, cell: str, line: int, is_first: bool) -> float:
        if _is_missing(cell):
            _refuse(line, self.header[j], cell)
        if j not in self.codes:
            if _is_number(cell):
                if not isfinite(float(cell)):
                    self.infinite.setdefault(j, (line, cell))
                return float(cell)
            if j == self.weights:
                _refuse(line, self.header[j], cell)
            self.codes[j] = {}
            self.is_late |= not is_first
        return self.codes[j].setdefault(cell, len(self.codes[j]))


def _numbers_and_words(
    records: Iterator[tuple[int, list[str]]],
    again: Callable[[], Iterator[tuple[int, list[str]]]],
    header: Sequence[str],
    chosen: list[int],
    weights: int | None,
) -> tuple[array[float], array[int], Levels]:
    """What `_numbers` returns, and for each chosen column its words in sorted order, which are the codes."""
    words = _Words(header, chosen, weights, {})
    numbers, lines = _numbers(records, header, chosen, words)
    while words.is_late:
        words = _Words(header, chosen, weights, {j: {} for j in words.codes})
        records = again()
        next(records)  # the header
        numbers, lines = _numbers(records, header, chosen, words)
    for j, (line, cell) in words.infinite.items():
        if j not in words.codes:
            _refuse(line, header[j], cell)
    table = np.frombuffer(numbers).reshape(-1, len(chosen)) if lines else np.empty((0, len(chosen)))
    levels: list[tuple[str, ...] | None] = [None] * len(chosen)
    for k, j in enumerate(chosen):
        if j in words.codes:
            _refuse_decimal_commas(table[:, k], words.codes[j], lines, header[j])
            levels[k] = _sort_codes(table[:, k], words.codes[j])
    return numbers, lines, tuple(levels)


def _refuse_decimal_commas(cells: Array, codes: dict[str, int], lines: Sequence[int], column: str) -> None:
    """Raise DataError for a column whose words are all numbers, were it not for decimal commas."""
    if all(_is_number(word) or DECIMAL_COMMA.fullmatch(word) for word in codes):
        word = next(word for word in codes if not _is_number(word))
        _refuse(lines[int(np.argmax(cells == codes[word]))], column, word)


def _sort_codes(cells: Array, codes: dict[str, int]) -> tuple[str, ...]:
    """Code the `cells` (n,) anew, in place, in sorted order of their words, which are returned."""
    names = tuple(sorted(codes))
    places = np.empty(len(names))
    places[[codes[name] for name in names]] = np.arange(len(names))
    cells[:] = places[cells.astype(np.intp)]
    return names


def _is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def _fields(number: int) -> str:
    return f"{number:,} field{'' if number == 1 else 's'}"


def _refuse_odd(line: int, fields: list[str], header: Sequence[str], chosen: list[int]) -> None:
    """Raise DataError for the first cell of the row that is not a finite number, if there is one."""
    for j in chosen:
        cell = fields[j].strip()
        if not (_is_number(cell) and isfinite(float(cell))):
            _refuse(line, header[j], cell)


def _refuse(line: int, column: str, cell: str) -> NoReturn:
    """Raise DataError for a cell that is not a finite number."""
    if _is_missing(cell):
        rule = "missing values are not supported yet. Remove or fill in such rows first"
    elif _is_number(cell):
        rule = "every value must be a finite number"
    elif DECIMAL_COMMA.fullmatch(cell):
        rule = f"write decimals with a point, {cell.replace(',', '.')}"
    else:
        rule = "it must be a number. Choose the columns to use with --columns"
    raise DataError(f"line {line}, column {column!r} is {shown(cell)}; {rule}.")
