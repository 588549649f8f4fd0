"""Which components are none: those that only a floor holds, and those that no row tells apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.memo import once
from emkit.core.parameters import Leaf, leaves
from emkit.data.chunk import as_float64
from emkit.data.profile import AnyProfile
from emkit.families.family import Family
from emkit.models.order import is_shared, spread_over

LOOKED_AT = 1_000  # rows, to see whether components differ
ALIKE = 1e-4  # of log-density: a row that tells two components apart by no more tells nothing


def fallen(family: Family[Any, Any], components: Any, number: int, profile: AnyProfile) -> Mask:
    """Of which of so many `components` a floor holds more than it holds of the whole data, shape (K,)."""
    found = np.zeros(number, dtype=bool)
    held = family.lower_bound(profile).resting(components)
    if not any(mask.any() for mask in held.values()):
        return found
    whole = _floored_of_all(profile, family, number)
    own = {leaf.path: leaf for leaf in leaves(components)}
    for path, mask in held.items():
        if own[path].axes is None:
            continue  # there is no telling whose it is
        found |= _each(own[path], mask, number) > whole.get(path, 0)
    return found


def _each(leaf: Leaf, mask: Mask, number: int) -> Array:
    """How many elements of a field are masked for each of so many components, shape (K,); what they share counts for all."""
    if is_shared(leaf):
        return np.broadcast_to(mask.sum(), number)
    return spread_over(leaf, mask.reshape(len(mask), -1).sum(axis=1), number, 0)


@once
def _floored_of_all(profile: AnyProfile, family: Family[Any, Any], number: int) -> dict[str, Array]:
    """How many elements a floor holds where each of so many components is fitted to all rows, by path, shape (K,)."""
    pooled = family.pooled(profile, number)
    own = {leaf.path: leaf for leaf in leaves(pooled)}
    return {path: _each(own[path], mask, number) for path, mask in family.lower_bound(profile).resting(pooled).items()}


def coinciding(family: Family[Any, Any], components: Any, profile: AnyProfile) -> tuple[tuple[int, ...], ...]:
    """Groups of components under which the first rows all have the same log-density."""
    rows = as_float64(next(iter(profile.source.chunks())).x[:LOOKED_AT])
    density = family.log_density(components, rows)
    groups: list[list[int]] = []
    for k in range(density.shape[1]):
        alike = next((group for group in groups if np.abs(density[:, group[0]] - density[:, k]).max() <= ALIKE), None)
        if alike is not None:
            alike.append(k)
        else:
            groups.append([k])
    return tuple(tuple(group) for group in groups if len(group) > 1)
