"""Rows of a chunk by the group that they belong to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Integers
from emkit.core.memo import once
from emkit.data.chunk import Chunk, alike
from emkit.errors import DataError
from emkit.models.answer_blocks import refuse_no_answers


class OfGroup(NamedTuple):
    """The rows of one group of a chunk: where they are, and themselves."""

    rows: Integers | slice
    chunk: Chunk


@once
def parted(chunk: Chunk, levels: tuple[int, ...]) -> list[OfGroup]:
    """The rows of each group, whose number is in the last column. Errors: DataError for what is no answer, or no group."""
    refuse_no_answers(levels, chunk.x, chunk.start)
    group = chunk.x[:, -1]
    if np.isnan(group).any():
        raise DataError(
            f"row {chunk.start + int(np.isnan(group).argmax())} says no group: the last column must not be missing."
        )
    each = [np.flatnonzero(group == g) for g in range(levels[-1])]
    weights = [chunk.weights[:1] if alike(chunk.weights) else chunk.weights[rows] for rows in each]
    return [
        OfGroup(rows, Chunk(chunk.x[rows, :-1], np.broadcast_to(own, len(rows)) if len(rows) else np.empty(0)))
        for rows, own in zip(each, weights, strict=True)
    ]
