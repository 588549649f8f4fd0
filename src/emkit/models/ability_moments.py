"""What is known of several abilities given answers: their means and covariances."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.models.ability_grid import Grid, Part


class Moments(NamedTuple):
    """Of n rows, `means` (n, m) and `covariances` (n, m, m) of the abilities."""

    means: Array
    covariances: Array


def moments_of(grid: Grid, parts: Sequence[Part], shares: Sequence[Array], abilities: int) -> Moments:
    """Moments of rows with `shares` (n, G, S) of the places of each part.

    Abilities of different parts are independent given what the parts have in common.
    """
    places = grid.places.reshape(len(grid.log_common), len(grid.log_own), -1)
    rows, common = len(shares[0]), shares[0].sum(axis=2)
    means, squares = np.zeros((rows, abilities)), np.zeros((rows, abilities, abilities))
    given = []  # what is expected of abilities at each place of what is common
    for part, share in zip(parts, shares, strict=True):
        at = np.einsum("ngs,gsd->ngd", share, places)
        given.append(at / np.where(common > 0, common, 1.0)[:, :, None])
        means[:, part.abilities] = at.sum(axis=1)
        both = np.einsum("ngs,gsd,gse->nde", share, places, places, optimize=True)
        squares[:, part.abilities[:, None], part.abilities] = both
    for (one, first), (other, second) in combinations(zip(parts, given, strict=True), 2):
        j, k = int(one.abilities[-1]), int(other.abilities[-1])
        squares[:, j, k] = squares[:, k, j] = (common * first[:, :, -1] * second[:, :, -1]).sum(axis=1)
    return Moments(means, squares - means[:, :, None] * means[:, None, :])
