"""Some of the columns, or some of the rows, of other rows: what is known of these alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.memo import once
from emkit.data.chunk import Chunk, as_float64, columns_at
from emkit.data.profile import AnyProfile, Levels
from emkit.data.source import ArraySource, RowSource
from emkit.data.subsample import SUBSAMPLE


def some_columns(profile: AnyProfile, places: tuple[int, ...]) -> AnyProfile:
    """What is known of the columns at these `places` alone; messages name rows and columns as those of the whole."""
    return profile if places == tuple(range(len(profile.columns))) else _of_columns(profile, places)


@once
def _of_columns(profile: AnyProfile, places: tuple[int, ...]) -> AnyProfile:
    return SomeColumns(profile.source, places).profile


def some_rows(profile: AnyProfile, some: Callable[[Array], Mask]) -> AnyProfile:
    """What is known of `some` rows alone: those for which the function of rows x (n, d) is true, shape (n,)."""
    return SomeRows(profile.source, some).profile


class SomeColumns(RowSource):
    """The rows of another source with the columns at some `places` only."""

    def __init__(self, whole: Any, places: tuple[int, ...]) -> None:
        self.whole, self.places = whole, places
        self.columns = tuple(whole.columns[j] for j in places)
        self.rows, self.total_weight = whole.rows, whole.total_weight
        self.is_elsewhere = whole.is_elsewhere

    @property
    def levels(self) -> Levels:
        names: Levels = tuple(self.whole.levels[j] for j in self.places)
        return names

    def chunks(self) -> Iterator[Chunk]:
        return (chunk.of_columns(self.places) for chunk in self.whole.chunks())

    def sample(self, rows: int = SUBSAMPLE) -> Any:
        some = self.whole.sample()
        return ArraySource(columns_at(some.x, self.places), some.weights, self.columns, levels=self.levels)

    def place_of_row(self, row: int) -> str:
        return str(self.whole.place_of_row(row))


class SomeRows(RowSource):
    """Those rows of another source for which `some` is true, each standing for itself."""

    def __init__(self, whole: Any, some: Callable[[Array], Mask]) -> None:
        self.whole, self.some, self.columns = whole, some, whole.columns
        chunks = list(self.chunks())
        self.rows = sum(len(chunk.x) for chunk in chunks)
        self.total_weight = sum(chunk.total_weight for chunk in chunks)

    @property
    def levels(self) -> Levels:
        names: Levels = self.whole.levels
        return names

    def chunks(self) -> Iterator[Chunk]:
        start = 0
        for chunk in self.whole.chunks():
            rows = self.some(as_float64(chunk.x))
            if rows.any():
                yield Chunk(chunk.x[rows], chunk.weights[rows], start)
            start += int(rows.sum())

    def sample(self, rows: int = SUBSAMPLE) -> Any:
        some = self.whole.sample()
        kept = self.some(some.x)
        return ArraySource(some.x[kept], some.weights[kept], self.columns, levels=self.levels)

    def place_of_row(self, row: int) -> str:
        found = np.concatenate([chunk.start + np.flatnonzero(self.some(as_float64(chunk.x))) for chunk in self.whole.chunks()])
        return str(self.whole.place_of_row(int(found[row])))
