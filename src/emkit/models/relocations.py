"""Components put elsewhere, and rows given to others: what a run that has come to a poor maximum cannot do by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import numpy as np

from emkit.core.arrays import Integers
from emkit.data.profile import Profile
from emkit.data.source import ArraySource
from emkit.data.subsample import compared, in_standard_units
from emkit.families.spread import FEW
from emkit.models.order import can_be_reordered
from emkit.models.rows import Rows
from emkit.models.split_merge import Divisible

SHAKEN = 0.25  # share of the starts in which no component is moved, but rows are given to others,
LEAST, MOST = 0.1, 0.5  # a share of the rows between these
TWO = 0.3  # share of the other starts in which two components are moved
PATCH = 0.3  # share of the moves to a patch of rows, whichever components they belong to
BLURS = 1e-3, 1e-3, 0.1  # of divisions in turn: with little, a component may be small and narrow; much leads off spikes
TOGETHER = 8  # divisions that starts are estimated from at a time


def relocations(model: Divisible, params: Any, profile: Profile[ArraySource], seed: int) -> Iterator[Any]:
    """Starts near `params`, without end, in which one or two components lose their rows to the next best and take others.

    They take a patch of rows that lie together, or a part of the rows of one other component: those on one side of a random
    plane, or those nearer to one of two rows. In some starts, rows drawn at random change components instead. Nothing is
    estimated of what all that gains: a few EM steps tell. From a sample.
    """
    if not can_be_reordered(params):
        return
    some = profile.sample
    x = compared(some.x, some.weights)
    chunk, rows = some.whole, Rows(in_standard_units(x, some.weights, x), some.weights)
    joint = model.complete(params, chunk).log_joint
    if joint.shape[1] < 2:
        return

    def without(moved: Integers) -> Integers:
        left = joint.copy()
        left[:, moved] = -np.inf
        return left.argmax(axis=1)

    divided = divisions_near(joint.argmax(axis=1), without, joint.shape[1], rows, np.random.default_rng(seed))
    for blur in cycle(BLURS):
        yield from model.each_estimated(chunk, params, list(islice(divided, TOGETHER)), blur)


def divisions_near(
    component: Integers, without: Callable[[Integers], Integers], n_components: int, rows: Rows, rng: np.random.Generator
) -> Iterator[Integers]:
    """Divisions of the rows near that among components (n,), without end; `without` some (m,), rows go to the next best."""
    while True:
        if rng.random() < SHAKEN:
            yield _shaken(component, rows, rng, n_components)
            continue
        moved = rng.choice(n_components, 2 if n_components > 2 and rng.random() < TWO else 1, replace=False)
        left = np.array(without(moved))
        others = np.setdiff1d(np.arange(n_components), moved)
        for k in moved:
            left[_taken(rows, rng, left, others, n_components)] = k
        yield left


def _shaken(component: Integers, rows: Rows, rng: np.random.Generator, n_components: int) -> Integers:
    """The same, but for some rows; equal rows, which lie side by side, go together."""
    x = rows.x
    first = np.concatenate([[True], (x[1:] != x[:-1]).any(axis=1)])
    place = np.cumsum(first) - 1
    number = int(place[-1]) + 1
    changed = rng.random(number) < rng.uniform(LEAST, MOST)
    others = rng.integers(n_components, size=number)
    return np.where(changed[place], others[place], component)


def _taken(rows: Rows, rng: np.random.Generator, component: Integers, others: Integers, n_components: int) -> Integers:
    """The rows that a component takes."""
    if rng.random() < PATCH:
        return _patch(rows, rng, n_components)
    own = np.flatnonzero(component == rng.choice(others))
    one_side = rng.random() < 0.5
    if not len(own) or not np.ptp(rows.x[own], axis=0).any():
        return own
    return rows.one_side(rng, own) if one_side else rows.nearer(rng, own)


def _patch(rows: Rows, rng: np.random.Generator, n_components: int) -> Integers:
    """The rows nearest to a random one: as few as tell a spread, or as many as a component has on average, or between."""
    number = max(len(rows.x), float(rows.weights.sum()))  # weights below 1 are shares, and no rows
    least, most = FEW * rows.x.shape[1] / number, 1 / n_components
    share = np.exp(rng.uniform(np.log(least), np.log(max(least, most))))
    return rows.nearest(rng, np.arange(len(rows.x)), share)
