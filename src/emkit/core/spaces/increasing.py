"""Vectors of numbers that do not fall."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.scalar import share_lost
from emkit.core.spaces.space import EDGE, Shape, Space, first_where


class Increasing(Space):
    """Vectors (last axis) of numbers none of which is below the one before it; two that are the same lie on the edge.

    Coordinates: the first number, and for each further one the v with log(1 + exp(v)) as its distance from the one before:
    about that distance where it is large, about its logarithm where it is small, and -infinity where it is 0.
    """

    event_axes = 1

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        falls = np.diff(value, axis=-1) < 0
        if not falls.any():
            return None
        *row, j = first_where(falls)
        before, index = (*row, j), (*row, j + 1)
        return index, f"is {value[index]:g}, below the {value[before]:g} before it; the numbers must not fall."

    def pack(self, value: Array) -> Array:
        gaps = np.diff(value, axis=-1)
        with np.errstate(divide="ignore"):
            return np.concatenate([value[..., :1], gaps + np.log(-np.expm1(-gaps))], axis=-1).ravel()

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        there = coordinates.reshape(shape)
        return np.cumsum(np.concatenate([there[..., :1], np.logaddexp(0.0, there[..., 1:])], axis=-1), axis=-1)

    def pull(self, value: Array, slope: Array) -> Array:
        from_here = np.cumsum(slope[..., ::-1], axis=-1)[..., ::-1]  # a number moves all after it
        return np.concatenate([from_here[..., :1], from_here[..., 1:] * -np.expm1(-np.diff(value, axis=-1))], axis=-1).ravel()

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        return [(*map(int, row), int(j) + 1) for *row, j in np.argwhere(np.diff(value, axis=-1) <= EDGE)]

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        near = coordinates.reshape(shape) <= np.log(EDGE)
        near[..., 0] = False
        return near.ravel()

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        pace = np.zeros(value.shape)
        pace[..., 1:] = share_lost(np.diff(value, axis=-1), np.diff(after, axis=-1))
        return pace

    def way_to_edge(self, value: Array) -> Array:
        return np.concatenate([np.full((*value.shape[:-1], 1), np.inf), np.diff(value, axis=-1)], axis=-1)

    def on_edge(self, value: Array, mask: Mask) -> Array:
        """Numbers that come together meet in the midst of them."""
        moved = value.copy()
        for row in np.ndindex(*value.shape[:-1]):
            for run in np.split(np.arange(value.shape[-1]), np.flatnonzero(~mask[row][1:]) + 1):
                moved[row][run] = value[row][run].mean()
        return moved

    def unsaid(self, value: Array) -> Array:
        """Numbers 1 apart, about 0."""
        places = np.arange(value.shape[-1], dtype=np.float64)
        return np.broadcast_to(places - places.mean(), value.shape)
