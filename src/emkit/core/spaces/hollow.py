"""Square matrices of probabilities with nothing on the diagonal: where to, of what never stays."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.link import LOGIT, Link
from emkit.core.spaces.simplex import Simplex
from emkit.core.spaces.space import Shape, first_where


class HollowSimplex(Simplex):
    """Square matrices (last two axes) whose rows sum to 1, with 0 on the diagonal.

    Coordinates: those of a `Simplex` for each row without its entry on the diagonal.
    """

    event_axes = 2

    def admits(self, value: Array) -> bool:
        return super().admits(value) and _square(value.shape) and not np.diagonal(value, axis1=-2, axis2=-1).any()

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        if not _square(value.shape):
            return (), f"has shape {value.shape}; it must have as many columns as rows, and more than one."
        on = (value != 0) & np.eye(value.shape[-1], dtype=bool)
        if on.any():
            index = first_where(on)
            return index, f"is {value[index]:g}; the diagonal must be 0."
        return super().complaint(value)

    def pack(self, value: Array) -> Array:
        return super().pack(_off(value))

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        found = np.zeros(shape)
        found[_places(shape)] = super().unpack(coordinates, _shape_off(shape)).ravel()
        return found

    def pull(self, value: Array, slope: Array) -> Array:
        return super().pull(_off(value), _off(slope))

    def size(self, shape: Shape) -> int:
        return super().size(_shape_off(shape))

    def links(self, shape: Shape) -> list[Link]:
        return [LOGIT for _ in self.entry_indices(shape)]

    def entries(self, value: Array) -> Array:
        return _off(value).ravel()

    def entry_indices(self, shape: Shape) -> list[tuple[int, ...]]:
        return [tuple(map(int, index)) for index in np.argwhere(_places(shape))]

    def free_entries(self, value: Array) -> Array:
        return super().free_entries(_off(value))

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        places = self.entry_indices(value.shape)
        inner = super().on_boundary(_off(value).reshape(-1, value.shape[-1] - 1))
        return [places[row * (value.shape[-1] - 1) + j] for row, j in inner]

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        return super().at_edge(coordinates, _shape_off(shape))


def _square(shape: Shape) -> bool:
    return shape[-2] == shape[-1] > 1


def _shape_off(shape: Shape) -> Shape:
    """The shape without the diagonal."""
    return (*shape[:-1], shape[-1] - 1)


def _places(shape: Shape) -> Mask:
    """Which entries are not on the diagonal."""
    return np.broadcast_to(~np.eye(shape[-1], dtype=bool), shape)


def _off(value: Array) -> Array:
    """The entries beside the diagonal, row by row."""
    return value[_places(value.shape)].reshape(_shape_off(value.shape))
