"""One vector of free real coordinates for a whole set of parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask, readonly
from emkit.core.parameters import Leaf, Parameters, get_at, getter, leaves, replace_at
from emkit.core.spaces import Space
from emkit.core.spaces.part import holding
from emkit.core.spaces.space import Shape
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)
NOTHING = np.empty(0)
PLACE = re.compile(r"(?P<path>[^\[\]]+)(\[(?P<index>\d+(, *\d+)*)\])?")


def _value(leaf: Leaf) -> Array:
    return leaf.value


def _join(parts: Iterable[Array]) -> Array:
    return np.concatenate([NOTHING, *(part.ravel() for part in parts)])


def _label(path: str, index: tuple[int, ...]) -> str:
    return f"{path}[{', '.join(map(str, index))}]" if index else path


def is_under(path: str, heads: Iterable[str]) -> bool:
    """Whether `path` is one of `heads`, or a field inside one of them."""
    return any(path == head or path.startswith(head + ".") for head in heads)


def split_path(path: str) -> tuple[str, tuple[int, ...] | None]:
    """``components.rates[0, 1]`` as ``components.rates`` and (0, 1); None where no place is named. Errors: ModelError."""
    match = PLACE.fullmatch(path)
    if match is None:
        raise ModelError(f"{path!r} names no parameter: write components.rates, or components.rates[0] for a part of it.")
    return match["path"], tuple(int(i) for i in match["index"].split(",")) if match["index"] else None


def held_mask(leaf: Leaf, places: Iterable[tuple[int, ...]]) -> Mask:
    """Which elements of a field lie at one of `places` (which may name its first axes only)."""
    mask = np.zeros(leaf.value.shape, dtype=bool)
    for place in places:
        mask[place] = True
    return mask


def _sorted(like: Parameters, held: Iterable[str]) -> tuple[frozenset[str], dict[str, list[tuple[int, ...]]]]:
    """The paths that are held as a whole, and for each field of which a part is held, the places. Errors: ModelError."""
    whole: set[str] = set()
    elements: dict[str, list[tuple[int, ...]]] = {}
    for each in held:
        path, place = split_path(each)
        value = get_at(like, path)
        if place is None:
            whole.add(path)
            continue
        shape = np.shape(value) if not isinstance(value, Parameters | tuple) else ()
        if len(place) > len(shape) or any(i >= length for i, length in zip(place, shape, strict=False)):
            raise ModelError(f"there is no {each!r} to hold: {path} has shape {shape}.")
        elements.setdefault(path, []).append(place)
    return frozenset(whole), elements


class Scale(NamedTuple):
    """Where a field's coordinates are 0, and what their unit is; both in the shape of the field."""

    origin: Array
    unit: Array


class Coordinates(Generic[P]):
    """The map between parameters shaped like `like` and R^p, without the fields that are `held` fixed.

    `held` are dotted paths (``proportions``, ``components.means``); a path that holds further parameters holds them all, and
    one with places behind it (``components.rates[0]``) holds only what lies there.
    `scales` say in which unit and from which origin a field with a unit is measured, so that distances in R^p mean the same
    in metres and in millimetres; a field without one is taken as it is.
    """

    def __init__(self, like: P, held: Iterable[str] = (), scales: Mapping[str, Scale] | None = None) -> None:
        self._like = like
        self._held = frozenset(held)
        self._scales = dict(scales or {})
        self._whole, self._elements = _sorted(like, self._held)
        self._fields = [(leaf, getter(leaf.path)) for leaf in leaves(like) if not is_under(leaf.path, self._whole)]
        self._runs = list(self._alike())

    def without(self, held: Iterable[str]) -> Coordinates[P]:
        """The same coordinates with further paths held fixed."""
        return Coordinates(self._like, self._held | frozenset(held), self._scales)

    def free(self, params: P) -> list[Leaf]:
        """The fields that hold numbers which are not all held, in the spaces of what is left to move."""
        return [self._left(leaf) for leaf in leaves(params) if not is_under(leaf.path, self._whole)]

    def _left(self, leaf: Leaf) -> Leaf:
        if leaf.path not in self._elements:
            return leaf
        return leaf._replace(space=holding(leaf.space, held_mask(leaf, self._elements[leaf.path]), leaf.value))

    def _free(self, params: P) -> list[Leaf]:
        """`free` of parameters shaped like `like`: where their fields are is known."""
        found = [
            Leaf(leaf.path, leaf.space, np.asarray(value(params), dtype=np.float64), leaf.axes, leaf.within)
            for leaf, value in self._fields
        ]
        return found if not self._elements else list(map(self._left, found))

    def _alike(self) -> Iterator[slice]:
        """The fields one after the other: as many as have one space and one shape are worked on as one array.

        Such are the columns of a table. Fields with a unit, and those of which elements are held, stand for themselves.
        """
        first, alone = 0, self._scales.keys() | self._elements.keys()
        for i, ((leaf, _), (after, _)) in enumerate(pairwise(self._fields), start=1):
            alike = leaf.space is after.space and leaf.value.shape == after.value.shape
            if not alike or leaf.path in alone or after.path in alone:
                yield slice(first, i)
                first = i
        if self._fields:
            yield slice(first, len(self._fields))

    def _joint(self, params: P, value: Callable[[Leaf], Array]) -> Iterator[tuple[Space, Array]]:
        """The free fields with a `value` of each, those that are alike as one array with a leading axis."""
        free = self._free(params)
        for run in self._runs:
            several = free[run]
            values = [value(leaf) for leaf in several]
            yield several[0].space, values[0] if len(values) == 1 else np.array(values)

    @cached_property
    def _parts(self) -> list[tuple[Space, Shape, slice]]:
        """Space and shape of the free fields, those that are alike as one array, and where their coordinates are."""
        parts, start = [], 0
        for space, value in self._joint(self._like, _value):
            end = start + space.size(value.shape)
            parts.append((space, value.shape, slice(start, end)))
            start = end
        return parts

    @property
    def size(self) -> int:
        """The number of free parameters."""
        return sum(space.size(shape) for space, shape, _ in self._parts)

    def pack(self, params: P) -> Array:
        """Unconstrained coordinates, shape (size,). Infinite where a parameter lies on its boundary."""
        with np.errstate(divide="ignore"):
            return _join(space.pack(value) for space, value in self._joint(params, self._scaled))

    def _scaled(self, leaf: Leaf) -> Array:
        scale = self._scales.get(leaf.path)
        return leaf.value if scale is None else (leaf.value - scale.origin) / scale.unit

    def unpack(self, vector: Array, like: P) -> P:
        """The parameters at `vector`; held fields are taken from `like`. Errors: ParameterError if they overflow."""
        changes: dict[str, Array] = {}
        free, admitted = self._free(like), True
        with np.errstate(over="ignore", invalid="ignore"):
            for run, (_, shape, part) in zip(self._runs, self._parts, strict=True):
                leaf, *others = free[run]
                value = leaf.space.unpack(vector[part], shape)
                scale = self._scales.get(leaf.path)
                value = readonly(value if scale is None else self._unscaled(value, leaf, scale))
                admitted = admitted and leaf.space.admits(value)
                changes |= zip([leaf.path, *(other.path for other in others)], value if others else [value], strict=True)
        return replace_at(like, changes, admitted)

    def _unscaled(self, value: Array, leaf: Leaf, scale: Scale) -> Array:
        full = scale.origin + scale.unit * value
        return np.where(held_mask(leaf, self._elements[leaf.path]), leaf.value, full) if leaf.path in self._elements else full

    def pull(self, params: P, slopes: Mapping[str, Array]) -> Array:
        """Derivatives along the coordinates, shape (size,), given those along the elements of each free field, by path."""
        values, along = self._joint(params, self._scaled), self._joint(params, lambda leaf: self._sloped(leaf, slopes))
        return _join(space.pull(value, slope) for (space, value), (_, slope) in zip(values, along, strict=True))

    def _sloped(self, leaf: Leaf, slopes: Mapping[str, Array]) -> Array:
        scale = self._scales.get(leaf.path)
        return slopes[leaf.path] if scale is None else slopes[leaf.path] * scale.unit

    def free_entries(self, params: P) -> Array:
        """The parameters as a reader sees them, one number for each free one, shape (size,)."""
        return _join(space.free_entries(value) for space, value in self._joint(params, _value))

    def entries(self, params: P) -> Array:
        """Every distinct number of the free fields as a reader sees it (all proportions, a triangle of a covariance)."""
        return _join(space.entries(value) for space, value in self._joint(params, _value))

    def entry_names(self, params: P) -> list[str]:
        """A name such as ``components.rates[1, 0]`` for each of `entries`."""
        return self._names(params, lambda leaf: leaf.space.entry_indices(leaf.value.shape))

    def at_edge(self, vector: Array) -> Mask:
        """Which coordinates (of `pack`) are infinite or as good as infinite: those of values on their boundary."""
        edges = (space.at_edge(vector[part], shape) for space, shape, part in self._parts)
        return np.concatenate([np.empty(0, dtype=bool), *edges])

    def on_boundary(self, params: P) -> list[str]:
        """Names of the entries that lie on the boundary of their space (a probability of 0 or 1, a proportion of 0)."""
        return self._names(params, lambda leaf: leaf.space.on_boundary(leaf.value))

    def _names(self, params: P, indices: Callable[[Leaf], list[tuple[int, ...]]]) -> list[str]:
        return [_label(leaf.path, index) for leaf in self.free(params) for index in indices(leaf)]
