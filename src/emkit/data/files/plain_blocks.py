"""CSV in blocks of whole lines, as long as it is plain: such that no two readers of CSV read it differently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from emkit.core.arrays import Integers
from emkit.data.files.csv_text import MOST_LINE_BYTES

BLOCK = 2 << 20  # bytes: large beside what a call costs, small enough to stay in the cache
STRIDE = 1 << 16  # bytes in which some field ends, so that none reaches the standard library's limit of twice as many
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # which others leave out at the start of what they are given
EMPTY_LINE = re.compile(rb"^\r?\n", re.MULTILINE)


class NotPlainError(Exception):
    """What may be read in more than one way, or not at all."""


def plain_blocks(stream: BinaryIO, delimiter: bytes) -> Iterator[bytes]:
    """The rest of a stream, about `BLOCK` bytes at a time: UTF-8, lines ended by LF or CRLF, fields quoted whole or not at all.

    Errors: NotPlainError.
    """
    quoted = re.compile(rb'(?:(?<=[\n%b])|\A)"[^"\r\n]*"(?=[\r\n%b]|\Z)' % (delimiter, delimiter))
    while block := stream.read(BLOCK):
        rest = stream.readline(MOST_LINE_BYTES)
        if len(rest) > MOST_LINE_BYTES - BLOCK:
            raise NotPlainError
        block += rest
        _check_characters(block)
        has_quotes = b'"' in block
        if has_quotes and block.count(b'"') != 2 * sum(1 for _ in quoted.finditer(block)):
            raise NotPlainError
        _check_lengths(block, (b"\n",) if has_quotes else (delimiter, b"\n"))
        yield block


def _check_characters(block: bytes) -> None:
    if b"\0" in block or block.startswith(BYTE_ORDER_MARK):
        raise NotPlainError
    if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
        raise NotPlainError
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError:
            raise NotPlainError from None


def _check_lengths(block: bytes, ends: tuple[bytes, ...]) -> None:
    for start in range(0, len(block) - STRIDE, STRIDE):
        if all(block.find(end, start, start + STRIDE) < 0 for end in ends):
            raise NotPlainError


def without_empty_lines(block: bytes) -> tuple[bytes, Integers, int]:
    """A plain block without its empty lines, the places of the others among all lines, from 0, and the number of all."""
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    kept = [place for place, line in enumerate(lines) if line not in (b"", b"\r")]
    return EMPTY_LINE.sub(b"", block), np.array(kept, dtype=np.intp), len(lines)
