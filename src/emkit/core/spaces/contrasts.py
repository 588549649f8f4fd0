"""Rows of coefficients of which only differences matter."""

from __future__ import annotations

from math import prod

import numpy as np

from emkit.core.arrays import Array
from emkit.core.spaces.space import Shape, Space, first_where


class Contrasts(Space):
    """Tables (last two axes) of finite numbers whose first row is 0: all others are counted from it.

    Coordinates: the numbers in the other rows.
    """

    event_axes = 2

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        off = value[..., 0, :] != 0
        if not off.any():
            return None
        index = (*first_where(off)[:-1], 0, first_where(off)[-1])
        return index, f"is {value[index]:g}; the first row must be 0, since only differences from it matter."

    def pack(self, value: Array) -> Array:
        return value[..., 1:, :].ravel()

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        rest = coordinates.reshape(*shape[:-2], shape[-2] - 1, shape[-1])
        return np.concatenate([np.zeros((*shape[:-2], 1, shape[-1])), rest], axis=-2)

    def pull(self, value: Array, slope: Array) -> Array:
        return slope[..., 1:, :].ravel()

    def size(self, shape: Shape) -> int:
        return prod(shape[:-2]) * (shape[-2] - 1) * shape[-1]

    def entries(self, value: Array) -> Array:
        return self.pack(value)

    def entry_indices(self, shape: Shape) -> list[tuple[int, ...]]:
        return [index for index in np.ndindex(*shape) if index[-2] > 0]
