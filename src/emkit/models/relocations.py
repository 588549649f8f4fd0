"""One or two components put elsewhere: what a run that has come to a poor maximum cannot do by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk
from emkit.data.profile import Profile
from emkit.data.source import ArraySource
from emkit.data.subsample import in_standard_units
from emkit.errors import DegenerateFitError, ParameterError
from emkit.families.spread import FEW
from emkit.models.order import can_be_reordered
from emkit.models.split_merge import Divisible

TWO = 0.3  # share of the starts in which two components are moved
PATCH = 0.3  # share of the moves to a patch of rows, whichever components they belong to


def relocations(model: Divisible, params: Any, profile: Profile[ArraySource], seed: int) -> Iterator[Any]:
    """Starts near `params`, without end, in which one or two components lose their rows to the next best and take others.

    They take a patch of rows that lie together, or a part of the rows of one other component: those on one side of a random
    plane, or those nearer to one of two rows. Nothing is estimated of what that gains: a few EM steps tell. From a sample.
    """
    if not can_be_reordered(params):
        return
    some = profile.sample
    chunk, rows = Chunk(some.x, some.weights), _Rows(in_standard_units(some.x, some.weights, some.x), some.weights)
    joint = model.log_joint(params, chunk.x)
    n_components = joint.shape[1]
    if n_components < 2:
        return
    rng = np.random.default_rng(seed)
    while True:
        number = 2 if n_components > 2 and rng.random() < TWO else 1
        moved = rng.choice(n_components, number, replace=False)
        left = joint.copy()
        left[:, moved] = -np.inf
        component = left.argmax(axis=1)
        others = np.setdiff1d(np.arange(n_components), moved)
        for k in moved:
            component[rows.taken(rng, component, others, n_components)] = k
        with suppress(ParameterError, DegenerateFitError):  # some component has no maximum among its rows
            yield model.estimated(chunk, params, component)


class _Rows(NamedTuple):
    """Rows `x` (n, d) in like units, and their `weights` (n,). What is drawn is the same for a row twice or of weight 2."""

    x: Array
    weights: Array

    def drawn(self, rng: np.random.Generator, rows: Integers) -> Array:
        """One of some rows."""
        odds = np.cumsum(self.weights[rows])
        place = np.searchsorted(odds, rng.random() * odds[-1], side="right")
        return np.asarray(self.x[rows[min(int(place), len(rows) - 1)]])

    def taken(self, rng: np.random.Generator, component: Integers, others: Integers, n_components: int) -> Integers:
        """The rows that a component takes."""
        if rng.random() < PATCH:
            return self._patch(rng, n_components)
        rows = np.flatnonzero(component == rng.choice(others))
        one_side = rng.random() < 0.5
        if not len(rows) or not np.ptp(self.x[rows], axis=0).any():
            return rows
        return self._one_side(rng, rows) if one_side else self._nearer(rng, rows)

    def _patch(self, rng: np.random.Generator, n_components: int) -> Integers:
        """The rows nearest to a random one: as few as tell a spread, or as many as a component has on average, or between."""
        rows = max(len(self.x), float(self.weights.sum()))  # weights below 1 are shares, and no rows
        least, most = FEW * self.x.shape[1], rows / n_components
        number = np.exp(rng.uniform(np.log(least), np.log(max(least, most))))
        distance = ((self.x - self.drawn(rng, np.arange(len(self.x)))) ** 2).sum(axis=1)
        order = np.argsort(distance, kind="stable")
        within = np.cumsum(self.weights[order])
        last = min(int(np.searchsorted(within, number / rows * within[-1])), len(order) - 1)
        return np.flatnonzero(distance <= distance[order[last]])

    def _one_side(self, rng: np.random.Generator, rows: Integers) -> Integers:
        """Those beyond their median in a random direction."""
        along = (self.x[rows] * rng.standard_normal(self.x.shape[1])).sum(axis=1)  # equal rows have equal sums, to the last bit
        order = np.argsort(along, kind="stable")
        below = np.cumsum(self.weights[rows][order])
        return rows[along > along[order[int(np.searchsorted(below, below[-1] / 2))]]]

    def _nearer(self, rng: np.random.Generator, rows: Integers) -> Integers:
        one, other = self.drawn(rng, rows), self.drawn(rng, rows)
        return rows[((self.x[rows] - one) ** 2).sum(axis=1) < ((self.x[rows] - other) ** 2).sum(axis=1)]
