"""One column of rows, of those that have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.memo import once
from emkit.data.chunk import Chunk, as_float64
from emkit.data.profile import AnyProfile, Bad, Levels, Profile
from emkit.data.source import ArraySource, RowSource


def rows_with(cells: Array) -> Mask | slice:
    """Which rows of cells (n, d) have no gap; the slice of all where none has."""
    gap = np.isnan(cells)
    return np.asarray(~gap.any(axis=1)) if gap.any() else slice(None)


class Column(RowSource):
    """`width` neighbouring columns of the rows of `source` that have them all, from column `first` on."""

    def __init__(self, source: Any, first: int, width: int) -> None:
        self._source, self._place = source, slice(first, first + width)
        self.columns = source.columns[self._place]
        sizes = [(len(chunk.x), chunk.total_weight) for chunk in self.chunks()]
        self.rows = sum(rows for rows, _ in sizes)
        self.total_weight = sum(weight for _, weight in sizes)

    @property
    def levels(self) -> Levels:
        names: Levels = self._source.levels[self._place]
        return names

    def chunks(self) -> Iterator[Chunk]:
        """The rows in order; what was before a row in the source is not told."""
        for chunk in self._source.chunks():
            rows = rows_with(chunk.x[:, self._place])
            yield Chunk(as_float64(chunk.x[rows, self._place]), chunk.weights[rows])

    def sample(self, rows: int = 0) -> ArraySource:
        some = self._source.sample()
        there = rows_with(some.x[:, self._place])
        return ArraySource(some.x[there, self._place], some.weights[there], self.columns, levels=self.levels)

    def refuse(self, bad: Bad, rule: str) -> None:
        """As the source does, which knows the rows by name."""
        self._source.refuse(lambda x: _elsewhere(bad, x, self._place), rule)


def _elsewhere(bad: Bad, x: Array, place: slice) -> Mask:
    found = np.zeros(x.shape, dtype=bool)
    found[:, place] = bad(x[:, place]) & ~np.isnan(x[:, place])
    return found


@once
def column_of(profile: AnyProfile, first: int, width: int = 1) -> Profile[ArraySource]:
    """What is known of `width` columns from `first` on, of the rows that have them."""
    return Column(profile.source, first, width).profile
