"""One order for the components of a mixture, whichever order a fit happened to find them in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from emkit.core.parameters import Leaf, Parameters, leaves, replace_at
from emkit.models.mixture import MixtureParams

P = TypeVar("P", bound=Parameters)


def component_leaves(params: Parameters) -> Iterator[Leaf]:
    """The parameters of a mixture that lead with the component axis; what all components share (a tied covariance) is not."""
    proportions, *others = leaves(params)
    yield proportions
    for leaf in others:
        if leaf.value.ndim > leaf.space.event_axes and len(leaf.value) == len(proportions.value):
            yield leaf


def component_order(params: Parameters) -> list[int] | None:
    """The components by their first parameter, lowest first, ties by its next entries; None if this is not a mixture."""
    if not isinstance(params, MixtureParams):
        return None
    _, first, *_ = component_leaves(params)
    table = first.value.reshape(len(first.value), -1)
    return [int(k) for k in np.lexsort(table.T[::-1])]


def reordered(params: P, order: list[int]) -> P:
    """The same mixture with its components in the given order."""
    return replace_at(params, {leaf.path: leaf.value[order] for leaf in component_leaves(params)})
