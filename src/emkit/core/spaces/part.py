"""Spaces of which some elements are held: what is left to move."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.spaces.blocks import Blocks, blocks_of
from emkit.core.spaces.hollow import HollowSimplex
from emkit.core.spaces.link import LOGIT, Link
from emkit.core.spaces.scalar import share_lost
from emkit.core.spaces.simplex import Simplex
from emkit.core.spaces.space import Shape, Space
from emkit.errors import ModelError

Index = tuple[int, ...]


def holding(space: Space, held: Mask, value: Array) -> Space:
    """`space` with the elements `held` (in the shape of `value`) kept as they are in `value`.

    Errors: ModelError if only a part of a matrix is held, which must move as a whole, unless that is 0 and leaves blocks.
    """
    if isinstance(space, HollowSimplex):
        return PartOfSimplex(Simplex(), held | np.eye(value.shape[-1], dtype=bool), value)
    if isinstance(space, Simplex):
        return PartOfSimplex(space, held, value)
    flags = held.reshape(*value.shape[: value.ndim - space.event_axes], -1)
    whole = np.asarray(flags.all(axis=-1))
    if (flags.any(axis=-1) != whole).any():
        blocks = blocks_of(held) if value.ndim == 2 and not value[held].any() else None
        if blocks is not None and space.event_axes == 2:
            return Blocks(space, blocks)
        raise ModelError("single elements of a covariance cannot be held, since its elements bound each other.")
    return Part(space, whole, value)


class Part(Space):
    """The elements of `whole` that `held` (in the shape of the leading axes) leaves free; the others keep those of `value`."""

    def __init__(self, whole: Space, held: Mask, value: Array) -> None:
        self._whole, self._free, self._value = whole, ~held, value
        self.event_axes: int = whole.event_axes  # type: ignore[misc]
        self.told_on_edge: tuple[str, str] = whole.told_on_edge  # type: ignore[misc]

    def complaint(self, value: Array) -> tuple[Index, str] | None:
        return self._whole.complaint(value)

    def _shape(self, shape: Shape) -> Shape:
        """The shape of the free elements, one below the other."""
        return (int(self._free.sum()), *shape[len(shape) - self.event_axes :])

    def pack(self, value: Array) -> Array:
        return self._whole.pack(value[self._free])

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        value = self._value.copy()
        value[self._free] = self._whole.unpack(coordinates, self._shape(shape))
        return value

    def pull(self, value: Array, slope: Array) -> Array:
        return self._whole.pull(value[self._free], slope[self._free])

    def size(self, shape: Shape) -> int:
        return self._whole.size(self._shape(shape))

    def entries(self, value: Array) -> Array:
        return self._whole.entries(value[self._free])

    def free_entries(self, value: Array) -> Array:
        return self._whole.free_entries(value[self._free])

    def entry_indices(self, shape: Shape) -> list[Index]:
        return self._placed(self._whole.entry_indices(self._shape(shape)))

    def links(self, shape: Shape) -> list[Link]:
        return self._whole.links(self._shape(shape))

    def on_boundary(self, value: Array) -> list[Index]:
        return self._placed(self._whole.on_boundary(value[self._free]))

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        return self._whole.at_edge(coordinates, self._shape(shape))

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        pace = self._whole.pace_to_edge(value, after)
        return np.where(self._free.reshape(*self._free.shape, *(1,) * self.event_axes), pace, 0.0)

    def way_to_edge(self, value: Array) -> Array:
        return self._whole.way_to_edge(value)

    def on_edge(self, value: Array, mask: Mask) -> Array:
        return self._whole.on_edge(value, mask)

    def _placed(self, indices: list[Index]) -> list[Index]:
        """Indices among the free elements as indices of the whole."""
        places = [tuple(map(int, place)) for place in np.argwhere(self._free)]
        return [(*places[first], *rest) for first, *rest in indices]


class PartOfSimplex(Space):
    """Vectors that sum to 1, of which the entries `held` keep those of `value`: the others share what these leave."""

    event_axes = 1

    def __init__(self, simplex: Simplex, held: Mask, value: Array) -> None:
        self._simplex, self._value = simplex, value
        self._rows: list[tuple[Index, Integers, float]] = []  # where a vector is, its free entries, and what these share
        for row in np.ndindex(*value.shape[:-1]):
            free = np.flatnonzero(~held[row])
            rest = 1.0 - float(value[row][held[row]].sum())
            if len(free) > 1 and rest > 0:
                self._rows.append((row, free, rest))

    def complaint(self, value: Array) -> tuple[Index, str] | None:
        return self._simplex.complaint(value)

    def _joined(self, parts: list[Array]) -> Array:
        return np.concatenate([np.empty(0), *parts])

    def pack(self, value: Array) -> Array:
        return self._joined([self._simplex.pack(value[row][free] / rest) for row, free, rest in self._rows])

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        value, start = self._value.copy(), 0
        for row, free, rest in self._rows:
            stop = start + len(free) - 1
            value[row][free] = rest * self._simplex.unpack(coordinates[start:stop], (len(free),))
            start = stop
        return value

    def pull(self, value: Array, slope: Array) -> Array:
        parts = [self._simplex.pull(value[row][free] / rest, rest * slope[row][free]) for row, free, rest in self._rows]
        return self._joined(parts)

    def size(self, shape: Shape) -> int:
        return sum(len(free) - 1 for _, free, _ in self._rows)

    def entries(self, value: Array) -> Array:
        return self._joined([value[row][free] for row, free, _ in self._rows])

    def free_entries(self, value: Array) -> Array:
        return self._joined([value[row][free][:-1] for row, free, _ in self._rows])

    def entry_indices(self, shape: Shape) -> list[Index]:
        return [(*row, int(j)) for row, free, _ in self._rows for j in free]

    def links(self, shape: Shape) -> list[Link]:
        return [LOGIT for _, free, _ in self._rows for _ in free]

    def on_boundary(self, value: Array) -> list[Index]:
        found = []
        for row, free, rest in self._rows:
            found += [(*row, int(free[j])) for (j,) in self._simplex.on_boundary(value[row][free] / rest)]
        return found

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        found, start = [np.empty(0, dtype=bool)], 0
        for _, free, _ in self._rows:
            stop = start + len(free) - 1
            found.append(self._simplex.at_edge(coordinates[start:stop], (len(free),)))
            start = stop
        return np.concatenate(found)

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        pace = np.zeros(value.shape)
        for row, free, _ in self._rows:
            pace[row][free] = share_lost(value[row][free], after[row][free])
        return pace

    def on_edge(self, value: Array, mask: Mask) -> Array:
        moved = value.copy()
        for row, free, rest in self._rows:
            left = np.where(mask[row][free], 0.0, value[row][free])
            if left.sum() > 0:
                moved[row][free] = rest * left / left.sum()
        return moved
