"""The E-step of linear mixed models: what groups of rows tell of their effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.memo import once
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.models.mixed_layout import MixedLayout

LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class MixedSums(Additive):
    """Weighted sums over groups, of residuals e of the fixed effects of the E-step and of standard normal effects u.

    `mass` of the rows and number of `groups`; `squares`, of e; `moments` (r, r), E u u'; `cross` (r, r), Z'e E u';
    `gram` (r, r, r, r), Z'Z by E u u'. Of fixed effects, if these are estimated with the others: `design` (p, p), X'X;
    `along` (p,), X'e; `shared` (p, r, r), X'Z by E u.
    """

    mass: float
    groups: float
    squares: float
    moments: Array
    cross: Array
    gram: Array
    design: Array
    along: Array
    shared: Array


class GroupSums(NamedTuple):
    """Of each group of a chunk, sums over its rows in the frames of the designs: all that a normal model needs of them."""

    rows: Array
    xx: Array
    xz: Array
    zz: Array
    xy: Array
    zy: Array
    yy: Array


class Told(NamedTuple):
    """What groups (G,) tell at some parameters.

    `log_density` (G,); means (G, r) and covariances (G, r, r) of standard normal effects; X'e (G, p), Z'e (G, r), e'e (G,).
    """

    sums: GroupSums
    log_density: Array
    means: Array
    spreads: Array
    xe: Array
    ze: Array
    ee: Array
    within: float
    root: Array


@once
def sums_of_groups(chunk: Chunk, layout: MixedLayout) -> GroupSums:
    """The sums of each group, over the rows that have a response."""
    y = np.asarray(chunk.x[:, layout.response], dtype=np.float64) - layout.datum
    there = ~np.isnan(y)
    x, z = layout.fixed.framed(chunk.x), layout.random.framed(chunk.x)
    p, r = x.shape[1], z.shape[1]
    whole = np.column_stack([x, z, np.where(there, y, 0.0)]) * there[:, None]
    starts = chunk.bounds[:-1]
    found = np.empty((len(starts), p + r + 1, p + r + 1))
    for j in range(p + r + 1):
        found[:, j] = np.add.reduceat(whole * whole[:, j : j + 1], starts, axis=0)
    xx, xz, zz = found[:, :p, :p], found[:, :p, p:-1], found[:, p:-1, p:-1]
    rows = np.add.reduceat(there.astype(np.float64), starts)
    return GroupSums(*map(np.ascontiguousarray, (rows, xx, xz, zz, found[:, :p, -1], found[:, p:-1, -1], found[:, -1, -1])))


def told(chunk: Chunk, layout: MixedLayout, fixed: Array, root: Array, within: float) -> Told:
    """What groups tell, given framed `fixed` effects (p,), the `root` (r, r) of the effects' covariance, and `within`."""
    sums = sums_of_groups(chunk, layout)
    xe = sums.xy - sums.xx @ fixed
    ze = sums.zy - fixed @ sums.xz
    ee = sums.yy - (sums.xy + xe) @ fixed
    precision = np.eye(len(root)) + root.T @ sums.zz @ root / within
    spreads = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    forces = ze @ root / within
    means = np.einsum("grs,gs->gr", spreads, forces)
    heights = sums.rows * (LOG_2_PI + np.log(within)) + np.linalg.slogdet(precision)[1]
    heights = -0.5 * (heights + ee / within - (forces * means).sum(axis=1))
    return Told(sums, heights, means, spreads, xe, ze, ee, within, root)


def sums_at(one: Told, weights: Array) -> MixedSums:
    """The sums over groups of these `weights` (G,)."""
    sums, u = one.sums, one.means
    counted = weights * (sums.rows > 0)
    each = one.spreads + u[:, :, None] * u[:, None, :]
    return MixedSums(
        float(weights @ sums.rows),
        float(counted.sum()),
        float(weights @ one.ee),
        np.tensordot(counted, each, 1),
        (one.ze * weights[:, None]).T @ u,
        _outer(sums.zz, each, weights),
        np.tensordot(weights, sums.xx, 1),
        weights @ one.xe,
        _outer(sums.xz, u, weights),
    )


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
    sums = one.sums
    xzl = sums.xz @ one.root
    left = sums.xx - xzl @ one.spreads @ xzl.swapaxes(1, 2) / one.within
    along = one.xe - np.einsum("gpr,gr->gp", xzl, one.means)
    return GeneralizedSums(np.tensordot(weights, left, 1) / one.within, weights @ along / one.within)


def integrated_at(one: Told, weights: Array, spread: Array) -> MixedSums:
    """As `sums_at`, where fixed effects are no parameters but normal, about those of the E-step, with this `spread` (p, p)."""
    sums = one.sums
    plain = sums_at(one, weights)
    lean = one.spreads @ (sums.xz @ one.root).swapaxes(1, 2) / one.within  # (G, r, p): u moves by -lean, with fixed effects
    more = lean @ spread @ lean.swapaxes(1, 2)
    crossed = sums.xz.swapaxes(1, 2) @ spread @ lean.swapaxes(1, 2)
    r = len(one.root)
    return MixedSums(
        plain.mass,
        plain.groups,
        plain.squares + float(np.tensordot(plain.design, spread)),
        plain.moments + np.tensordot(weights * (sums.rows > 0), more, 1),
        plain.cross + np.tensordot(weights, crossed, 1),
        plain.gram + _outer(sums.zz, more, weights),
        np.zeros((0, 0)),
        np.zeros(0),
        np.zeros((0, r, r)),
    )
