"""Newton's method above bounds, for several problems side by side: each goes on until it is flat, or rounding leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers, Mask

STEPS = 200  # from a uniqueness that is all of a variance to one that is nothing, some 60
FLAT = 1e-10  # a slope, per row, above rounding: ends that rounding chose would differ along what is hardly bent
FAR = 2.0  # at most so far at once, such as in a logarithm
HALVED = 40  # times, before a step that does not climb is given up
BENT = 1e-10  # of the largest curvature: less is taken for so much


class Place(NamedTuple):
    """What is known at the unknowns `at` (B, s) of B problems.

    The `loss` (B,) of each, its `slopes` (B, s) and `curvature` (B, s, s) along them, and the `loadings` (B, G, d, m) there.
    `rounding` (B,): a difference of losses that may be none. `unit` (B, s): of which lengths steps along the unknowns are.
    """

    at: Array
    loss: Array
    rounding: Array
    slopes: Array
    curvature: Array
    loadings: Array
    unit: Array

    def some(self, which: Mask | Integers) -> Place:
        return Place(*(each[which] for each in self))

    def put(self, which: Integers, there: Place) -> Place:
        """The same with some of the places moved."""
        found = Place(*(each.copy() for each in self))
        for each, moved in zip(found, there, strict=True):
            each[which] = moved
        return found

    def held(self, bound: Array) -> Mask:
        """Which of the unknowns (B, s) a bound holds, that would fall on."""
        return (self.at <= bound) & (self.slopes > 0)

    def steepest(self, bound: Array) -> Array:
        """The largest slope (B,) of those that no bound holds."""
        return np.asarray(np.where(self.held(bound), 0.0, np.abs(self.slopes * self.unit)).max(axis=-1, initial=0.0))

    def step(self, bound: Array) -> Array:
        """Newton's step downhill (B, s): along directions that are bent the other way, as if they were not."""
        held = self.held(bound)
        free = ~held[:, :, None] & ~held[:, None, :]
        curvature = self.curvature * self.unit[:, :, None] * self.unit[:, None, :]
        values, vectors = np.linalg.eigh(np.where(free, curvature, 0.0))
        size = np.maximum(np.abs(values), BENT * np.abs(values).max(axis=-1, keepdims=True, initial=0.0))
        slopes = np.where(held, 0.0, self.slopes * self.unit)
        along = np.einsum("bji,bj->bi", vectors, slopes) / np.where(size > 0, size, 1.0)
        step = np.where(held, 0.0, -np.einsum("bij,bj->bi", vectors, along) * self.unit)
        return np.asarray(step / np.maximum(1.0, np.abs(step).max(axis=-1, keepdims=True, initial=0.0) / FAR))


Ahead = Callable[[Integers, Place, Array], Place]  # given which problems, where they are, and a step for each


def lowest(here: Place, ahead: Ahead, bound: Array) -> Place:
    """The least loss of each problem that steps lead to from `here`, no higher than there.

    No unknown goes below the `bound` (B, s).
    """
    going = np.arange(len(here.loss))
    for _ in range(STEPS):
        going = going[here.some(going).steepest(bound[going]) > FLAT]
        if not len(going):
            break
        moved, there = _further(ahead, going, here.some(going), bound[going])
        going = going[moved]
        here = here.put(going, there.some(moved))
    return here


def _further(ahead: Ahead, which: Integers, here: Place, bound: Array) -> tuple[Mask, Place]:
    """Places along Newton's step with less loss, or as little and flatter; and of which problems there are such."""
    step, found = here.step(bound), here
    moved, left = np.zeros(len(step), dtype=bool), np.arange(len(step))
    for _ in range(HALVED):
        before = here.some(left)
        there = ahead(which[left], before, step[left])
        gained, rounding = before.loss - there.loss, np.maximum(before.rounding, there.rounding)
        flatter = there.steepest(bound[left]) < before.steepest(bound[left]) / 2
        good = (gained > rounding) | ((gained >= -rounding) & flatter)
        found = found.put(left[good], there.some(good))
        moved[left[good]] = True
        promised = -np.einsum("bj,bj->b", before.slopes, step[left])
        left = left[~good & (promised > rounding)]  # nor is there more to gain any nearer
        if not len(left):
            break
        step[left] /= 2
    return moved, found
