"""A CSV file as text: its lines, its header, and the fields of each row. Every fault is named with its line."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from emkit.errors import DataError

MOST_LINE_BYTES = 16 << 20
DELIMITERS = ",;\t|"
QUOTED = re.compile(r'"[^"]*"')
LINES_BETWEEN = 10_000  # two calls of `watch`
Watch = Callable[[int], None]  # told now and then how many lines were read
Record = tuple[int, list[str]]  # the number of the line on which a row begins, and its fields


@dataclass(frozen=True)
class Head:
    """The first record of a file: the `names` in it, the delimiter, and how many `lines` of the file it ends."""

    names: tuple[str, ...]
    delimiter: str
    lines: int


def read_head(stream: BinaryIO, name: str) -> Head:
    """Read the header line, and leave the stream behind it. Errors: DataError."""
    lines = _lines(stream, 0)
    blank, first = 0, next(lines, None)
    while first is not None and not first.strip():
        blank, first = blank + 1, next(lines, None)
    if first is None:
        raise DataError(f"{name} is empty: a header line and at least one row are needed.")
    delimiter = max(DELIMITERS, key=QUOTED.sub("", first).count)
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    try:
        names = tuple(field.strip() for field in next(reader))
    except csv.Error as error:
        raise _no_csv(blank + 1, error) from None
    return Head(names, delimiter, blank + reader.line_num)


def records(stream: BinaryIO, head: Head, watch: Watch) -> Iterator[Record]:
    """The rows below the header that are not empty. Errors: DataError."""
    reader = csv.reader(_watched(_lines(stream, head.lines), head.lines, watch), delimiter=head.delimiter, strict=True)
    begins = head.lines + 1
    try:
        for fields in reader:
            if not _is_blank(fields):
                yield begins, fields
            begins = head.lines + reader.line_num + 1
    except csv.Error as error:
        raise _no_csv(begins, error) from None


def _lines(stream: BinaryIO, number: int) -> Iterator[str]:
    """The lines of a file after the first `number`. Errors: DataError for a line that is too long, or not text."""
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


def _watched(lines: Iterator[str], number: int, watch: Watch) -> Iterator[str]:
    for count, line in enumerate(lines, number + 1):
        if count % LINES_BETWEEN == 0:
            watch(count)
        yield line


def _is_blank(fields: list[str]) -> bool:
    return not fields or (len(fields) == 1 and fields[0].isspace())


def _no_csv(line: int, error: csv.Error) -> DataError:
    message = str(error)
    if "unexpected end" in message:
        message = "a quotation mark that opens there is never closed"
    elif "field limit" in message:
        message = f"a field is longer than {csv.field_size_limit():,} characters; is a quotation mark never closed?"
    elif "new-line" in message:
        message = "it holds carriage returns; save the file with ordinary line ends"
    return DataError(f"line {line} cannot be read as CSV: {message}.")
