"""Rows of a chunk by the group that they belong to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import once
from emkit.data.chunk import Chunk, alike
from emkit.errors import DataError
from emkit.models.answer_blocks import refuse_no_answers


class DrawnInGroups(ABC):
    """A model of answers of people of so many `groups`, of whom a last column says which, if there are several."""

    groups: int

    @abstractmethod
    def drawn_answers(self, params: Any, rng: np.random.Generator, group: Integers) -> Array:
        """Answers (n, J) of people whose groups (n,) are given."""

    def draw(self, params: Any, rng: np.random.Generator, n: int) -> Array:
        """Rows (n, J); of several groups (n, J + 1), of which a row is as likely in each."""
        return self._drawn(params, rng, rng.integers(self.groups, size=n))

    def redrawn(self, params: Any, rng: np.random.Generator, rows: Array, lengths: Integers | None = None) -> Array:
        return self._drawn(params, rng, rows[:, -1].astype(np.int64) if self.groups > 1 else np.zeros(len(rows), np.int64))

    def _drawn(self, params: Any, rng: np.random.Generator, group: Integers) -> Array:
        answers = self.drawn_answers(params, rng, group)
        return np.column_stack([answers, group]).astype(np.float64) if self.groups > 1 else answers


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
