"""One order for the components of a model, whichever order a fit happened to find them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cmp_to_key
from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.axes import COMPONENT
from emkit.core.parameters import Leaf, Parameters, leaves, part_of, replace_at

P = TypeVar("P", bound=Parameters)


def component_leaves(params: Parameters) -> Iterator[Leaf]:
    """The parameters that each component has its own of: those whose first axis is the component, and no other axis is."""
    for leaf in leaves(params):
        if leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,) and leaf.axes.names.count(COMPONENT) == 1:
            yield leaf


def component_parts(params: Parameters) -> Iterator[tuple[int, Leaf]]:
    """What stands in tuples of which each component has one place, with the component."""
    for leaf in leaves(params):
        if leaf.scope(COMPONENT) is None:
            yield from ((k, leaf) for axis, k in leaf.within if axis == COMPONENT)


def path_in(leaf: Leaf, k: int, other: int | str) -> str:
    """The path of what component `other` has in the place of a leaf of component k, in tuples with a place for each."""
    steps = leaf.path.split(".")
    steps[steps.index(str(k))] = str(other)
    return ".".join(steps)


def entries_of_components(params: Parameters) -> list[tuple[int | None, str]]:
    """For each entry of `params`, the component that it belongs to alone, and a name that the same entry of all of them has."""
    parts, found = {leaf.path: path_in(leaf, k, "") for k, leaf in component_parts(params)}, []
    for leaf in leaves(params):
        for index in leaf.space.entry_indices(leaf.value.shape):
            of = [k for axis, k in leaf.places(index) if axis == COMPONENT]
            left = index if leaf.path in parts or len(of) != 1 else index[1:]
            found.append((of[0] if len(of) == 1 else None, f"{parts.get(leaf.path, leaf.path)}{left}"))
    return found


def owners(leaf: Leaf) -> Integers | None:
    """Which component each row of a field is of; None if these are all of them, in order."""
    scope = leaf.scope(COMPONENT)
    return None if scope is None else np.array(scope.places)


def of_components(leaf: Leaf, some: Mask) -> Mask:
    """Which elements of a field belong to `some` of the components (K,)."""
    rows = owners(leaf)
    each = some if rows is None else some[rows]
    return np.broadcast_to(each.reshape(-1, *(1,) * (leaf.value.ndim - 1)), leaf.value.shape)


def spread_over(leaf: Leaf, each: Array, number: int, otherwise: Any) -> Array:
    """What is `each` of the rows of a field (K, ...), of so many components; `otherwise` of those that have no such field."""
    own = owners(leaf)
    if own is None:
        return each
    found = np.full((number, *each.shape[1:]), otherwise)
    found[own] = each
    return found


def kinds(params: Parameters) -> list[list[int]]:
    """The components in groups of those that have the same parameters: only these can change places."""
    number = component_count(params) or 0
    scopes = [leaf.scope(COMPONENT) for leaf in leaves(params)]
    scoped = [set(scope.places) for scope in scopes if scope is not None]
    groups: dict[tuple[bool, ...], list[int]] = {}
    for k in range(number):
        groups.setdefault(tuple(k in places for places in scoped), []).append(k)
    return list(groups.values())


def is_shared(leaf: Leaf) -> bool:
    """Whether all components have one value of a field: it declares its axes, and the first is not theirs."""
    return leaf.axes is not None and leaf.axes.names[:1] != (COMPONENT,)


def each_its_own(params: Parameters) -> bool:
    """Whether every component has its own of all that `params` hold, and all have the same."""
    return all(leaf.axes is not None and not is_shared(leaf) and owners(leaf) is None for leaf in leaves(params))


def apart(components: P, number: int) -> list[P]:
    """The components of each of so many runs, which stand one behind the other and have their own of everything."""
    size = (component_count(components) or number) // number
    return [part_of(components, slice(first, first + size)) for first in range(0, number * size, size)]


def component_count(params: Parameters) -> int | None:
    """The number of components; None if no axis is declared as theirs."""
    return next((length for leaf in leaves(params) for length in _lengths(leaf)), None)


def _lengths(leaf: Leaf) -> list[int]:
    names, scope = leaf.axes.names if leaf.axes is not None else (), leaf.scope(COMPONENT)
    lengths = zip(names, leaf.value.shape, strict=False)
    return [length if scope is None else scope.total for name, length in lengths if name == COMPONENT]


def mismatch(params: Parameters) -> tuple[Leaf, Leaf] | None:
    """Two parameters that are for different numbers of components, if there are such."""
    first: Leaf | None = None
    for leaf in leaves(params):
        for length in _lengths(leaf):
            first = first or leaf
            if length != _lengths(first)[0]:
                return first, leaf
    return None


def can_be_reordered(params: Parameters) -> bool:
    """Whether it is known which parameters belong to components: all declare axes, and not only shares of rows are theirs."""
    every = list(leaves(params))
    inner = [leaf for leaf in every if leaf.path.startswith("components.")]  # what a component is
    return all(leaf.axes is not None for leaf in every) and any(_lengths(leaf) for leaf in inner or every)


def component_order(params: Parameters) -> list[int] | None:
    """The components by their first parameter, lowest first, ties by what follows; None if there is no telling.

    Components of different kinds keep their places.
    """
    if not can_be_reordered(params):
        return None
    own = list(component_leaves(params))
    inner = [leaf for leaf in own if leaf.path.startswith("components.")]  # before how many rows it has
    inner = inner or [leaf for leaf in own if leaf.path != "proportions"]
    if not own:
        return None
    parts: dict[int, list[Array]] = {}
    for k, leaf in component_parts(params):
        parts.setdefault(k, []).append(leaf.value.ravel())
    order = list(range(component_count(params) or 0))
    for group in kinds(params):
        table = [np.array([np.concatenate(parts[k]) for k in group])] if parts else []
        table += [_rows(leaf, group).reshape(len(group), -1) for leaf in inner or own if _covers(leaf, group)]
        if table:
            for place, k in zip(group, _lowest_first(np.hstack(table)), strict=True):
                order[place] = group[k]
    return order


def _lowest_first(rows: Array) -> list[int]:
    """The places of rows in their order by the first number, ties by the next ones."""

    def compared(a: int, b: int) -> int:
        apart = np.flatnonzero(rows[a] != rows[b])[:1]
        return -1 if (rows[a, apart] < rows[b, apart]).any() else len(apart)

    return sorted(range(len(rows)), key=cmp_to_key(compared))


def _covers(leaf: Leaf, group: Sequence[int]) -> bool:
    own = owners(leaf)
    return leaf.value[0].size > 0 and (own is None or group[0] in own)


def _rows(leaf: Leaf, group: Sequence[int]) -> Array:
    own = owners(leaf)
    return leaf.value[list(group)] if own is None else leaf.value[[int(np.flatnonzero(own == k)[0]) for k in group]]


def selected(params: P, components: Sequence[int], values: Mapping[str, Array] | None = None) -> dict[str, Array]:
    """The values, by path, of all parameters along whose axes components lie, for the given ones only, in the given order.

    `values`: others than those of `params`, by path, in the same shapes.
    """
    known = {leaf.path: leaf.value for leaf in leaves(params)} if values is None else values
    chosen: dict[str, Array] = {}
    for leaf in leaves(params):
        value = known[leaf.path]
        for axis, name in enumerate(leaf.axes.names if leaf.axes is not None else ()):
            if name == COMPONENT:
                value = np.take(value, _among(leaf, components), axis=axis)
        if value is not known[leaf.path]:
            chosen[leaf.path] = value
    for k, leaf in component_parts(params):
        if k < len(components):
            chosen[leaf.path] = known[path_in(leaf, k, components[k])]
    return chosen


def _among(leaf: Leaf, components: Sequence[int]) -> Sequence[int]:
    """Where those of the `components` that have a field lie in it, in their order."""
    scope = leaf.scope(COMPONENT)
    return components if scope is None else [scope.places.index(k) for k in components if k in scope.places]


def reordered(params: P, order: Sequence[int]) -> P:
    """The same model with its components in the given order."""
    return replace_at(params, selected(params, order))
