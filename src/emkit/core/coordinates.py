"""One vector of free real coordinates for a whole set of parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, groupby, pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask, readonly
from emkit.core.parameters import Leaf, Parameters, get_at, getter, leaves, replace_at
from emkit.core.spaces import Space
from emkit.core.spaces.link import Link
from emkit.core.spaces.part import holding
from emkit.core.spaces.space import Shape
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)
NOTHING = np.empty(0)
PLACE = re.compile(r"(?P<path>[^\[\]]+)(\[(?P<index>\d+(, *\d+)*)\])?")


def entry_name(path: str, index: tuple[int, ...]) -> str:
    """What an entry of a field is called: ``components.rates[0, 1]``."""
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
    """Where a field's coordinates are 0, and what their unit is; both in the shape of the field.

    Degrees Celsius as coordinates about 20 in units of 5: 30 is 2 units away.

    >>> import emkit as ek
    >>> import numpy as np
    >>> scale = ek.Scale(origin=np.array(20.0), unit=np.array(5.0))
    >>> float((30 - scale.origin) / scale.unit)
    2.0
    """

    origin: Array
    unit: Array


class _Block:
    """A free field; or several in one space and of one shape that follow each other, as one array with a leading axis.

    `held` are the places in the field that stay as they are.
    """

    def __init__(self, fields: Sequence[Leaf], scale: Scale | None, held: Sequence[tuple[int, ...]]) -> None:
        first = fields[0]
        self.paths = [leaf.path for leaf in fields]
        self.scale = scale
        self._getters = [getter(path) for path in self.paths]
        self._first, self._held = first, held
        self.shape = first.value.shape if len(fields) == 1 else (len(fields), *first.value.shape)
        self.like = self.space(first.value)  # that of the values it was made for
        self.size = self.like.size(self.shape)

    def value(self, params: Parameters) -> Array:
        """What parameters hold here."""
        values = [np.asarray(get(params), dtype=np.float64) for get in self._getters]
        return values[0] if len(values) == 1 else np.array(values)

    def space(self, value: Array) -> Space:
        """The space of what is left to move, if this is the value."""
        if not self._held:
            return self._first.space
        return holding(self._first.space, held_mask(self._first, self._held), value)

    def measured(self, value: Array) -> Array:
        """A value, in its unit from its origin."""
        return value if self.scale is None else (value - self.scale.origin) / self.scale.unit

    def at(self, coordinates: Array, like: Array) -> Array:
        """The value at some coordinates, with what is held as it is in `like`."""
        found = self.space(like).unpack(coordinates, self.shape)
        if self.scale is not None:
            found = self.scale.origin + self.scale.unit * found
            found = np.where(held_mask(self._first, self._held), like, found) if self._held else found
        return readonly(found)

    def by_path(self, value: Array) -> Iterable[tuple[str, Array]]:
        """The value of each of the fields."""
        return zip(self.paths, value if len(self.paths) > 1 else [value], strict=True)


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

    @cached_property
    def _blocks(self) -> list[_Block]:
        """The free fields, those that are alike together: such are the columns of a table of levels."""
        special = self._scales.keys() | self._elements.keys()

        def kind(leaf: Leaf) -> tuple[str, int, Shape]:
            return leaf.path if leaf.path in special else "", id(leaf.space), leaf.value.shape

        free = (leaf for leaf in leaves(self._like) if not is_under(leaf.path, self._whole))
        blocks = []
        for (path, *_), fields in groupby(free, kind):
            blocks.append(_Block(list(fields), self._scales.get(path), self._elements.get(path, [])))
        return blocks

    @cached_property
    def _parts(self) -> list[tuple[_Block, slice]]:
        """The free fields, and where their coordinates are."""
        ends = [0, *accumulate(block.size for block in self._blocks)]
        return [(block, slice(*ends)) for block, ends in zip(self._blocks, pairwise(ends), strict=True)]

    @property
    def size(self) -> int:
        """The number of free parameters."""
        return sum(block.size for block in self._blocks)

    def pack(self, params: P) -> Array:
        """Unconstrained coordinates, shape (size,). Infinite where a parameter lies on its boundary."""
        with np.errstate(divide="ignore"):
            return self._join(params, lambda space, value, block: space.pack(block.measured(value)))

    def unpack(self, vector: Array, like: P) -> P:
        """The parameters at `vector`; held fields are taken from `like`. Errors: ParameterError if they overflow."""
        changes: dict[str, Array] = {}
        admitted = True
        with np.errstate(over="ignore", invalid="ignore"):
            for block, part in self._parts:
                before = block.value(like)
                value = block.at(vector[part], before)
                admitted = admitted and block.space(before).admits(value)
                changes |= block.by_path(value)
        return replace_at(like, changes, admitted)

    def pull(self, params: P, slopes: Mapping[str, Array]) -> Array:
        """Derivatives along the coordinates, shape (size,), given those along the elements of each free field, by path."""

        def pulled(space: Space, value: Array, block: _Block) -> Array:
            along = [slopes[path] for path in block.paths]
            slope = along[0] if len(along) == 1 else np.array(along)
            return space.pull(block.measured(value), slope if block.scale is None else slope * block.scale.unit)

        return self._join(params, pulled)

    def free_entries(self, params: P) -> Array:
        """The parameters as a reader sees them, one number for each free one, shape (size,)."""
        return self._join(params, lambda space, value, _: space.free_entries(value))

    def entries(self, params: P) -> Array:
        """Every distinct number of the free fields as a reader sees it (all proportions, a triangle of a covariance)."""
        return self._join(params, lambda space, value, _: space.entries(value))

    def _join(self, params: P, part: Callable[[Space, Array, _Block], Array]) -> Array:
        """A part for each of the fields, given its space and its value, one behind the other."""
        values = ((block, block.value(params)) for block in self._blocks)
        return np.concatenate([NOTHING, *(part(block.space(value), value, block).ravel() for block, value in values)])

    def entry_names(self, params: P) -> list[str]:
        """A name such as ``components.rates[1, 0]`` for each of `entries`."""
        return self._names(params, lambda leaf: leaf.space.entry_indices(leaf.value.shape))

    def links(self, params: P) -> list[Link]:
        """A scale without bounds for each of `entries`."""
        return [link for leaf in self.free(params) for link in leaf.space.links(leaf.value.shape)]

    def of_coefficients(self) -> Mask:
        """Which coordinates (of `pack`) are those of coefficients of covariates, in units of the linear predictor."""
        flags = (np.full(leaf.space.size(leaf.value.shape), leaf.has_coefficients) for leaf in self.free(self._like))
        return np.concatenate([np.empty(0, dtype=bool), *flags])

    def coefficient_names(self) -> list[str]:
        """The names of the entries at these coordinates."""
        return self._names(self._like, lambda leaf: leaf.space.entry_indices(leaf.value.shape) if leaf.has_coefficients else [])

    def at_edge(self, vector: Array) -> Mask:
        """Which coordinates (of `pack`) are infinite or as good as infinite: those of values on their boundary."""
        edges = (block.like.at_edge(vector[part], block.shape) for block, part in self._parts)
        return np.concatenate([np.empty(0, dtype=bool), *edges])

    def on_boundary(self, params: P) -> list[str]:
        """Names of the entries that lie on the boundary of their space (a probability of 0 or 1, a proportion of 0)."""
        return self._names(params, lambda leaf: leaf.space.on_boundary(leaf.value))

    def _names(self, params: P, indices: Callable[[Leaf], list[tuple[int, ...]]]) -> list[str]:
        return [entry_name(leaf.path, index) for leaf in self.free(params) for index in indices(leaf)]
