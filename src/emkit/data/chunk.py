"""Blocks of rows: what an E-step looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import Memory, once
from emkit.data.mapped import Mapped, mapped_at

BLOCK = 131_072  # numbers that are looked at together in passing: they stay in the cache


def as_float64(x: Any) -> Array:
    """`x` in double precision (itself, if it is already)."""
    return np.asarray(x, dtype=np.float64)


def unit_weights(rows: int) -> Array:
    """A weight of 1 for each row, which takes no memory."""
    return np.broadcast_to(np.float64(1.0), rows)


def occurring(chunk: Chunk) -> Chunk:
    """The rows of a chunk whose weight is positive; itself if they all are."""
    return chunk if chunk.least_weight > 0 else _occurring(chunk)


def alike(weights: Array) -> bool:
    """Whether one number stands for the weights of all rows."""
    return weights.strides == (0,)


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Chunks that follow each other as one; itself, if there is one."""
    if len(chunks) == 1:
        return chunks[0]
    x, weights = (np.concatenate(parts) for parts in ([chunk.x for chunk in chunks], [chunk.weights for chunk in chunks]))
    ends = np.cumsum([0, *(len(chunk.x) for chunk in chunks)])
    bounds = [chunk.bounds[:-1] + first for chunk, first in zip(chunks, ends, strict=False)]
    return Chunk(x, weights, chunks[0].start, np.concatenate([*bounds, ends[-1:]]))


def columns_at(x: Array, places: tuple[int, ...]) -> Array:
    """The columns of x (n, d) at `places`: a view where these are at even steps, as those of one column always are."""
    if places == tuple(range(x.shape[1])):
        return x
    first, step = places[0], places[1] - places[0] if len(places) > 1 else 1
    if step > 0 and places == tuple(range(first, places[-1] + 1, step)):
        return x[:, first : places[-1] + 1 : step]
    return x[:, list(places)]


@dataclass(frozen=True)
class Chunk:
    """A block of rows, a view into the source. `x` (n, d) float64 or float32, `weights` (n,) > 0, `start`: rows before it.

    `groups` (G + 1,) say where groups of rows (sequences, people) begin and, last, where the chunk ends; None if each row
    stands for itself. The weight of a group is that of its rows. `membership` (n, K) says how plausible each component is for
    each row, the most plausible one 1 (what is known of a group, at its first row); None if nothing is known of any.
    `on_device` turns base rows of a linear form into such as go over these rows on a device; None if they are on none.

    The two chunks of five rows:

    >>> import emkit as ek
    >>> source = ek.ArraySource([1.0, 2.0, 3.0, 4.0, 5.0], chunk_rows=3)
    >>> [(chunk.start, chunk.x.ravel().tolist(), chunk.total_weight) for chunk in source.chunks()]
    [(0, [1.0, 2.0, 3.0], 3.0), (3, [4.0, 5.0], 2.0)]
    """

    x: Array
    weights: Array
    start: int = 0
    groups: Integers | None = None
    membership: Array | None = None
    memory: Memory = field(default_factory=dict, repr=False, compare=False)
    on_device: Callable[[Any], Any] | None = field(default=None, repr=False, compare=False)

    def load(self) -> Chunk:
        """The rows themselves: those of a chunk in memory are here."""
        return self

    @property
    def least_weight(self) -> float:
        """The smallest weight of a row; infinite if there are no rows."""
        return _least_weight(self)

    @property
    def total_weight(self) -> float:
        """The sum of the weights."""
        return _total_weight(self)

    @property
    def has_gaps(self) -> bool:
        """Whether a cell is missing (NaN)."""
        return _has_gaps(self)

    @property
    def bounds(self) -> Integers:
        """Where each group begins, and last the number of rows, shape (G + 1,); rows that stand for themselves are groups."""
        return np.arange(len(self.x) + 1) if self.groups is None else self.groups

    @property
    def group_weights(self) -> Array:
        """The weight of each group, shape (G,). Rows that stand for themselves are groups of one."""
        return self.weights if self.groups is None else self.weights[self.groups[:-1]]

    def of_columns(self, places: tuple[int, ...]) -> Chunk:
        """The same rows with the columns at `places` only, with a memory of its own."""
        return _of_columns(self, places)

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """The rows in double precision, as many at a time as stay in the cache, and where they lie."""
        step = max(BLOCK // max(self.x.shape[1], 1), 1)
        for first in range(0, len(self.x), step):
            rows = slice(first, first + step)
            yield rows, as_float64(self.x[rows])

    def __getstate__(self) -> dict[str, Any]:
        """What is stored and sent: of rows in a file the place, and weights of 1 stay what they are; no memory, no device."""
        weights, place = None if alike(self.weights) else self.weights, mapped_at(self.x)
        return {**self.__dict__, "x": self.x if place is None else place, "weights": weights, "memory": {}, "on_device": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        x = state["x"].rows() if isinstance(state["x"], Mapped) else state["x"]
        weights = state["weights"] if state["weights"] is not None else unit_weights(len(x))
        self.__dict__.update(state, x=x, weights=weights)


@once
def _of_columns(chunk: Chunk, places: tuple[int, ...]) -> Chunk:
    return Chunk(columns_at(chunk.x, places), chunk.weights, chunk.start, chunk.groups)


@once
def _occurring(chunk: Chunk) -> Chunk:
    kept, groups = chunk.weights > 0, chunk.groups
    if groups is not None:
        lengths = np.diff(groups)[kept[groups[:-1]]]
        groups = np.concatenate([[0], np.cumsum(lengths)])
    known = chunk.membership[kept] if chunk.membership is not None else None
    return Chunk(chunk.x[kept], chunk.weights[kept], chunk.start, groups, membership=known)


@once
def _least_weight(chunk: Chunk) -> float:
    return float(chunk.weights.min(initial=np.inf))


@once
def _has_gaps(chunk: Chunk) -> bool:
    return any(bool(np.isnan(x).any()) for _, x in chunk.blocks())


@once
def _total_weight(chunk: Chunk) -> float:
    return float(chunk.weights.sum())
