"""Warnings of sums over places of ability that are no integrals."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import EmkitWarning, SeparationWarning, some_of
from emkit.models.ability import FARTHEST
from emkit.models.ability_grid import NODES
from emkit.models.item_mixture import ItemMixture

NARROW = 0.9  # steps between places of ability: where an ability is known better than that, their sum is no integral
STEEP = 1.4  # logits a step: up to there, sums over logistic lines are integrals to 1e-6, by exp(-2 pi^2 / STEEP)
STEP = 2 * FARTHEST / (NODES[1] - 1)  # between places, as of one ability: items that are steep there are nearly steps


def warned_of_steep(items: Sequence[str], slopes: Array, instead: str, step: float = STEP) -> bool:
    """Warn of items whose `slopes` (J,) make steps of them between places, and what to do `instead`; whether some do."""
    steep = np.flatnonzero(np.abs(slopes) * step > STEEP)
    if len(steep):
        named = some_of([f"{items[j]!r} ({slopes[j]:.3g})" for j in steep.tolist()])
        warnings.warn(
            f"slopes run off: {named}. By these answers ability decides the item, or nearly, and the likelihood rises with "
            f"its slope for ever, or hardly falls. {instead}, leave the item out, or give slopes a prior (ek.WithPrior).",
            SeparationWarning,
            stacklevel=6,
        )
    return bool(len(steep))


def width_of(slopes: Array) -> float:
    """How well an item of the steepest of `slopes` (J,) tells abilities apart, as far as sums are concerned."""
    return float(NARROW * STEEP / max(np.abs(slopes).max(), 1e-300))


def warn_of_narrow(narrowest: float, step: float, nodes: int) -> None:
    """Warn if the ability that is known best is known better than sums tell."""
    if narrowest < NARROW * step:
        more = int(np.ceil(nodes * NARROW * step / narrowest))
        warnings.warn(
            f"answers tell some ability to {narrowest:.2g} of the spread among people, and sums go in steps of {step:.2g}: "
            f"set nodes={more} or more.",
            EmkitWarning,
            stacklevel=6,
        )


def warn_of_classes(model: ItemMixture, result: Any) -> None:
    """Warn where sums over the ability of some class are no integrals."""
    params, test, layout, columns = result.params, model.test, model.layout, result.source.columns
    step = float(test.places[1] - test.places[0])
    each = [layout.of_class(params, k) for k in range(model.classes)]
    slopes = np.max([np.abs(test.slopes_of(own)) * own.abilities.spreads[0] for own in each], axis=0)
    if not warned_of_steep(columns, slopes, "Use items='rasch' or fewer classes", step):
        spreads = [test.standard_latent(own, chunk)[1].min() for own in each for chunk in result.passes.chunks()]
        warn_of_narrow(float(min(spreads)), step, test.nodes)
