"""Some of the rows, drawn at random: the same for a row twice and for one of weight 2."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers


class Rows(NamedTuple):
    """Rows `x` (n, d) in like units, and their `weights` (n,)."""

    x: Array
    weights: Array

    def drawn(self, rng: np.random.Generator, rows: Integers) -> Array:
        """One of some rows."""
        odds = np.cumsum(self.weights[rows])
        place = np.searchsorted(odds, rng.random() * odds[-1], side="right")
        return np.asarray(self.x[rows[min(int(place), len(rows) - 1)]])

    def nearest(self, rng: np.random.Generator, rows: Integers, share: float) -> Integers:
        """Of some rows, those nearest to one of them: as many as have this share of the weight of all."""
        distance = ((self.x[rows] - self.drawn(rng, rows)) ** 2).sum(axis=1)
        order = np.argsort(distance, kind="stable")
        within = np.cumsum(self.weights[rows][order])
        last = min(int(np.searchsorted(within, share * self.weights.sum())), len(order) - 1)
        return rows[distance <= distance[order[last]]]

    def one_side(self, rng: np.random.Generator, rows: Integers) -> Integers:
        """Of some rows, those beyond their median in a random direction."""
        along = (self.x[rows] * rng.standard_normal(self.x.shape[1])).sum(axis=1)  # equal rows have equal sums, to the last bit
        order = np.argsort(along, kind="stable")
        below = np.cumsum(self.weights[rows][order])
        return rows[along > along[order[int(np.searchsorted(below, below[-1] / 2))]]]

    def nearer(self, rng: np.random.Generator, rows: Integers) -> Integers:
        """Of some rows, those nearer to one of two than to the other."""
        one, other = self.drawn(rng, rows), self.drawn(rng, rows)
        return rows[((self.x[rows] - one) ** 2).sum(axis=1) < ((self.x[rows] - other) ** 2).sum(axis=1)]
