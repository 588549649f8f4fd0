"""Standard normal effects given the rows of their groups: of one level of groups, or of two by elimination of the inner.

Effects u are the least squares of what fixed effects leave on A u, with rows in units of their errors, and of 0 on u. All comes
from orthogonal turns of [A; I]: no matrix is squared, so digits stay where effects vary far more than errors.
Source: Golub & Van Loan (2013), Matrix Computations, 4th ed., section 6.1; for level after level, Bates, Maechler, Bolker &
Walker (2015), J. Statist. Software 67(1), section 3.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emkit.core.arrays import Array, Integers


class Posterior(Protocol):
    """Standard effects (U, r) of units given their rows: `factor` (U, r, r) times its transpose are their covariances.

    `heights` (G,) are the log-determinants of the precision of all effects of a group.
    """

    @property
    def factor(self) -> Array: ...

    @property
    def heights(self) -> Array: ...

    @abstractmethod
    def means(self, targets: Array) -> Array:
        """The means (U, r, k) for each column of `targets` (U, q, k), what A u is to meet: linear in these."""

    @abstractmethod
    def products(self, one: Array, other: Array) -> Array:
        """The products (G, k, l) of means (U, r, k) by others (U, r, l), added up over all effects of a group."""


@dataclass(frozen=True)
class OfOneLevel:
    """Units are groups, and each stands for itself: `told` (U, q, r) above `factor` is Q of [A; I] = Q T."""

    told: Array
    factor: Array
    heights: Array

    def among(self, of: Integers) -> OfOneLevel:
        """Of units which each are as one of these."""
        return OfOneLevel(self.told[of], self.factor[of], self.heights[of])

    def means(self, targets: Array) -> Array:
        return np.asarray(self.factor @ (self.told.swapaxes(1, 2) @ targets))

    def products(self, one: Array, other: Array) -> Array:
        return np.asarray(one.swapaxes(1, 2) @ other)


def of_one_level(slopes: Array) -> OfOneLevel:
    """Given A in each group, `slopes` (G, q, r)."""
    r = slopes.shape[2]
    q, t = np.linalg.qr(_above_units(slopes))
    return OfOneLevel(q[:, :-r], q[:, -r:], _log_determinants(t))


@dataclass(frozen=True)
class OfTwoLevels:
    """Units are inner groups, whose effects are those of their group, a, and then b of their own.

    `told` (U, q, b) above `left` (U, b, b), and `others` (U, q, q) behind `told`, are of Q of [A; I] = Q T of inner effects;
    `moved` (U, b, a): by how much these fall as effects of the group rise. `slopes` (U, q, a) is what inner effects leave of A,
    and `outer` what this tells of groups; `firsts` (G,) is the first unit of each, and `of` (U,) the group of each unit.
    """

    told: Array
    left: Array
    others: Array
    moved: Array
    slopes: Array
    outer: OfOneLevel
    heights: Array
    firsts: Integers
    of: Integers

    @property
    def factor(self) -> Array:
        """Of the effects of a group, and of an inner group in it, together."""
        outer = self.outer.factor[self.of]
        return np.block([[outer, np.zeros((*outer.shape[:2], self.left.shape[1]))], [-self.moved @ outer, self.left]])

    def means(self, targets: Array) -> Array:
        """Inner effects are eliminated, effects of groups are told, and then inner effects given these."""
        a = self.slopes.shape[2]
        rows = np.concatenate([self.slopes, self.others.swapaxes(1, 2) @ targets], axis=2)
        triangles = _of_groups(rows, self.firsts)
        outer = of_one_level(triangles[:, :a, :a]).means(triangles[:, :a, a:])[self.of]
        inner = self.left @ (self.told.swapaxes(1, 2) @ targets) - self.moved @ outer
        return np.concatenate([outer, inner], axis=1)

    def products(self, one: Array, other: Array) -> Array:
        a, firsts = self.slopes.shape[2], self.firsts
        inner = np.add.reduceat(one[:, a:].swapaxes(1, 2) @ other[:, a:], firsts, axis=0)
        return np.asarray(one[firsts, :a].swapaxes(1, 2) @ other[firsts, :a] + inner)


def of_two_levels(slopes: Array, firsts: Integers, of: Integers, outer: int) -> OfTwoLevels:
    """Given A in each unit, `slopes` (U, q, r); so many of the r columns are of the `outer` groups."""
    b = slopes.shape[2] - outer
    q, t = np.linalg.qr(_above_units(slopes[:, :, outer:]), mode="complete")
    told, left, others = q[:, :-b, :b], q[:, -b:, :b], q[:, :-b, b:]
    rest = others.swapaxes(1, 2) @ slopes[:, :, :outer]
    of_groups = of_one_level(_of_groups(rest, firsts))
    heights = of_groups.heights + np.add.reduceat(_log_determinants(t), firsts)
    moved = left @ (told.swapaxes(1, 2) @ slopes[:, :, :outer])
    return OfTwoLevels(told, left, others, moved, rest, of_groups, heights, firsts, of)


def triangles(rows: Array, bounds: Array) -> Array:
    """R = Q' rows of the rows (n, q) between `bounds` (G + 1,), with zeros below: (G, q, q)."""
    sizes, q = np.diff(bounds), rows.shape[1]
    found = np.zeros((len(sizes), q, q))
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        found[same, : min(size, q)] = np.linalg.qr(rows[bounds[same][:, None] + np.arange(size)], mode="r")
    return found


def _of_groups(rows: Array, firsts: Integers) -> Array:
    """The triangles of the rows (U, q, k) of all units of a group."""
    q = rows.shape[1]
    return triangles(rows.reshape(-1, rows.shape[2]), np.append(firsts, len(rows)) * q)


def _above_units(slopes: Array) -> Array:
    """[A; I] of each unit."""
    r = slopes.shape[2]
    return np.concatenate([slopes, np.broadcast_to(np.eye(r), (len(slopes), r, r))], axis=1)


def _log_determinants(t: Array) -> Array:
    """Of T'T, for triangles T."""
    return np.asarray(2 * np.log(np.abs(np.diagonal(t, axis1=1, axis2=2))).sum(axis=1))
