"""Whether what is held tells the components of a model apart, so that they cannot change places."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from emkit.core.arrays import Mask
from emkit.core.coordinates import held_mask, is_under, split_path
from emkit.core.parameters import Leaf, Parameters, leaves
from emkit.models.order import component_count, kinds, selected


def held_of(leaf: Leaf, held: Iterable[str]) -> Mask:
    """Which elements of a field lie at the paths that are `held`, which may name places in it or what it is in."""
    mask = np.zeros(leaf.value.shape, dtype=bool)
    for path, place in map(split_path, held):
        if place is None and is_under(leaf.path, [path]):
            mask |= True
        elif path == leaf.path and place is not None:
            mask |= held_mask(leaf, [place])
    return mask


def told_apart(params: Parameters, held: Iterable[str], by_value: bool = True) -> bool:
    """Whether components cannot change places, since what is held of one moves in another, or is held `by_value` elsewhere.

    Without `by_value`, components may take what is held along: of a fit that is over, it is only told in another order.
    """
    paths = tuple(held)
    masks = {leaf.path: held_of(leaf, paths) for leaf in leaves(params)}
    if not any(mask.any() for mask in masks.values()):
        return False
    kept = {leaf.path: np.where(masks[leaf.path], leaf.value if by_value else 0.0, np.nan) for leaf in leaves(params)}
    order = range(component_count(params) or 0)
    for pair in (pair for group in kinds(params) for pair in pairwise(group)):
        changed = dict(zip(pair, reversed(pair), strict=True))
        turned = selected(params, [changed.get(k, k) for k in order], kept)
        if any(not np.array_equal(value, kept[path], equal_nan=True) for path, value in turned.items()):
            return True
    return False
