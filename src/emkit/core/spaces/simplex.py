"""Vectors of probabilities that sum to 1."""

from __future__ import annotations

from math import prod

import numpy as np
import scipy

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.link import LOGIT, Link
from emkit.core.spaces.scalar import share_lost
from emkit.core.spaces.space import EDGE, Shape, Space, first_where

SUM_TOLERANCE = 1e-8


def _off(value: Array) -> Array:
    return np.abs(value.sum(axis=-1) - 1)


class Simplex(Space):
    """Vectors (last axis) with entries >= 0 that sum to 1.

    Coordinates: the log-odds of each entry against all entries after it ("breaking a stick"), one fewer than entries. An
    entry of 0 makes only its own coordinate infinite, unlike ratios against one reference entry; where nothing is left of the
    stick, all further coordinates are.

    Half of the stick, then half of what is left of it: log-odds of 0, both times.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.Simplex().pack(np.array([0.5, 0.25, 0.25])).round(9).tolist()
    [0.0, 0.0]
    >>> ek.Simplex().check(np.array([0.5, 0.6]), "proportions")
    Traceback (most recent call last):
        ...
    emkit.errors.ParameterError: proportions sums to 1.1; proportions must be >= 0 and sum to 1.
    """

    event_axes = 1

    def admits(self, value: Array) -> bool:
        off = value.sum(axis=-1) - 1
        return bool(np.vdot(off, off) <= SUM_TOLERANCE**2 and value.min(initial=0.0) >= 0)  # False for NaN and inf

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        negative = value < 0
        if negative.any():
            index = first_where(negative)
            return index, f"is {value[index]:g}; proportions must be >= 0 and sum to 1."
        off = _off(value) > SUM_TOLERANCE
        if off.any():
            index = first_where(off)
            return index, f"sums to {value[index].sum():.10g}; proportions must be >= 0 and sum to 1."
        return None

    def pack(self, value: Array) -> Array:
        after = np.cumsum(value[..., :0:-1], axis=-1)[..., ::-1]  # the sum of all entries after each one
        entry = value[..., :-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.log(entry) - np.log(after)
        return np.where((entry == 0) & (after == 0), np.inf, odds).ravel()  # nothing left to break

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        odds = coordinates.reshape(*shape[:-1], shape[-1] - 1)
        rest = np.cumprod(scipy.special.expit(-odds), axis=-1)
        before = np.concatenate([np.ones((*shape[:-1], 1)), rest[..., :-1]], axis=-1) if shape[-1] > 1 else rest
        taken = scipy.special.expit(odds) * before[..., : shape[-1] - 1]
        last = rest[..., -1:] if shape[-1] > 1 else np.ones(shape)
        return np.concatenate([taken, last], axis=-1)

    def pull(self, value: Array, slope: Array) -> Array:
        # d value_j / d odds_j = value_j (1 - s_j); a later entry l falls by value_l s_j, with s_j the share that j breaks off
        own = value * slope
        later = np.cumsum(own[..., :0:-1], axis=-1)[..., ::-1]  # the sum of all entries after each one
        after = np.cumsum(value[..., :0:-1], axis=-1)[..., ::-1]
        left = value[..., :-1] + after
        broken = value[..., :-1] / np.where(left > 0, left, 1.0)
        return np.asarray(own[..., :-1] * (1 - broken) - broken * later).ravel()

    def size(self, shape: Shape) -> int:
        return prod(shape[:-1]) * (shape[-1] - 1)

    def links(self, shape: Shape) -> list[Link]:
        return [LOGIT] * prod(shape)

    def free_entries(self, value: Array) -> Array:
        return value[..., :-1].ravel()

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        if value.shape[-1] == 1:
            return []  # a single proportion is 1 by definition
        return [tuple(int(i) for i in index) for index in np.argwhere((value <= EDGE) | (value >= 1 - EDGE))]

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        odds = coordinates.reshape(*shape[:-1], shape[-1] - 1)
        left = np.cumprod(scipy.special.expit(-odds), axis=-1)
        before = np.concatenate([np.ones((*shape[:-1], 1)), left[..., :-1]], axis=-1)[..., : shape[-1] - 1]
        return np.asarray((np.abs(odds) > -np.log(EDGE)) | (before <= EDGE)).ravel()

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        return share_lost(value, after)

    def on_edge(self, value: Array, mask: Mask) -> Array:
        left = np.where(mask, 0.0, value)
        total = left.sum(axis=-1, keepdims=True)
        return np.where(total > 0, left / np.where(total > 0, total, 1.0), value)
