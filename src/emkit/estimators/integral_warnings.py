"""Warnings of sums over places of ability that are no integrals."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.errors import EmkitWarning, SeparationWarning, some_of
from emkit.models.ability import FARTHEST
from emkit.models.ability_grid import NODES

NARROW = 0.9  # steps between places of ability: where an ability is known better than that, their sum is no integral
STEEP = 1.4  # logits a step: up to there, sums over logistic lines are integrals to 1e-6, by exp(-2 pi^2 / STEEP)
MOST_TIMES = 100  # as many places as there are: more are not asked for at once
STEP = 2 * FARTHEST / (NODES[1] - 1)  # between places, as of one ability: items that are steep there are nearly steps


def are_steep(slopes: Array, step: float) -> Mask:
    """Which of the `slopes` (J,) make steps of items between places."""
    return np.abs(slopes) * step > STEEP


def warned_of_steep(items: Sequence[str], slopes: Array, instead: str, step: float = STEP) -> bool:
    """Warn of items whose `slopes` (J,) make steps of them between places, and what to do `instead`; whether some do."""
    steep = are_steep(slopes, step)
    if steep.any():
        warnings.warn(
            f"slopes run off: {_named(items, slopes, steep)}. By these answers ability decides the item, or nearly, and the "
            f"likelihood rises with its slope for ever, or hardly falls. {instead}, leave the item out, or give slopes a prior "
            "(ek.WithPrior).",
            SeparationWarning,
            stacklevel=6,
        )
    return bool(steep.any())


def _named(items: Sequence[str], slopes: Array, which: Mask) -> str:
    return some_of([f"{items[j]!r} ({slopes[j]:.3g})" for j in np.flatnonzero(which).tolist()])


def warned_of_coarse(items: Sequence[str], slopes: Array, step: float, nodes: int, usual: int) -> bool:
    """Warn of items too steep for places that are fewer than the `usual` ones, which then tell no slopes; whether so."""
    steep = are_steep(slopes, step)
    if nodes >= usual or not steep.any():
        return False
    warnings.warn(
        f"sums over {nodes} places of ability, {step:.2g} of its spread apart, are no integrals for items as steep as "
        f"{_named(items, slopes, steep)}, and such slopes may come of that: set nodes={usual} or more.",
        EmkitWarning,
        stacklevel=6,
    )
    return True


def warn_of_far_groups(groups: Sequence[Any], means: Array) -> None:
    """Warn of groups of people whose `means` (G,) or (G, m) of abilities run off."""
    far = np.flatnonzero((np.abs(means.reshape(len(groups), -1)) > FARTHEST).any(axis=1))
    if len(far):
        named = some_of([f"{groups[g]!r} ({np.abs(means[g]).max():.3g})" for g in far.tolist()])
        warnings.warn(
            f"means of abilities run off: of group {named}, in spreads of the first group. Its people answer nearly all items "
            "alike, right or wrong, so that the likelihood rises with the mean for ever, or hardly falls. Leave the group out.",
            SeparationWarning,
            stacklevel=5,
        )


def width_of(slopes: Array) -> float:
    """How well an item of the steepest of `slopes` (J,) tells abilities apart, as far as sums are concerned."""
    return float(NARROW * STEEP / max(np.abs(slopes).max(), 1e-300))


def nodes_enough(narrowest: float, step: float, nodes: int) -> int:
    """How many places it takes where the ability that is known best is known to so much: `nodes`, if these are enough."""
    return max(nodes, int(np.ceil(nodes * NARROW * step / max(narrowest, step / MOST_TIMES))))


def warn_of_narrow(narrowest: float, step: float, nodes: int, most: int) -> None:
    """Warn if the ability that is known best is known better than sums tell, of `most` places along each at most."""
    more = nodes_enough(narrowest, step, nodes)
    if more > nodes:
        instead = f"set nodes={min(more, most)} or more" if nodes < most else "use fewer abilities"
        beyond = f" (it would take {more} places along each ability, and there may be {most})" if more > most else ""
        warnings.warn(
            f"answers tell some ability to {narrowest:.2g} of the spread among people, and sums go in steps of {step:.2g}: "
            f"{instead}{beyond}.",
            EmkitWarning,
            stacklevel=6,
        )
