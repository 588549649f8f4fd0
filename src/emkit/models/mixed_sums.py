"""The E-step of linear mixed models: what groups of rows tell of their effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import once
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.models.mixed_layout import MixedLayout
from emkit.models.mixed_posterior import Posterior, of_one_level, of_two_levels

LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class MixedSums(Additive):
    """Weighted sums over groups, of residuals e of the fixed effects of the E-step and of standard normal effects u.

    `mass` of the rows; of each level of groups, how many there are, `groups`, and `moments`, E u u' of the effects of that
    level; `squares`, of e. Of all r effects of a row: `cross` (r, r), Z'e E u'; `gram` (r, r, r, r), Z'Z by E u u'. Of fixed
    effects, if these are estimated with the others: `design` (p, p), X'X; `along` (p,), X'e; `shared` (p, r, r), X'Z by E u.
    """

    mass: float
    groups: tuple[float, ...]
    squares: float
    moments: tuple[Array, ...]
    cross: Array
    gram: Array
    design: Array
    along: Array
    shared: Array


class UnitSums(NamedTuple):
    """Of each unit of a chunk, sums over its rows in the frames of the designs: all that a normal model needs of them.

    Units are rows that share all their effects: groups, or the inner groups in these. `firsts` (G,) is the first unit of each
    group, `of` (U,) the group of each unit, and `counts` have, for each level, the share (U,) of a group that counts with a
    unit: groups without a response are none.
    """

    firsts: Integers
    of: Integers
    counts: tuple[Array, ...]
    rows: Array
    xx: Array
    xz: Array
    zz: Array
    xy: Array
    zy: Array
    yy: Array


class Told(NamedTuple):
    """What groups (G,) tell at some parameters.

    `log_density` (G,); means (U, r) and the `posterior` of standard normal effects; X'e (U, p), Z'e (U, r), e'e (U,).
    """

    sums: UnitSums
    log_density: Array
    means: Array
    posterior: Posterior
    xe: Array
    ze: Array
    ee: Array
    within: float
    root: Array

    @property
    def rows(self) -> Array:
        """How many rows with a response each group (G,) has."""
        return np.add.reduceat(self.sums.rows, self.sums.firsts)

    @property
    def lean(self) -> Array:
        """By how much effects fall as fixed effects rise, (U, r, p)."""
        return self.posterior.means((self.sums.xz @ self.root).swapaxes(1, 2) / self.within)


@once
def sums_of_units(chunk: Chunk, layout: MixedLayout) -> UnitSums:
    """The sums of each unit, over the rows that have a response."""
    y = np.asarray(chunk.x[:, layout.response], dtype=np.float64) - layout.datum
    there = ~np.isnan(y)
    x, z = layout.fixed.framed(chunk.x), layout.framed_effects(chunk.x)
    p, r = x.shape[1], z.shape[1]
    whole = np.column_stack([x, z, np.where(there, y, 0.0)]) * there[:, None]
    order, starts, of = units_of(chunk, layout)
    whole, there = whole[order], there[order]
    found = np.empty((len(starts), p + r + 1, p + r + 1))
    for j in range(p + r + 1):
        found[:, j] = np.add.reduceat(whole * whole[:, j : j + 1], starts, axis=0)
    xx, xz, zz = found[:, :p, :p], found[:, :p, p:-1], found[:, p:-1, p:-1]
    rows = np.add.reduceat(there.astype(np.float64), starts)
    firsts = np.flatnonzero(np.diff(of, prepend=-1))
    own = (rows, xx, xz, zz, found[:, :p, -1], found[:, p:-1, -1], found[:, -1, -1])
    return UnitSums(firsts, of, _counts(rows, firsts, of, layout), *map(np.ascontiguousarray, own))


def units_of(chunk: Chunk, layout: MixedLayout) -> tuple[Any, Integers, Integers]:
    """The order of rows in which each unit is together, where units begin in it, and the group (U,) of each."""
    starts = np.asarray(chunk.bounds[:-1], dtype=np.intp)
    if layout.within is None:
        return slice(None), starts, np.arange(len(starts))
    group = np.repeat(np.arange(len(starts)), np.diff(chunk.bounds))
    label = np.asarray(chunk.x[:, layout.within])
    order = np.lexsort((label, group))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(group[order]) != 0) | (np.diff(label[order]) != 0)
    return order, np.flatnonzero(new), group[order][new]


def _counts(rows: Array, firsts: Integers, of: Integers, layout: MixedLayout) -> tuple[Array, ...]:
    """Of each level, the share of a group that counts with a unit."""
    counted = (rows > 0).astype(np.float64)
    if layout.within is None:
        return (counted,)
    units = np.add.reduceat(counted, firsts)
    return counted / np.maximum(units, 1.0)[of], counted


def told(chunk: Chunk, layout: MixedLayout, fixed: Array, root: Array, within: float) -> Told:
    """What groups tell, given framed `fixed` effects (p,), the `root` (r, r) of the effects' covariance, and `within`."""
    sums = sums_of_units(chunk, layout)
    xe = sums.xy - sums.xx @ fixed
    ze = sums.zy - fixed @ sums.xz
    ee = sums.yy - (sums.xy + xe) @ fixed
    products = root.T @ sums.zz @ root / within
    outer = len(layout.random.factor)
    two = layout.within is not None
    posterior: Posterior = of_two_levels(products, sums.firsts, sums.of, outer) if two else of_one_level(products)
    forces = ze @ root / within
    means = posterior.means(forces)
    told = sums.rows * (LOG_2_PI + np.log(within)) + ee / within - (forces * means).sum(axis=1)
    heights = -0.5 * (posterior.heights + (np.add.reduceat(told, sums.firsts) if two else told))
    return Told(sums, heights, means, posterior, xe, ze, ee, within, root)


def sums_at(one: Told, weights: Array, layout: MixedLayout) -> MixedSums:
    """The sums over groups of these `weights` (G,)."""
    sums, u = one.sums, one.means
    weights = weights[sums.of]
    each = one.posterior.spreads + u[:, :, None] * u[:, None, :]
    return MixedSums(
        float(weights @ sums.rows),
        tuple(float((weights * counts).sum()) for counts in sums.counts),
        float(weights @ one.ee),
        _moments(one, weights, layout, each),
        (one.ze * weights[:, None]).T @ u,
        _outer(sums.zz, each, weights),
        np.tensordot(weights, sums.xx, 1),
        weights @ one.xe,
        _outer(sums.xz, u, weights),
    )


def _moments(one: Told, weights: Array, layout: MixedLayout, each: Array) -> tuple[Array, ...]:
    """Second moments of the effects of each level, of those `each` (U, r, r) unit has."""
    pairs = zip(layout.own, one.sums.counts, strict=True)
    return tuple(np.tensordot(weights * counts, each[:, own, own], 1) for own, counts in pairs)


def _outer(a: Array, b: Array, weights: Array) -> Array:
    """The weighted sum over groups of the outer products of a (G, ...) and b (G, ...)."""
    return np.tensordot(a * weights.reshape(-1, *[1] * (a.ndim - 1)), b, axes=(0, 0))


@dataclass(frozen=True)
class GeneralizedSums(Additive):
    """Of the fixed effects, by generalized least squares: `design` (p, p), X'V^-1 X, and `along` (p,), X'V^-1 e."""

    design: Array
    along: Array


def generalized_at(one: Told, weights: Array) -> GeneralizedSums:
    """The sums over groups of these `weights` (G,)."""
    sums, weights = one.sums, weights[one.sums.of]
    xzl = sums.xz @ one.root
    left = sums.xx - xzl @ one.lean
    along = one.xe - np.einsum("gpr,gr->gp", xzl, one.means)
    return GeneralizedSums(np.tensordot(weights, left, 1) / one.within, weights @ along / one.within)


def integrated_at(one: Told, weights: Array, layout: MixedLayout, spread: Array) -> MixedSums:
    """As `sums_at`, where fixed effects are no parameters but normal, about those of the E-step, with this `spread` (p, p)."""
    plain, sums, lean = sums_at(one, weights, layout), one.sums, one.lean
    weights = weights[sums.of]
    more = lean @ spread @ lean.swapaxes(1, 2)
    crossed = sums.xz.swapaxes(1, 2) @ spread @ lean.swapaxes(1, 2)
    r = len(one.root)
    return MixedSums(
        plain.mass,
        plain.groups,
        plain.squares + float(np.tensordot(plain.design, spread)),
        tuple(a + b for a, b in zip(plain.moments, _moments(one, weights, layout, more), strict=True)),
        plain.cross + np.tensordot(weights, crossed, 1),
        plain.gram + _outer(sums.zz, more, weights),
        np.zeros((0, 0)),
        np.zeros(0),
        np.zeros((0, r, r)),
    )
