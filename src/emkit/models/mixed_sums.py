"""The E-step of linear mixed models: what groups of rows tell of their effects.

Of a group with designs X and Z, all comes from the triangle R of [Z X y] = Q R: its first rows hold what effects can tell, and
the others what they cannot. Nothing is a difference of sums of squares, which would have no digits left where effects vary
far more than errors.
Source: for the triangle of a group, Bates, Maechler, Bolker & Walker (2015), J. Statist. Software 67(1), section 3; Golub & Van
Loan (2013), Matrix Computations, 4th ed., section 6.1.
"""

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
    """Weighted sums over groups, of errors e of rows and standard normal effects u, at the parameters of the E-step.

    `mass` of the rows and number of `groups`; `squares`, E e'e; `moments` (r, r), E u u'; `cross` (r, r), E Z'e u'; `gram`
    (r, r, r, r), Z'Z by E u u'. Of fixed effects, if these are estimated with the others: `design` (p, p), X'X; `along` (p,),
    X'E e; `shared` (p, r, r), X'Z by E u.
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
    """Of each group of a chunk, sums over its rows in the frames of the designs; `triangle` (G, r + p + 1, r + p + 1) is R."""

    rows: Array
    xx: Array
    xz: Array
    zz: Array
    xy: Array
    yy: Array
    triangle: Array


class Told(NamedTuple):
    """What groups (G,) tell at some parameters.

    `log_density` (G,); means (G, r) and covariances (G, r, r) of standard normal effects. In the first rows of the triangle,
    which effects can tell, `pull` (G, r, r) makes means of what fixed effects leave, and `rest` (G, r, r) what means leave of
    it; `errors` (G, r) are that, and `beyond` (G, p + 1) those of the other rows. `unsure` (G,): the variance of errors that
    is that of the effects.
    """

    sums: GroupSums
    log_density: Array
    means: Array
    spreads: Array
    pull: Array
    rest: Array
    errors: Array
    beyond: Array
    unsure: Array
    within: float


@once
def sums_of_groups(chunk: Chunk, layout: MixedLayout) -> GroupSums:
    """The sums of each group, over the rows that have a response."""
    y = np.asarray(chunk.x[:, layout.response], dtype=np.float64) - layout.datum
    there = ~np.isnan(y)
    x, z = layout.fixed.framed(chunk.x), layout.random.framed(chunk.x)
    p, r = x.shape[1], z.shape[1]
    whole = np.column_stack([z, x, np.where(there, y, 0.0)]) * there[:, None]
    starts = chunk.bounds[:-1]
    found = np.empty((len(starts), r + p + 1, r + p + 1))
    for j in range(r + p + 1):
        found[:, j] = np.add.reduceat(whole * whole[:, j : j + 1], starts, axis=0)
    zz, xz, xx = found[:, :r, :r], found[:, r:-1, :r], found[:, r:-1, r:-1]
    rows = np.add.reduceat(there.astype(np.float64), starts)
    triangles = _triangles(whole, np.asarray(chunk.bounds))
    sums = (rows, xx, xz, zz, found[:, r:-1, -1], found[:, -1, -1], triangles)
    return GroupSums(*map(np.ascontiguousarray, sums))


def _triangles(whole: Array, bounds: Array) -> Array:
    """R of the rows (n, q) of each group, with zeros below: (G, q, q)."""
    sizes, q = np.diff(bounds), whole.shape[1]
    found = np.zeros((len(sizes), q, q))
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        found[same, : min(size, q)] = np.linalg.qr(whole[bounds[same][:, None] + np.arange(size)], mode="r")
    return found


def told(chunk: Chunk, layout: MixedLayout, fixed: Array, root: Array, within: float) -> Told:
    """What groups tell, given framed `fixed` effects (p,), the `root` (r, r) of the effects' covariance, and `within`.

    Standard effects are the least squares of what fixed effects leave, over within^(1/2), on A = Z root / within^(1/2) in the
    first rows of the triangle, and of 0 on I: all are parts of [A; I] = Q T, and of the columns of Q behind the first.
    """
    sums, r, unit = sums_of_groups(chunk, layout), len(root), np.sqrt(within)
    off = sums.triangle[:, :, -1] - sums.triangle[:, :, r:-1] @ fixed
    slopes = sums.triangle[:, :r, :r] @ root / unit
    q, t = np.linalg.qr(np.concatenate([slopes, np.broadcast_to(np.eye(r), slopes.shape)], axis=1), mode="complete")
    told, own, others = q[:, :r, :r], q[:, r:, :r], q[:, :r, r:]
    first, beyond = off[:, :r], off[:, r:]
    left = np.einsum("gab,ga->gb", others, first)
    heights = sums.rows * (LOG_2_PI + np.log(within)) + 2 * np.log(np.abs(np.diagonal(t, axis1=1, axis2=2))).sum(axis=1)
    heights = -0.5 * (heights + ((left**2).sum(axis=1) + (beyond**2).sum(axis=1)) / within)
    pull, rest = own @ told.swapaxes(1, 2) / unit, others @ others.swapaxes(1, 2)
    means, errors = (np.einsum("gab,gb->ga", each, first) for each in (pull, rest))
    unsure = within * (told**2).sum(axis=(1, 2))
    return Told(sums, heights, means, own @ own.swapaxes(1, 2), pull, rest, errors, beyond, unsure, within)


def sums_at(one: Told, weights: Array) -> MixedSums:
    """The sums over groups of these `weights` (G,)."""
    sums, u = one.sums, one.means
    r = u.shape[1]
    z = sums.triangle[:, :r, :r].swapaxes(1, 2)
    counted = weights * (sums.rows > 0)
    each = one.spreads + u[:, :, None] * u[:, None, :]
    crossed = z @ (one.errors[:, :, None] * u[:, None, :] - one.within * one.pull.swapaxes(1, 2))
    squares = (one.errors**2).sum(axis=1) + (one.beyond**2).sum(axis=1) + one.unsure
    return MixedSums(
        float(weights @ sums.rows),
        float(counted.sum()),
        float(weights @ squares),
        np.tensordot(counted, each, 1),
        np.tensordot(weights, crossed, 1),
        _outer(sums.zz, each, weights),
        np.tensordot(weights, sums.xx, 1),
        weights @ _along(one),
        _outer(sums.xz, u, weights),
    )


def _along(one: Told) -> Array:
    """X'E e of each group (G, p)."""
    r = one.means.shape[1]
    return np.einsum("gap,ga->gp", one.sums.triangle[:, :, r:-1], np.concatenate([one.errors, one.beyond], axis=1))


def _left(one: Told) -> Array:
    """What effects leave of X in each row of the triangle (G, r + p + 1, p)."""
    r = one.means.shape[1]
    x = one.sums.triangle[:, :, r:-1]
    return np.concatenate([one.rest @ x[:, :r], x[:, r:]], axis=1)


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
    x = one.sums.triangle[:, :, one.means.shape[1] : -1]
    design = np.tensordot(weights, x.swapaxes(1, 2) @ _left(one), 1)
    return GeneralizedSums((design + design.T) / (2 * one.within), weights @ _along(one) / one.within)


def integrated_at(one: Told, weights: Array, spread: Array) -> MixedSums:
    """As `sums_at`, where fixed effects are no parameters but normal, about those of the E-step, with this `spread` (p, p)."""
    sums, plain, left = one.sums, sums_at(one, weights), _left(one)
    r = one.means.shape[1]
    triangle = sums.triangle[:, :r]
    lean = one.pull @ triangle[:, :, r:-1]  # (G, r, p): u moves by -lean, with fixed effects
    more = lean @ spread @ lean.swapaxes(1, 2)
    crossed = triangle[:, :, :r].swapaxes(1, 2) @ left[:, :r] @ spread @ lean.swapaxes(1, 2)
    return MixedSums(
        plain.mass,
        plain.groups,
        plain.squares + float(weights @ np.einsum("gap,pq,gaq->g", left, spread, left)),
        plain.moments + np.tensordot(weights * (sums.rows > 0), more, 1),
        plain.cross + np.tensordot(weights, crossed, 1),
        plain.gram + _outer(sums.zz, more, weights),
        np.zeros((0, 0)),
        np.zeros(0),
        np.zeros((0, r, r)),
    )
