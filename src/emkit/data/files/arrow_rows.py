"""The rows of a CSV file through pyarrow, as far as it reads them exactly as the standard library does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from emkit.core.arrays import Array, Integers
from emkit.data.files.csv_rows import Codes, Rows, numeral_among, sorted_levels
from emkit.data.files.csv_text import Head, Watch
from emkit.data.files.header import Choice
from emkit.data.files.numerals import is_missing, is_number
from emkit.data.files.plain_blocks import NotPlainError, plain_blocks, without_empty_lines


class _WordsError(Exception):
    """Columns of words were taken for numbers."""

    def __init__(self, columns: frozenset[int]) -> None:
        self.columns = columns


def read_arrow_rows(stream: BinaryIO, head: Head, choice: Choice, watch: Watch) -> Rows | None:
    """What `read_csv_rows` returns; None for a file that is not plain, about which only `read_csv_rows` can say what it holds.

    Plain are, beside the characters, rows of as many fields as the header has, whose chosen cells are finite numbers or words.
    """
    start = stream.tell()
    words: frozenset[int] = frozenset()
    while True:
        stream.seek(start)
        reader = _Reader(head, choice, {k: {} for k in words})
        try:
            for block in plain_blocks(stream, head.delimiter.encode()):
                watch(reader.read(block))
            return reader.rows()
        except _WordsError as found:
            words |= found.columns
        except NotPlainError:
            return None


@dataclass
class _Reader:
    """The rows read so far, the lines on which they stand, and the `codes` of columns of words, by number among the chosen."""

    head: Head
    choice: Choice
    codes: dict[int, Codes]
    parts: list[Array] = field(default_factory=list)
    lines: list[range | Integers] = field(default_factory=list)
    line: int = field(init=False)

    def __post_init__(self) -> None:
        self.line = self.head.lines

    def read(self, block: bytes) -> int:
        """Take in a block of whole lines; how many lines have been read. Errors: NotPlainError, _WordsError."""
        after = self.line + 1
        try:
            x = self._numbers(block)
            self.lines.append(range(after, after + len(x)))
            self.line += len(x)
        except (pa.ArrowInvalid, NotPlainError):
            full, places, count = without_empty_lines(block)
            x = self._numbers_or_words(full) if full else np.empty((0, len(self.choice.places)))
            self.lines.append(after + places)
            self.line += count
        if not np.isfinite(x).all():
            raise NotPlainError
        self.parts.append(x)
        return self.line

    def rows(self) -> Rows:
        """All that was read. Errors: NotPlainError."""
        if not self.parts or any(numeral_among(codes) is not None for codes in self.codes.values()):
            raise NotPlainError
        x = np.concatenate(self.parts)
        has_gaps = not all(isinstance(part, range) for part in self.lines)
        lines = np.concatenate(self.lines) if has_gaps else range(self.head.lines + 1, self.line + 1)
        return Rows(x, lines, sorted_levels(x, self.codes))

    def _numbers(self, block: bytes) -> Array:
        """The chosen cells (n, d) of a block without empty lines. Errors: ArrowInvalid, NotPlainError."""
        table = self._table(block, self.codes)
        x = np.empty((table.num_rows, table.num_columns))
        for k, column in enumerate(table.columns):
            x[:, k] = self._coded(column, self.codes[k]) if k in self.codes else column.to_numpy()
        return x

    def _numbers_or_words(self, block: bytes) -> Array:
        """The same. Errors: NotPlainError; _WordsError for columns that were taken for numbers, and in which words stand."""
        try:
            return self._numbers(block)
        except pa.ArrowInvalid:
            asked = [k for k in range(len(self.choice.places)) if k not in self.codes and self.choice.admits_words(k)]
        try:
            table = self._table(block, asked)
        except pa.ArrowInvalid:
            raise NotPlainError from None
        found = frozenset(k for k in asked if not all(map(is_number, _texts(table.column(k)))))
        raise _WordsError(found) if found else NotPlainError

    def _table(self, block: bytes, words: Collection[int]) -> Any:
        """The chosen columns of a block as pyarrow reads them, those numbered in `words` as text."""
        text, number = pa.dictionary(pa.int32(), pa.string()), pa.float64()
        names = [str(j) for j in range(len(self.choice.header))]
        chosen = [names[place] for place in self.choice.places]
        types = {name: text if k in words else number for k, name in enumerate(chosen)}
        return arrow_csv.read_csv(
            pa.BufferReader(block),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
            arrow_csv.ParseOptions(delimiter=self.head.delimiter, ignore_empty_lines=False),
            arrow_csv.ConvertOptions(include_columns=chosen, column_types=types, null_values=[]),
        )

    def _coded(self, column: Any, codes: Codes) -> Array:
        parts = []
        for part in column.chunks:
            words = [word.strip() for word in part.dictionary.to_pylist()]
            if any(map(is_missing, words)):
                raise NotPlainError
            places = np.array([codes.setdefault(word, len(codes)) for word in words], dtype=np.float64)
            parts.append(places[part.indices.to_numpy()])
        return np.concatenate(parts)


def _texts(column: Any) -> list[str]:
    return [text for part in column.chunks for text in part.dictionary.to_pylist()]
