"""Components of a model in another order, through whatever it is wrapped in, and whether something tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Mask
from emkit.core.coordinates import held_mask, is_under, split_path
from emkit.core.parameters import Leaf, Parameters, leaves
from emkit.core.protocols import LatentModel
from emkit.models.around import bare
from emkit.models.belonging import Belonging
from emkit.models.order import component_count, component_order, kinds, reordered, selected

P = TypeVar("P", bound=Parameters)
SAME_PRIOR = 1e-9  # between log-priors, relative: components in another order add up to rounding


def held_of(leaf: Leaf, held: Iterable[str]) -> Mask:
    """Which elements of a field lie at the paths that are `held`, which may name places in it or what it is in."""
    mask = np.zeros(leaf.value.shape, dtype=bool)
    for path, place in map(split_path, held):
        if place is None and is_under(leaf.path, [path]):
            mask |= True
        elif path == leaf.path and place is not None:
            mask |= held_mask(leaf, [place])
    return mask


def order_of(model: LatentModel[P, Any], params: P) -> list[int] | None:
    """The order in which the model tells its components; None if there is no telling."""
    inner = bare(model)
    return inner.order(params) if isinstance(inner, Belonging) else component_order(params)


def exchanged(model: LatentModel[P, Any], params: P, order: Sequence[int]) -> P | None:
    """The same distribution with its components in the given order; None if the model cannot tell it so."""
    inner = bare(model)
    return inner.in_order(params, order) if isinstance(inner, Belonging) else reordered(params, order)


def told_apart(model: LatentModel[P, Any], params: P, by_value: bool = True) -> bool:
    """Whether components cannot change places, since what is held or was known before of one is not so of another.

    What is held tells them apart if it moves in another, if changing places moves it, or if it is held `by_value` elsewhere.
    Without `by_value`, components may take what is held along: of a fit that is over, it is only told in another order.
    """
    inner = bare(model)
    said = inner.conventions(params) if isinstance(inner, Belonging) else ()
    held = [path for path in model.held(params) if path not in said]
    if not held and not model.states_prior:
        return False
    own: dict[str, Any] = {leaf.path: leaf.value for leaf in leaves(params)}
    masks: dict[str, Any] = {leaf.path: held_of(leaf, held) for leaf in leaves(params)}
    for order in _swaps(params):
        other = exchanged(model, params, order)
        if other is None:
            continue
        if any((masks[path] != mask).any() for path, mask in selected(params, order, masks).items()):
            return True
        there = own if by_value else own | selected(params, order)
        moved = {leaf.path: leaf.value for leaf in leaves(other)}
        if not all(np.array_equal(moved[path][mask], there[path][mask], equal_nan=True) for path, mask in masks.items()):
            return True
        if not np.isclose(model.log_prior(other), model.log_prior(params), rtol=SAME_PRIOR):
            return True
    return False


def _swaps(params: Parameters) -> Iterator[list[int]]:
    """The orders in which two components of one kind have changed places: all orders are made of these."""
    for pair in (pair for group in kinds(params) for pair in pairwise(group)):
        changed = dict(zip(pair, reversed(pair), strict=True))
        yield [changed.get(k, k) for k in range(component_count(params) or 0)]
