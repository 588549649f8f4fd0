"""The rows of a CSV file by the standard library: numbers, and words as codes."""

from __future__ import annotations

import warnings
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import BinaryIO

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.files.csv_text import Head, Record, Watch, records
from emkit.data.files.header import Choice
from emkit.data.files.numerals import (
    is_finite_number,
    is_missing,
    is_number,
    is_written_otherwise,
    may_be_an_answer,
    refuse_cell,
)
from emkit.data.profile import Levels
from emkit.errors import DataError, GapsWarning

Codes = dict[str, int]  # of the words of a column, in order of appearance


@dataclass(frozen=True)
class Rows:
    """The chosen columns `x` (n, d), the `lines` on which the rows begin, and the words behind columns of codes."""

    x: Array
    lines: Sequence[int] | Integers
    levels: Levels


def read_csv_rows(stream: BinaryIO, head: Head, choice: Choice, watch: Watch) -> Rows:
    """The rows below the header. Errors: DataError naming line, column and value."""
    start = stream.tell()
    reader = _Reader(choice)
    numbers, lines = reader.read(records(stream, head, watch))
    while reader.is_late:
        stream.seek(start)
        reader = _Reader(choice, {k: {} for k in reader.codes})
        numbers, lines = reader.read(records(stream, head, watch))
    x = np.frombuffer(numbers).reshape(-1, len(choice.places)) if lines else np.empty((0, len(choice.places)))
    reader.refuse_what_only_words_excuse(x, lines)
    reader.warn_of_gaps_that_may_be_answers()
    return Rows(x, lines, sorted_levels(x, reader.codes))


@dataclass
class _Reader:
    """What is known of the chosen columns so far: `codes` of those that are of words, by their number.

    It `is_late` if numbers had been read from one of them before its first word: they must be read again, as words.
    """

    choice: Choice
    codes: dict[int, Codes] = field(default_factory=dict)
    infinite: dict[int, tuple[int, str]] = field(default_factory=dict)
    doubtful: Counter[tuple[int, str]] = field(default_factory=Counter)  # gaps among words, by column and how they are written
    is_late: bool = False

    def read(self, rows: Iterator[Record]) -> tuple[array[float], array[int]]:
        """The cells of the chosen columns, row by row, and the line of each row."""
        numbers, lines = array("d"), array("q")
        places, columns = self.choice.places, len(self.choice.header)
        for line, fields in rows:
            if len(fields) != columns:
                some = f"{len(fields):,} field{'' if len(fields) == 1 else 's'}"
                raise DataError(f"line {line} has {some}, but the header names {columns:,} columns.")
            if self.codes:
                row = self._cells(line, fields, is_first=not lines)
            else:
                try:
                    row = [float(fields[j]) for j in places]
                except ValueError:
                    row = [nan]
                if not isfinite(sum(row)) or any("_" in fields[j] for j in places):
                    row = self._cells(line, fields, is_first=not lines)
            numbers.extend(row)
            lines.append(line)
        return numbers, lines

    def _cells(self, line: int, fields: list[str], is_first: bool) -> list[float]:
        return [self._cell(k, fields[j].strip(), line, is_first) for k, j in enumerate(self.choice.places)]

    def _cell(self, k: int, cell: str, line: int, is_first: bool) -> float:
        if k not in self.codes:
            if is_finite_number(cell):
                return float(cell)
            if is_missing(cell) and self.choice.admits_gaps(k):
                return nan
            if is_missing(cell) or not self.choice.admits_words(k):
                refuse_cell(line, self.choice.names[k], cell)
            if is_number(cell):
                self.infinite.setdefault(k, (line, cell))
                return float(cell)
            self.codes[k] = {}
            self.is_late |= not is_first
        elif is_missing(cell):
            if self.choice.admits_gaps(k):
                if may_be_an_answer(cell):
                    self.doubtful[k, cell] += 1
                return nan
            refuse_cell(line, self.choice.names[k], cell)
        return self.codes[k].setdefault(cell, len(self.codes[k]))

    def refuse_what_only_words_excuse(self, x: Array, lines: Sequence[int]) -> None:
        """Raise DataError for an infinite number in a column of numbers, and for numbers written otherwise, taken for words."""
        for k, (line, cell) in self.infinite.items():
            if k not in self.codes:
                refuse_cell(line, self.choice.names[k], cell)
        for k, codes in self.codes.items():
            if (word := numeral_among(codes)) is not None:
                refuse_cell(lines[int(np.argmax(x[:, k] == codes[word]))], self.choice.names[k], word)

    def warn_of_gaps_that_may_be_answers(self) -> None:
        """Warn of gaps among words that are written as an answer may be."""
        for (k, cell), times in sorted(self.doubtful.items()):
            cells = "1 cell says" if times == 1 else f"{times:,} cells say"
            warnings.warn(
                f"column {self.choice.names[k]!r}: {cells} {cell!r}, which is read as a missing value. "
                "If it is an answer, give it another name in the file.",
                GapsWarning,
                stacklevel=2,
            )


def numeral_among(words: Codes) -> str | None:
    """A word that is a number written otherwise, if the words are nothing but numbers, so written or plain."""
    if not all(is_number(word) or is_written_otherwise(word) for word in words):
        return None
    return next((word for word in words if not is_number(word)), None)


def sorted_levels(x: Array, codes: dict[int, Codes]) -> Levels:
    """Code the columns of words of `x` (n, d) anew, in place, in sorted order of their words, which are returned."""
    levels: list[tuple[str, ...] | None] = [None] * x.shape[1]
    for k, known in codes.items():
        names = tuple(sorted(known))
        places = np.empty(len(names))
        places[[known[name] for name in names]] = np.arange(len(names))
        there = ~np.isnan(x[:, k])
        x[there, k] = places[x[there, k].astype(np.intp)]
        levels[k] = names
    return tuple(levels)
