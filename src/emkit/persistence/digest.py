"""The hash of data, by which one can tell whether a fit is of them."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import numpy as np

from emkit.data.chunk import Chunk
from emkit.persistence.not_stored import NotStoredSource


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
