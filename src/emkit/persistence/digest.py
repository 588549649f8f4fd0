"""The hash of data, by which one can tell whether a fit is of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import numpy as np

from emkit.data.chunk import Chunk
from emkit.persistence.not_stored import NotStoredSource
from emkit.persistence.values import Writer


def digest(source: Any) -> str | None:
    """SHA-256 of a source, in hexadecimal: of its columns and levels as JSON, then of every row, its weight behind its numbers.

    Numbers are float64, little-endian; levels are their codes. Where a source is cut does not matter. None for rows of another
    kind; that of a fit that comes from a file is the one in the file.
    """
    if isinstance(source, NotStoredSource):
        return source.provenance.data if source.provenance else None
    found = sha256(json.dumps([source.columns, source.levels]).encode())
    for chunk in source.chunks():
        if not isinstance(chunk, Chunk):
            return None
        for rows, x in chunk.blocks():
            found.update(np.column_stack([x, chunk.weights[rows]]).astype("<f8").tobytes())
    return found.hexdigest()


def digest_of_passes(source: Any) -> str:
    """SHA-256 of all of a source that a pass depends on: as `digest`, and groups, what is known of rows, and where it is cut.

    Errors: ModelError for chunks that hold what cannot be hashed.
    """
    found = sha256(json.dumps([source.columns, source.levels]).encode())
    for chunk in source.chunks():
        for part in _parts(chunk) if isinstance(chunk, Chunk) else _parts_of_other(chunk):
            found.update(part)
    return found.hexdigest()


def _parts(chunk: Chunk) -> Iterator[bytes]:
    known = (each for each in (chunk.groups, chunk.membership) if each is not None)
    for each in (np.array([chunk.start, *chunk.x.shape]), *known):
        yield f"{each.dtype.str}{each.shape}".encode()
        yield np.ascontiguousarray(each).tobytes()
    for rows, x in chunk.blocks():
        yield np.column_stack([x, chunk.weights[rows]]).astype("<f8").tobytes()


def _parts_of_other(chunk: Any) -> Iterator[bytes]:
    """The parts of a chunk that only its model knows."""
    writer = Writer({})
    yield json.dumps(writer.plain(chunk, "a chunk of the data")).encode()
    for array in writer.arrays:
        yield f"{array.dtype.str}{array.shape}".encode()
        yield np.ascontiguousarray(array).tobytes()
