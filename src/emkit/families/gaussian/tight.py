"""Base rows for normal components of which some are so tight that each of these must be seen from its own mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.families.linear import Columns, frozen
from emkit.kernels.workspace import TILE_ROWS, TRIANGLE_ROWS, workspace


class Roads(NamedTuple):
    """Which components go where.

    `shared` (2,): first and end of those that share an origin, with any tight ones between them. `tight` (J,): those that do
    not, with their `means` (J, d). `whiten` (J, H, d): inverse Cholesky factors of their covariances in units of the columns,
    with rows of 0 up to a multiple of what is worked on at a time; none for independent columns.
    """

    shared: Integers
    tight: Integers
    means: Array
    whiten: Array

    @classmethod
    def of(cls, tight: Mask, means: Array, factors: Array | None) -> Self:
        """`tight` (K,); means (J, d) of those that are, and Cholesky factors (J, d, d), unless columns are independent."""
        clear = np.flatnonzero(~tight)
        shared = np.array([clear[0], clear[-1] + 1] if len(clear) else [0, 0])
        triangles = [] if factors is None else [inverse_triangle(factor) for factor in factors]
        d = means.shape[1]
        whiten = np.zeros((len(triangles), up_to_multiple(d), d))
        for j, triangle in enumerate(triangles):
            whiten[j, :d] = triangle
        return cls(shared, np.flatnonzero(tight), np.ascontiguousarray(means), whiten)


@dataclass(frozen=True)
class OwnMeans:
    """Base rows as those of `columns` where components share an origin; about its own mean, in the same units, for a tight one.

    The score of a tight component whose columns are joined is its first coefficient less half the squared length of the
    whitened row: nothing cancels, however narrow the component.
    """

    columns: Columns
    roads: Roads

    def add_up(self, x: Array, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        from emkit.kernels.own_means import add_rows

        room, scratch = self._workspace(len(sums) + 3)
        add_rows(frozen(x), frozen(weights), *self._plan, coefficients, room, scratch, sums, log_likelihoods)

    def score(self, x: Array, coefficients: Array, scores: Array) -> None:
        from emkit.kernels.own_means import score_rows

        room, tile = self._workspace(len(scores))
        score_rows(frozen(x), *self._plan, coefficients, room, tile, scores)

    def sum_up(self, x: Array, weights: Array, sums: Array) -> None:
        from emkit.kernels.own_means import sum_rows

        room, tile = self._workspace(len(sums))
        sum_rows(frozen(x), frozen(weights), *self._plan, room, tile, sums)

    @property
    def _plan(self) -> tuple[tuple[Array, Array, Integers | Array], tuple[Integers, Integers, Array, Array]]:
        """The frame and the roads as plain tuples: what is compiled is kept for them, whatever they are called."""
        return (self.columns.origin, 1 / self.columns.unit, self.columns.pairs), (*self.roads,)

    def _workspace(self, height: int) -> tuple[tuple[Array, ...], Array]:
        """Tiles of columns and of base rows, and products of these; and a tile of `height` rows."""
        base = int(self.columns.pairs.max()) + 1
        side = up_to_multiple(base)
        columns = 1 + len(self.columns.origin)
        *room, tile = workspace((columns, TILE_ROWS), (base, TILE_ROWS), (side, side), (height, TILE_ROWS))
        return tuple(room), tile


def up_to_multiple(rows: int) -> int:
    """So many rows, or a few more, that triangles are worked on a whole number of times."""
    return -(-rows // TRIANGLE_ROWS) * TRIANGLE_ROWS


def inverse_triangle(factor: Array) -> Array:
    """The inverse (d, d) of a lower triangle: in a general inversion rows change places, and zeros become rounding."""
    from scipy.linalg.lapack import dtrtri

    return np.asarray(dtrtri(factor, lower=1)[0])
