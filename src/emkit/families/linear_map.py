"""Base rows that are a linear map of some columns: compiled code reads them itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.families.linear import Columns, Read, frozen, single


@dataclass(frozen=True, eq=False)
class LinearMap:
    """Makes (n, m) of rows x (n, d): the `matrix` (1 + C, m), of a leading 1 and the columns at `places` less an `origin`."""

    places: tuple[int, ...]
    origin: Array
    matrix: Array

    @classmethod
    def of(cls, places: tuple[int, ...], origin: Array, matrix: Array) -> LinearMap:
        """The same map of columns in the order in which they lie, where they are read fastest."""
        order = np.argsort(places)
        return cls(tuple(np.array(places)[order].tolist()), origin[order], matrix[[0, *(1 + order)]])

    @property
    def columns(self) -> tuple[Integers, Array, Array]:
        """The columns as `fill_runs` takes them."""
        return _runs(self.places), self.origin, np.ones(len(self.origin))


@dataclass(frozen=True)
class LinearlyMapped(Read):
    """`Read`, where `by` makes the same columns in compiled code, but for rounding. `rows` take these as they are."""

    rows: Columns
    by: LinearMap

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        from emkit.kernels.linear_map import add_mapped

        room, scratch = self._workspace(len(sums) + 3)
        add_mapped(frozen(x), frozen(weights), self._plan, coefficients, self.rows.pairs, room, scratch, sums, log_likelihoods)

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        from emkit.kernels.linear_map import score_mapped

        room, tile = self._workspace(len(scores))
        score_mapped(frozen(x), self._plan, coefficients, self.rows.pairs, room, tile, scores)

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        from emkit.kernels.linear_map import sum_mapped

        room, tile = self._workspace(len(sums))
        sum_mapped(frozen(x), frozen(weights), self._plan, self.rows.pairs, room, tile, sums)

    @property
    def _plan(self) -> tuple[Any, ...]:
        return *self.by.columns, self.by.matrix, single(len(self.by.matrix))

    def _workspace(self, height: int) -> tuple[tuple[Array, Array], Array]:
        """Tiles of columns as they are, and of base rows; and one of `height` rows."""
        from emkit.kernels.workspace import TILE_ROWS, workspace

        columns, made = self.by.matrix.shape
        read, base, tile = workspace((columns, TILE_ROWS), (1 + made, TILE_ROWS), (height, TILE_ROWS))
        return (read, base), tile


@cache
def _runs(places: tuple[int, ...]) -> Integers:
    """The runs of columns that follow each other: the first of each, and how many there are, shape (m, 2)."""
    starts = [i for i, place in enumerate(places) if i == 0 or place != places[i - 1] + 1]
    lengths = np.diff([*starts, len(places)])
    return np.stack([[places[i] for i in starts], lengths], axis=1).astype(np.int64)
