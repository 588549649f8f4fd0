"""Parameters that a floor holds are no maximum of the likelihood: they have no standard error, the others do, given them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from emkit.core.arrays import Mask
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Leaf

Floors = Mapping[str, Mask]  # by dotted path, which elements of a field of variances, covariances or shapes are held


def held(coordinates: Coordinates[Any], params: Any, floors: Floors) -> tuple[list[str], Mask]:
    """The names of the entries that are held, and which of the coordinates belong to them."""
    names = coordinates.entry_names(params)
    entries: list[bool] = []
    numbers: list[bool] = []
    for leaf in coordinates.free(params):
        mask = floors.get(leaf.path)
        indices = leaf.space.entry_indices(leaf.value.shape)
        flags = [mask is not None and bool(mask[index]) for index in indices]
        entries += flags
        numbers += _of_coordinates(leaf, mask) if mask is not None else [False] * leaf.space.size(leaf.value.shape)
    return [name for name, flag in zip(names, entries, strict=True) if flag], np.array(numbers, dtype=bool)


def _of_coordinates(leaf: Leaf, mask: Mask) -> list[bool]:
    """Which coordinates of a field belong to elements of a mask; a vector that sums to 1 has none for its last entry."""
    indices = leaf.space.entry_indices(leaf.value.shape)
    flags = [bool(mask[index]) for index in indices]
    number = leaf.space.size(leaf.value.shape)
    if len(flags) == number:
        return flags
    last: dict[tuple[int, ...], int] = {index[:-1]: i for i, index in enumerate(indices)}
    return [flag for i, flag in enumerate(flags) if i not in last.values()]
