"""Rows in sequence cut into lanes, which compiled loops go through side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.memo import once
from emkit.data.chunk import Chunk

MULTIPLE = 16
NEAR = 0.25  # of a lane's rows: so far, it may be moved to where a sequence begins


class Lanes(NamedTuple):
    """The rows of a chunk in L lanes, from `heads` (L + 1,) on; lanes that are `joined` (L,) end within a sequence.

    `begins` (B, 2) and `ends` (E, 2) are the steps, counted from the head, and the lanes at which sequences begin, in order,
    and end, from behind, those of `weights` (E,); where a lane `joins` (E,) another, its last row is an end, too.
    """

    heads: Integers
    joined: Mask
    begins: Integers
    ends: Integers
    weights: Array
    joins: Mask

    @property
    def steps(self) -> int:
        """Rows of the longest lane, up to the next multiple: chunks of about as many rows are worked on in the same arrays."""
        return -(-int(np.diff(self.heads).max()) // MULTIPLE) * MULTIPLE


@once
def heads_of(chunk: Chunk, number: int) -> Integers:
    """Where `number` lanes of about as many rows each begin, and last the number of rows.

    A lane begins with a sequence, if one begins nearby.
    """
    bounds, rows = chunk.bounds, len(chunk.x)
    even = np.rint(np.linspace(0, rows, number + 1)).astype(np.int64)
    place = np.searchsorted(bounds, even)
    low, high = bounds[np.maximum(place - 1, 0)], bounds[np.minimum(place, len(bounds) - 1)]
    nearest = np.where(even - low < high - even, low, high)
    return np.where(np.abs(nearest - even) <= NEAR * rows / number, nearest, even)


@once
def in_lanes(chunk: Chunk, number: int, before: bool = False, after: bool = False) -> Lanes:
    """The rows of a chunk in `number` lanes.

    `before`, `after`: whether its first sequence began before the chunk, and its last goes on behind it.
    """
    bounds, heads = chunk.bounds, heads_of(chunk, number)
    starts, stops = bounds[int(before) : -1], bounds[1 : len(bounds) - int(after)]
    tails = np.union1d(heads[1:], stops)
    own, mine = (np.searchsorted(heads, rows, side="right") - 1 for rows in (tails - 1, starts))
    ends, begins = np.column_stack([tails - 1 - heads[own], own]), np.column_stack([starts - heads[mine], mine])
    last, first = np.argsort(-ends[:, 0], kind="stable"), np.argsort(begins[:, 0], kind="stable")
    joined, joins = ~np.isin(heads[1:], stops), ~np.isin(tails, stops)
    return Lanes(heads, joined, begins[first], ends[last], np.array(chunk.weights[tails - 1][last]), joins[last])
