"""Spaces of matrices of which elements are 0 that leave blocks free: groups that have nothing to do with each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import scipy

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.spaces.link import Link
from emkit.core.spaces.space import Shape, Space

Index = tuple[int, ...]


def blocks_of(held: Mask) -> list[Integers] | None:
    """The places of each block that elements `held` (m, m) at 0 leave free; None if these leave no blocks."""
    free = ~(held | held.T)
    np.fill_diagonal(free, True)
    number, which = scipy.sparse.csgraph.connected_components(free, directed=False)
    same = which[:, None] == which[None, :]
    return [np.flatnonzero(which == k) for k in range(number)] if (same == free).all() else None


class Blocks(Space):
    """Matrices in a space `whole` that are 0 outside of `blocks`, each the places of one that is in that space by itself."""

    def __init__(self, whole: Space, blocks: Sequence[Integers]) -> None:
        self._whole, self._blocks = whole, blocks
        self.event_axes: int = 2  # type: ignore[misc]
        self.told_on_edge: tuple[str, str] = whole.told_on_edge  # type: ignore[misc]
        self.is_crept_along: bool = whole.is_crept_along  # type: ignore[misc]

    def _each(self, value: Array) -> list[Array]:
        return [value[np.ix_(own, own)] for own in self._blocks]

    def _joined(self, parts: Sequence[Array]) -> Array:
        return np.concatenate([np.empty(0), *parts])

    def _placed(self, parts: Sequence[Array], between: float = 0.0) -> Array:
        """Matrices of the blocks as one, with that `between` them."""
        order = np.concatenate(self._blocks)
        found = np.full((len(order),) * 2, between)
        for own, part in zip(self._blocks, parts, strict=True):
            found[np.ix_(own, own)] = part
        return found

    def _cut(self, coordinates: Array) -> list[Array]:
        sizes = [self._whole.size((len(own), len(own))) for own in self._blocks]
        return np.split(coordinates, np.cumsum(sizes)[:-1])

    def _indices(self, of: Callable[[Integers], Sequence[Index]]) -> list[Index]:
        return [(int(own[i]), int(own[j])) for own in self._blocks for i, j in of(own)]

    def complaint(self, value: Array) -> tuple[Index, str] | None:
        return self._whole.complaint(value)

    def pack(self, value: Array) -> Array:
        return self._joined([self._whole.pack(part) for part in self._each(value)])

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        each = zip(self._cut(coordinates), self._blocks, strict=True)
        return self._placed([self._whole.unpack(part, (len(own), len(own))) for part, own in each])

    def pull(self, value: Array, slope: Array) -> Array:
        return self._joined([self._whole.pull(*each) for each in zip(self._each(value), self._each(slope), strict=True)])

    def size(self, shape: Shape) -> int:
        return sum(self._whole.size((len(own), len(own))) for own in self._blocks)

    def entries(self, value: Array) -> Array:
        return self._joined([self._whole.entries(part) for part in self._each(value)])

    def free_entries(self, value: Array) -> Array:
        return self._joined([self._whole.free_entries(part) for part in self._each(value)])

    def entry_indices(self, shape: Shape) -> list[Index]:
        return self._indices(lambda own: self._whole.entry_indices((len(own), len(own))))

    def links(self, shape: Shape) -> list[Link]:
        return [link for own in self._blocks for link in self._whole.links((len(own), len(own)))]

    def on_boundary(self, value: Array) -> list[Index]:
        return self._indices(lambda own: self._whole.on_boundary(value[np.ix_(own, own)]))

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        each = zip(self._cut(coordinates), self._blocks, strict=True)
        return np.concatenate([np.empty(0, bool), *(self._whole.at_edge(part, (len(own), len(own))) for part, own in each)])

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        pairs = zip(self._each(value), self._each(after), strict=True)
        return self._placed([self._whole.pace_to_edge(*each) for each in pairs])

    def way_to_edge(self, value: Array) -> Array:
        return self._placed([self._whole.way_to_edge(part) for part in self._each(value)], np.inf)

    def on_edge(self, value: Array, mask: Mask) -> Array:
        pairs = zip(self._each(value), self._blocks, strict=True)
        return self._placed([self._whole.on_edge(part, mask[np.ix_(own, own)]) for part, own in pairs])

    def unsaid(self, value: Array) -> Array:
        return self._whole.unsaid(value)
