"""One order for the components of a model, whichever order a fit happened to find them in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import COMPONENT
from emkit.core.parameters import Leaf, Parameters, leaves, part_of, replace_at

P = TypeVar("P", bound=Parameters)


def component_leaves(params: Parameters) -> Iterator[Leaf]:
    """The parameters that each component has its own of: those whose first axis is the component, and no other axis is."""
    for leaf in leaves(params):
        if leaf.axes is not None and leaf.axes.names[:1] == (COMPONENT,) and leaf.axes.names.count(COMPONENT) == 1:
            yield leaf


def is_shared(leaf: Leaf) -> bool:
    """Whether all components have one value of a field: it declares its axes, and the first is not theirs."""
    return leaf.axes is not None and leaf.axes.names[:1] != (COMPONENT,)


def each_its_own(params: Parameters) -> bool:
    """Whether every component has its own of all that `params` hold."""
    return all(leaf.axes is not None and not is_shared(leaf) for leaf in leaves(params))


def apart(components: P, number: int) -> list[P]:
    """The components of each of so many runs, which stand one behind the other and have their own of everything."""
    size = (component_count(components) or number) // number
    return [part_of(components, slice(first, first + size)) for first in range(0, number * size, size)]


def component_count(params: Parameters) -> int | None:
    """The number of components; None if no axis is declared as theirs."""
    return next((length for leaf in leaves(params) for length in _lengths(leaf)), None)


def _lengths(leaf: Leaf) -> list[int]:
    names = leaf.axes.names if leaf.axes is not None else ()
    return [length for name, length in zip(names, leaf.value.shape, strict=False) if name == COMPONENT]


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
    """The components by their first parameter, lowest first, ties by its next entries; None if there is no telling."""
    if not can_be_reordered(params):
        return None
    own = list(component_leaves(params))
    inner = [leaf for leaf in own if leaf.path.startswith("components.")]  # before how many rows it has
    if not own:
        return None
    first = (inner or own)[0]
    table = first.value.reshape(len(first.value), -1)
    return [int(k) for k in np.lexsort(table.T[::-1])]


def selected(params: P, components: Sequence[int]) -> dict[str, Array]:
    """The values, by path, of all parameters along whose axes components lie, for the given ones only, in the given order."""
    chosen: dict[str, Array] = {}
    for leaf in leaves(params):
        value = leaf.value
        for axis, name in enumerate(leaf.axes.names if leaf.axes is not None else ()):
            if name == COMPONENT:
                value = np.take(value, components, axis=axis)
        if value is not leaf.value:
            chosen[leaf.path] = value
    return chosen


def reordered(params: P, order: Sequence[int]) -> P:
    """The same model with its components in the given order."""
    return replace_at(params, selected(params, order))
