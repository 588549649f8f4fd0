"""Standard normal effects given the rows of their groups: of one level of groups, or of two by elimination of the inner."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emkit.core.arrays import Array, Integers


class Posterior(Protocol):
    """Standard effects (U, r) of units given their rows: their covariances `spreads` (U, r, r).

    `heights` (G,) are the log-determinants of the precision of all effects of a group.
    """

    @property
    def spreads(self) -> Array: ...

    @property
    def heights(self) -> Array: ...

    @abstractmethod
    def means(self, forces: Array) -> Array:
        """The means (U, r, ...), given Z'e / within of each unit, (U, r, ...): linear in these."""


@dataclass(frozen=True)
class OfOneLevel:
    """Units are groups, and each stands for itself."""

    spreads: Array
    heights: Array

    def means(self, forces: Array) -> Array:
        return np.asarray(np.einsum("grs,gs...->gr...", self.spreads, forces))


def of_one_level(products: Array) -> OfOneLevel:
    """Given Z'Z / within of standard effects in each group, `products` (G, r, r)."""
    precision = np.eye(products.shape[1]) + products
    return OfOneLevel(np.asarray(np.linalg.inv(precision), dtype=np.float64), np.linalg.slogdet(precision)[1])


@dataclass(frozen=True)
class OfTwoLevels:
    """Units are inner groups, whose effects are those of their group, and then their own.

    `outer` (G, a, a), covariances of the effects of groups; of inner effects, `left` (U, b, b), given those of the group, by
    which they are moved by -`moved` (U, b, a); `firsts` (G,), the first unit of each group, and `of` (U,) the group of each.
    """

    outer: Array
    left: Array
    moved: Array
    firsts: Integers
    of: Integers
    heights: Array

    @property
    def spreads(self) -> Array:
        """Of the effects of a group and of an inner group together."""
        outer = self.outer[self.of]
        across = -self.moved @ outer
        inner = self.left - across @ self.moved.swapaxes(1, 2)
        return np.block([[outer, across.swapaxes(1, 2)], [across, inner]])

    def means(self, forces: Array) -> Array:
        """Inner effects are eliminated, effects of groups are told, and then inner effects given these."""
        a = self.outer.shape[1]
        of_groups, of_inner = forces[:, :a], forces[:, a:]
        pulled = of_groups - np.einsum("uba,ub...->ua...", self.moved, of_inner)
        outer = np.einsum("gab,gb...->ga...", self.outer, np.add.reduceat(pulled, self.firsts, axis=0))[self.of]
        inner = np.einsum("ubc,uc...->ub...", self.left, of_inner) - np.einsum("uba,ua...->ub...", self.moved, outer)
        return np.concatenate([outer, inner], axis=1)


def of_two_levels(products: Array, firsts: Integers, of: Integers, outer: int) -> OfTwoLevels:
    """Given Z'Z / within of standard effects in each unit, `products` (U, r, r); so many of the r are of the `outer` groups."""
    inner = np.eye(products.shape[1] - outer) + products[:, outer:, outer:]
    left = np.asarray(np.linalg.inv(inner), dtype=np.float64)
    moved = left @ products[:, outer:, :outer]
    reduced = products[:, :outer, :outer] - products[:, :outer, outer:] @ moved
    precision = np.eye(outer) + np.add.reduceat(reduced, firsts, axis=0)
    heights = np.linalg.slogdet(precision)[1] + np.add.reduceat(np.linalg.slogdet(inner)[1], firsts)
    return OfTwoLevels(np.asarray(np.linalg.inv(precision), dtype=np.float64), left, moved, firsts, of, heights)
