"""Parameters that a floor holds are no maximum of the likelihood: they have no standard error, the others do, given them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from emkit.core.arrays import Mask
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Leaf

Index = tuple[int, ...]
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
        numbers += _of_coordinates(leaf, indices, flags)
    return [name for name, flag in zip(names, entries, strict=True) if flag], np.array(numbers, dtype=bool)


def _of_coordinates(leaf: Leaf, indices: list[Index], flags: list[bool]) -> list[bool]:
    """The `flags` of a field's entries as flags of its coordinates; a vector that sums to 1 has none for its last entry."""
    if len(flags) == leaf.space.size(leaf.value.shape):
        return flags
    last = set({index[:-1]: index for index in indices}.values())
    return [flag for index, flag in zip(indices, flags, strict=True) if index not in last]
