"""What is known of several abilities given answers: their means and covariances."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.models.ability_grid import Grid, Part, Tile


class Moments(NamedTuple):
    """Of n rows, `means` (n, m) and `covariances` (n, m, m) of the abilities."""

    means: Array
    covariances: Array


def moments_of(grid: Grid, parts: Sequence[Part], tile: Tile, abilities: int) -> Moments:
    """Moments of the rows of a tile. Abilities of different parts are independent given what the parts have in common."""
    places = grid.places.reshape(len(grid.log_common), len(grid.log_own), -1)
    both = places[:, :, :, None] * places[:, :, None, :]
    rows, common = len(tile.common), tile.common
    means, squares = np.zeros((rows, abilities)), np.zeros((rows, abilities, abilities))
    given = []  # what is expected of abilities at each common place
    for part, told in zip(parts, tile.parts, strict=True):
        at = np.einsum("ugs,gsd->ugd", told.given, places)[told.which]
        squared = np.einsum("ugs,gsde->ugde", told.given, both, optimize=True)[told.which]
        given.append(at[:, :, -1])
        means[:, part.abilities] = np.einsum("ng,ngd->nd", common, at)
        squares[:, part.abilities[:, None], part.abilities] = np.einsum("ng,ngde->nde", common, squared)
    for (one, first), (other, second) in combinations(zip(parts, given, strict=True), 2):
        j, k = int(one.abilities[-1]), int(other.abilities[-1])
        squares[:, j, k] = squares[:, k, j] = (common * first * second).sum(axis=1)
    return Moments(means, squares - means[:, :, None] * means[:, None, :])
