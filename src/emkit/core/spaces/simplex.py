"""Vectors of probabilities that sum to 1."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.space import EDGE, Shape, Space, first_where

SUM_TOLERANCE = 1e-8


class Simplex(Space):
    """Vectors (last axis) with entries >= 0 that sum to 1.

    Coordinates: the log-odds of each entry against all entries after it ("breaking a stick"), one fewer than entries. An
    entry of 0 makes only its own coordinate infinite, unlike ratios against one reference entry.
    """

    event_axes = 1

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        sums = value.sum(axis=-1)
        if value.min(initial=0.0) >= 0 and np.abs(sums - 1).max(initial=0.0) <= SUM_TOLERANCE:
            return None
        if value.min(initial=0.0) < 0:
            index = first_where(value < 0)
            return index, f"is {value[index]:g}; proportions must be >= 0 and sum to 1."
        index = first_where(np.abs(sums - 1) > SUM_TOLERANCE)
        return index, f"sums to {sums[index]:.10g}; proportions must be >= 0 and sum to 1."

    def pack(self, value: Array) -> Array:
        after = np.cumsum(value[..., :0:-1], axis=-1)[..., ::-1]  # the sum of all entries after each one
        entry = value[..., :-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.log(entry) - np.log(after)
        return np.where((entry == 0) & (after == 0), 0.0, odds).ravel()  # nothing left to break: any coordinate will do

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        odds = coordinates.reshape(*shape[:-1], shape[-1] - 1)
        rest = np.cumprod(expit(-odds), axis=-1)
        before = np.concatenate([np.ones((*shape[:-1], 1)), rest[..., :-1]], axis=-1) if shape[-1] > 1 else rest
        taken = expit(odds) * before[..., : shape[-1] - 1]
        last = rest[..., -1:] if shape[-1] > 1 else np.ones(shape)
        return np.concatenate([taken, last], axis=-1)

    def size(self, shape: Shape) -> int:
        return int(np.prod(shape[:-1], dtype=int)) * (shape[-1] - 1)

    def free_entries(self, value: Array) -> Array:
        return value[..., :-1].ravel()

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        if value.shape[-1] == 1:
            return []  # a single proportion is 1 by definition
        return [tuple(int(i) for i in index) for index in np.argwhere((value <= EDGE) | (value >= 1 - EDGE))]

    def at_edge(self, coordinates: Array) -> Mask:
        return np.abs(coordinates) > -np.log(EDGE)
