"""The compiled road of regressions whose M-step is a step of Newton's method: one sweep over the rows, in tiles.

Of a tile: linear predictors (a matrix product), what the law makes of them, softmax, and matrix products again for the sums of
slopes and curvatures. Nothing of the size of rows x components x coefficients is ever kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.newton import Greatest, NewtonSums
from emkit.families.linear import frozen, single
from emkit.families.linear_map import LinearMap
from emkit.families.regression.layout import Layout

MOST_ROWS = 5  # tiles of the other kernels that are one here: Python calls the law once for each,
MOST_NUMBERS = 1 << 16  # unless so many numbers are worked on at a time, which fill half a second-level cache


class Tile(NamedTuple):
    """Some rows: response `y` (T,), `trials` (T,), and (K, T) each of linear predictors, which become `scores`, and the rest.

    `own` (m, K, T): what a law adds up besides slopes and curvatures.
    """

    y: Array
    trials: Array
    scores: Array
    slopes: Array
    curvatures: Array
    own: Array


class TileLaw(NamedTuple):
    """A law as compiled code has it: `fill` does to a tile what `kernels/regression_laws.py` says.

    `constants`: what is added to the score of each component, (K,); `own`: how many numbers the law adds up of each row;
    `trials`: how many there are of each row, unless a column says so.
    """

    fill: Callable[[Tile], None]
    constants: Array | float = 0.0
    own: int = 0
    trials: float = 1.0


class Sums(NamedTuple):
    """Sums over rows, of each component, before they are `NewtonSums`; of the curvature, one triangle in a row."""

    mass: Array
    gradient: Array
    curvature: Array
    own: Array
    reach: Array

    @classmethod
    def empty(cls, components: int, columns: int, own: int) -> Sums:
        """Of no rows."""
        shapes = (components, 1), (components, columns), (components, columns * (columns + 1) // 2), (own, components, 1)
        return cls._make(np.zeros(shape) for shape in (*shapes, components))

    def add_to(self, sums: Array) -> None:
        """Add these to one array (K, G); the last of its columns is the reach."""
        sums[:, :-1] += np.concatenate([self.mass, self.gradient, self.curvature, self.own[:, :, 0].T], axis=1)
        np.maximum(sums[:, -1], self.reach, out=sums[:, -1])


@dataclass(frozen=True, eq=False)
class InTiles:
    """Rows of which a law sees linear predictors, of `coefficients` (K, P) of the columns as they are: see `BaseRows`.

    Coefficients that are handed in are one for each component, which is added to its score. Sums are those of `Sums` in a row.
    """

    layout: Layout
    coefficients: Array
    law: TileLaw
    curved: bool = field(kw_only=True)

    @property
    def width(self) -> int:
        """How many sums there are of each component."""
        return 2 + self.coefficients.shape[1] + len(self._pairs[2]) + self.law.own

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        from emkit.kernels.mixture_pass import fill_weights
        from emkit.kernels.predictors import share

        found, given = self._empty(), frozen(weights)
        for start, tile, framed, scratch in self._tiles(x):
            fill_weights(given, start, len(x), scratch[1])
            share(tile.scores, coefficients[0], scratch[1], scratch[2:], log_likelihoods)
            self._weigh(tile.scores, tile, framed, scratch[0], found)
        found.add_to(sums)

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        from emkit.kernels.halves import take_out
        from emkit.kernels.predictors import lift

        for start, tile, _, _ in self._tiles(x):
            lift(tile.scores, coefficients[0])
            take_out(tile.scores, start, scores)

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        from emkit.kernels.halves import put_in

        found, given = self._empty(), frozen(weights)
        for start, tile, framed, scratch in self._tiles(x):
            put_in(given, start, tile.scores)
            self._weigh(tile.scores, tile, framed, scratch[0], found)
        found.add_to(sums)

    def newton_sums(self, sums: Array) -> NewtonSums:
        """What sums (K, G) are of."""
        size, products = self.coefficients.shape[1], len(self._pairs[2])
        gradient, triangle, own = (sums[:, 1:][:, at:to] for at, to in pairwise((0, size, size + products, self.width - 2)))
        first, second = self._pairs[2].T - 1
        curvature = np.empty((len(sums), size, size))
        curvature[:, first, second] = curvature[:, second, first] = triangle
        greatest = sums[:, -1].copy() if self.curved else np.zeros(len(sums))
        return NewtonSums(sums[:, 0].copy(), gradient.copy(), curvature, Greatest(greatest), tuple(own.T.copy()))

    def _empty(self) -> Sums:
        number, size = self.coefficients.shape
        return Sums.empty(number, size, self.law.own)

    def _weigh(self, shares: Array, tile: Tile, framed: Array, lengths: Array, found: Sums) -> None:
        from emkit.kernels.predictors import weigh

        weigh(shares, tile.slopes, tile.curvatures, tile.own, framed, lengths, self._pairs, *found)

    def _tiles(self, x: Any) -> Iterator[tuple[int, Tile, Array, Array]]:
        """Of each tile: where it starts, what the law makes of it, framed columns behind a leading 1, and room for 4 rows.

        The first of that room holds the lengths of the framed columns.
        """
        from emkit.kernels.predictors import predict
        from emkit.kernels.workspace import TILE_ROWS, workspace

        (number, size), places = self.coefficients.shape, self._read.places
        height = 1 + len(places) + 1 + size + (3 + self.law.own) * number + 4
        rows = TILE_ROWS * max(1, min(MOST_ROWS, MOST_NUMBERS // (TILE_ROWS * height)))
        shapes = (1 + len(places), rows), (1 + size, rows), (number, rows), (4, rows), (rows,)
        base, framed, scores, scratch, trials = workspace(*shapes)
        slopes, curvatures, own = workspace((number, rows), (number, rows), (self.law.own, number, rows))
        y, column = base[1 + places.index(self.layout.response)], self.layout.trials
        if column is None:
            trials[:] = self.law.trials
        tile = Tile(y, trials if column is None else base[1 + places.index(column)], scores, slopes, curvatures, own)
        cells = frozen(x)
        for first in range(0, len(x), rows):
            predict(cells, first, self._plan, base, framed, scratch[0], scores)
            self.law.fill(tile)
            yield first, tile, framed, scratch

    @cached_property
    def _read(self) -> LinearMap:
        """Makes predictors (K) and framed columns (P) of covariates and offset; response and trials are read, too."""
        layout, (number, size) = self.layout, self.coefficients.shape
        offset, trials = ([] if place is None else [place] for place in (layout.offset, layout.trials))
        places = (*layout.places, *offset, layout.response, *trials)
        covariates = len(layout.places)
        origin, matrix = np.zeros(len(places)), np.zeros((1 + len(places), number + size))
        origin[:covariates] = layout.centre
        design = slice(1 - layout.intercept, 1 + covariates)
        matrix[design, :number], matrix[design, number:] = layout.level(self.coefficients).T, layout.inverse
        matrix[1 + covariates : 1 + covariates + len(offset), :number] = 1.0
        return LinearMap.of(places, origin, matrix)

    @cached_property
    def _plan(self) -> tuple[Any, ...]:
        """The columns that are read, the coefficients of predictors and of framed columns, and which features these are of."""
        matrix, number = self._read.matrix, len(self.coefficients)
        level, framing = (np.ascontiguousarray(part) for part in (matrix[:, :number], matrix[:, number:]))
        return *self._read.columns, level, framing, single(len(matrix))

    @property
    def _pairs(self) -> tuple[Integers, Integers, Integers]:
        return _pairs_of(self.coefficients.shape[1])


@cache
def _pairs_of(columns: int) -> tuple[Integers, Integers, Integers]:
    """The `pairs` of a leading 1, of so many columns behind it, and of their products, one triangle in a row."""
    alone = single(1 + columns)
    return alone[:1], alone[1:], 1 + np.stack(np.tril_indices(columns), axis=1).astype(np.int64)
