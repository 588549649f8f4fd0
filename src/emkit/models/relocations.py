"""One or two components put elsewhere: what a run that has come to a poor maximum cannot do by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk
from emkit.data.profile import Profile
from emkit.data.source import ArraySource
from emkit.data.subsample import in_standard_units
from emkit.errors import DegenerateFitError, ParameterError
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
    chunk, scaled = Chunk(some.x, some.weights), in_standard_units(some.x, some.weights, some.x)
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
            component[_taken(rng, scaled, component, others, n_components)] = k
        with suppress(ParameterError, DegenerateFitError):  # some component has no maximum among its rows
            yield model.estimated(chunk, params, component)


def _taken(rng: np.random.Generator, x: Array, component: Integers, others: Integers, n_components: int) -> Integers:
    """The rows x (n, d) that a component takes."""
    if rng.random() < PATCH:
        return _patch(rng, x, n_components)
    rows = np.flatnonzero(component == rng.choice(others))
    if len(rows) < 2:
        return rows
    return _one_side(rng, x, rows) if rng.random() < 0.5 else _nearer(rng, x, rows)


def _patch(rng: np.random.Generator, x: Array, n_components: int) -> Integers:
    """The rows nearest to a random one: as few as tell a spread, or as many as a component has on average, or between."""
    least, most = 2 * x.shape[1] + 1, len(x) / n_components
    number = int(np.exp(rng.uniform(np.log(least), np.log(max(least, most)))))
    distance = ((x - x[rng.integers(len(x))]) ** 2).sum(axis=1)
    return np.argsort(distance, kind="stable")[:number]


def _one_side(rng: np.random.Generator, x: Array, rows: Integers) -> Integers:
    along = x[rows] @ rng.standard_normal(x.shape[1])
    return rows[along > np.median(along)]


def _nearer(rng: np.random.Generator, x: Array, rows: Integers) -> Integers:
    one, other = x[rng.choice(rows, 2, replace=False)]
    return rows[((x[rows] - one) ** 2).sum(axis=1) < ((x[rows] - other) ** 2).sum(axis=1)]
