"""One vector of free real coordinates for a whole set of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.parameters import Leaf, Parameters, get_at, leaves, replace_at
from emkit.core.spaces import Space

P = TypeVar("P", bound=Parameters)
NOTHING = np.empty(0)


def _join(parts: Iterable[Array]) -> Array:
    return np.concatenate([NOTHING, *(part.ravel() for part in parts)])


def _label(path: str, index: tuple[int, ...]) -> str:
    return f"{path}[{', '.join(map(str, index))}]" if index else path


class Scale(NamedTuple):
    """Where a field's coordinates are 0, and what their unit is; both in the shape of the field."""

    origin: Array
    unit: Array


class Coordinates(Generic[P]):
    """The map between parameters shaped like `like` and R^p, without the fields that are `held` fixed.

    `held` are dotted paths (``proportions``, ``components.means``); a path that holds further parameters holds them all.
    `scales` say in which unit and from which origin a field with a unit is measured, so that distances in R^p mean the same
    in metres and in millimetres; a field without one is taken as it is.
    """

    def __init__(self, like: P, held: Iterable[str] = (), scales: Mapping[str, Scale] | None = None) -> None:
        self._like = like
        self._held = frozenset(held)
        self._scales = dict(scales or {})
        for path in self._held:
            get_at(like, path)

    def without(self, held: Iterable[str]) -> Coordinates[P]:
        """The same coordinates with further paths held fixed."""
        return Coordinates(self._like, self._held | frozenset(held), self._scales)

    def _free(self, params: P) -> list[Leaf]:
        if not self._held:
            return list(leaves(params))
        return [
            leaf
            for leaf in leaves(params)
            if not any(leaf.path == path or leaf.path.startswith(path + ".") for path in self._held)
        ]

    @cached_property
    def _parts(self) -> list[tuple[Space, slice]]:
        """The space of each free field, and where its coordinates are."""
        free = self._free(self._like)
        ends = np.cumsum([leaf.space.size(leaf.value.shape) for leaf in free])
        return [(leaf.space, slice(start, end)) for leaf, start, end in zip(free, [0, *ends], ends, strict=False)]

    @property
    def size(self) -> int:
        """The number of free parameters."""
        return sum(leaf.space.size(leaf.value.shape) for leaf in self._free(self._like))

    def pack(self, params: P) -> Array:
        """Unconstrained coordinates, shape (size,). Infinite where a parameter lies on its boundary."""
        with np.errstate(divide="ignore"):
            return _join(leaf.space.pack(self._scaled(leaf)) for leaf in self._free(params))

    def _scaled(self, leaf: Leaf) -> Array:
        scale = self._scales.get(leaf.path)
        return leaf.value if scale is None else (leaf.value - scale.origin) / scale.unit

    def unpack(self, vector: Array, like: P) -> P:
        """The parameters at `vector`; held fields are taken from `like`. Errors: ParameterError if they overflow."""
        changes, start = {}, 0
        for leaf in self._free(like):
            stop = start + leaf.space.size(leaf.value.shape)
            scale = self._scales.get(leaf.path)
            with np.errstate(over="ignore", invalid="ignore"):
                value = leaf.space.unpack(np.asarray(vector[start:stop]), leaf.value.shape)
                changes[leaf.path] = value if scale is None else scale.origin + scale.unit * value
            start = stop
        return replace_at(like, changes)

    def free_entries(self, params: P) -> Array:
        """The parameters as a reader sees them, one number for each free one, shape (size,)."""
        return _join(leaf.space.free_entries(leaf.value) for leaf in self._free(params))

    def entries(self, params: P) -> Array:
        """Every distinct number of the free fields as a reader sees it (all proportions, a triangle of a covariance)."""
        return _join(leaf.space.entries(leaf.value) for leaf in self._free(params))

    def entry_names(self, params: P) -> list[str]:
        """A name such as ``components.rates[1, 0]`` for each of `entries`."""
        return self._names(params, lambda leaf: leaf.space.entry_indices(leaf.value.shape))

    def at_edge(self, vector: Array) -> Mask:
        """Which coordinates (of `pack`) are infinite or as good as infinite: those of values on their boundary."""
        return np.concatenate([np.empty(0, dtype=bool), *(space.at_edge(vector[part]) for space, part in self._parts)])

    def on_boundary(self, params: P) -> list[str]:
        """Names of the entries that lie on the boundary of their space (a probability of 0 or 1, a proportion of 0)."""
        return self._names(params, lambda leaf: leaf.space.on_boundary(leaf.value))

    def _names(self, params: P, indices: Callable[[Leaf], list[tuple[int, ...]]]) -> list[str]:
        return [_label(leaf.path, index) for leaf in self._free(params) for index in indices(leaf)]
