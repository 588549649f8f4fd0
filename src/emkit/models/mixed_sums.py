"""The E-step of linear mixed models: what groups of rows tell of their effects.

Of rows that share all their effects, with designs X and Z, all comes from the triangle R of [Z X y] = Q R: its first rows hold
what effects can tell, and the others what they cannot. Nothing is a difference of sums of squares, which would have no digits
left where effects vary far more than errors.
Source: Bates, Maechler, Bolker & Walker (2015), J. Statist. Software 67(1), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import once
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk
from emkit.models.mixed_layout import MixedLayout
from emkit.models.mixed_posterior import Posterior, of_one_level, of_two_levels, triangles

LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class MixedSums(Additive):
    """Weighted sums over groups, of errors e of rows and standard normal effects u, at the parameters of the E-step.

    `mass` of the rows; of each level of groups, how many there are, `groups`, and `moments`, E u u' of the effects of that
    level; `squares`, E e'e. Of all r effects of a row: `cross` (r, r), E Z'e u'; `gram` (r, r, r, r), Z'Z by E u u'. Of fixed
    effects, if these are estimated with the others: `design` (p, p), X'X; `along` (p,), X'E e; `shared` (p, r, r), X'Z by E u.
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

    def shifted(self, shift: Array) -> MixedSums:
        """The same about framed fixed effects that are by `shift` (p,) away from those of the E-step."""
        squares = self.squares - 2 * float(shift @ self.along) + float(shift @ self.design @ shift)
        cross = self.cross - np.tensordot(shift, self.shared, 1)
        return replace(self, squares=squares, cross=cross, along=self.along - self.design @ shift)


class UnitSums(NamedTuple):
    """Of each unit of a chunk, sums over its rows in the frames of the designs; `triangle` (U, r + p + 1, r + p + 1) is R.

    `designs` (D, r, r) are the different corners of these that effects reach, which posteriors depend on, and `of_design` (U,)
    says whose each is: where persons are seen at the same times, there are few.
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
    yy: Array
    triangle: Array
    of_design: Integers
    designs: Array


@dataclass(frozen=True)
class Varying:
    """How effects vary, given the rows of groups, whatever their responses and fixed effects are.

    The `posterior` of standard normal effects; `reach` (U, r, r), how far these move the first rows of the triangle, which
    effects can tell; `within`, the variance of errors.
    """

    sums: UnitSums
    posterior: Posterior
    reach: Array
    within: float

    @cached_property
    def covariances(self) -> Array:
        """Those of the effects (U, r, r)."""
        return np.asarray(self.posterior.factor @ self.posterior.factor.swapaxes(1, 2))

    @cached_property
    def crossed(self) -> Array:
        """Those of the first rows of the triangle with the effects (U, r, r)."""
        return np.asarray(self._moved @ self.posterior.factor.swapaxes(1, 2))

    @cached_property
    def squares(self) -> Array:
        """The variances that effects add to the rows of the triangle, summed up (U,)."""
        return np.asarray((self._moved**2).sum(axis=(1, 2)))

    @cached_property
    def _moved(self) -> Array:
        return np.asarray(self.reach @ self.posterior.factor)


class Told(NamedTuple):
    """What groups (G,) tell at some parameters, with how their effects are `varying`.

    `log_density` (G,); `means` (U, r) of standard normal effects; `errors` (U, r + p + 1) in all rows of the triangle, where
    effects are their means.
    """

    varying: Varying
    log_density: Array
    means: Array
    errors: Array

    @property
    def sums(self) -> UnitSums:
        """Of the chunk."""
        return self.varying.sums

    @property
    def rows(self) -> Array:
        """How many rows with a response each group (G,) has."""
        return np.add.reduceat(self.sums.rows, self.sums.firsts)

    @property
    def of_fixed(self) -> Array:
        """X in the rows of the triangle (U, r + p + 1, p)."""
        return self.sums.triangle[:, :, self.means.shape[1] : -1]

    def lean(self) -> tuple[Array, Array]:
        """By how much effects fall as fixed effects rise (U, r, p), and what that leaves of X (U, r + p + 1, p)."""
        r = self.means.shape[1]
        lean = self.varying.posterior.means(self.of_fixed[:, :r] / np.sqrt(self.varying.within))
        left = self.of_fixed.copy()
        left[:, :r] -= self.varying.reach @ lean
        return lean, left

    def along(self, weights: Array) -> Array:
        """X'E e (p,) over units of these `weights` (U,)."""
        return np.asarray(np.einsum("u,uap,ua->p", weights, self.of_fixed, self.errors))


@once
def sums_of_units(chunk: Chunk, layout: MixedLayout) -> UnitSums:
    """The sums of each unit, over the rows that have a response."""
    y = np.asarray(chunk.x[:, layout.response], dtype=np.float64) - layout.datum
    there = ~np.isnan(y)
    x, z = layout.fixed.framed(chunk.x), layout.framed_effects(chunk.x)
    p, r = x.shape[1], z.shape[1]
    whole = np.column_stack([z, x, np.where(there, y, 0.0)]) * there[:, None]
    order, starts, of = units_of(chunk, layout)
    whole, there = whole[order], there[order]
    found = np.empty((len(starts), r + p + 1, r + p + 1))
    for j in range(r + p + 1):
        found[:, j] = np.add.reduceat(whole * whole[:, j : j + 1], starts, axis=0)
    zz, xz, xx = found[:, :r, :r], found[:, r:-1, :r], found[:, r:-1, r:-1]
    rows = np.add.reduceat(there.astype(np.float64), starts)
    firsts = np.flatnonzero(np.diff(of, prepend=-1))
    of_rows = triangles(whole, np.append(starts, len(whole)))
    own = (rows, xx, xz, zz, found[:, r:-1, -1], found[:, -1, -1], of_rows)
    corners = of_rows[:, :r, :r].reshape(len(of_rows), r * r)
    designs, of_design = np.unique(corners, axis=0, return_inverse=True)
    counts = _counts(rows, firsts, of, layout)
    arrays: Any = [*map(np.ascontiguousarray, own), of_design.ravel(), designs.reshape(-1, r, r)]
    return UnitSums(firsts, of, counts, *arrays)


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


def varying_in(chunk: Chunk, layout: MixedLayout, root: Array, within: float) -> Varying:
    """How effects vary, given the `root` (r, r) of their covariance, and the variance of errors, `within`."""
    sums, unit = sums_of_units(chunk, layout), np.sqrt(within)
    reaches = sums.designs @ root
    reach = reaches[sums.of_design]
    if layout.within is None:
        posterior: Posterior = of_one_level(reaches / unit).among(sums.of_design)
    else:
        posterior = of_two_levels(reach / unit, sums.firsts, sums.of, len(layout.random.factor))
    return Varying(sums, posterior, reach, within)


def told(varying: Varying, fixed: Array) -> Told:
    """What groups tell, given framed `fixed` effects (p,)."""
    sums, posterior, within = varying.sums, varying.posterior, varying.within
    r, unit = varying.reach.shape[2], np.sqrt(within)
    errors = sums.triangle[:, :, -1] - sums.triangle[:, :, r:-1] @ fixed
    means = posterior.means(errors[:, :r, None] / unit)
    lengths = posterior.products(means, means)[:, 0, 0]
    errors[:, :r] -= (varying.reach @ means)[:, :, 0]
    left = sums.rows * (LOG_2_PI + np.log(within)) + (errors**2).sum(axis=1) / within
    heights = -0.5 * (np.add.reduceat(left, sums.firsts) + lengths + posterior.heights)
    return Told(varying, heights, means[:, :, 0], errors)


def sums_at(one: Told, weights: Array, layout: MixedLayout) -> MixedSums:
    """The sums over groups of these `weights` (G,)."""
    sums, u, varying = one.sums, one.means, one.varying
    r = u.shape[1]
    weights = weights[sums.of]
    each = varying.covariances + u[:, :, None] * u[:, None, :]
    crossed = one.errors[:, :r, None] * u[:, None, :] - varying.crossed
    squares = (one.errors**2).sum(axis=1) + varying.squares
    return MixedSums(
        float(weights @ sums.rows),
        tuple(float((weights * counts).sum()) for counts in sums.counts),
        float(weights @ squares),
        _moments(one, weights, layout, each),
        _sum(weights, sums.triangle[:, :r, :r].swapaxes(1, 2) @ crossed),
        _outer(sums.zz, each, weights),
        _sum(weights, sums.xx),
        one.along(weights),
        _outer(sums.xz, u, weights),
    )


def _moments(one: Told, weights: Array, layout: MixedLayout, each: Array) -> tuple[Array, ...]:
    """Second moments of the effects of each level, of those `each` (U, r, r) unit has."""
    pairs = zip(layout.own, one.sums.counts, strict=True)
    return tuple(_sum(weights * counts, each[:, own, own]) for own, counts in pairs)


def _sum(weights: Array, each: Array) -> Array:
    """The weighted sum of `each` (U, ...)."""
    return np.asarray((weights @ _in_rows(each)).reshape(each.shape[1:]))


def _outer(a: Array, b: Array, weights: Array) -> Array:
    """The weighted sum over units of the outer products of a (U, ...) and b (U, ...)."""
    found = (weights[:, None] * _in_rows(a)).T @ _in_rows(b)
    return np.asarray(found.reshape(*a.shape[1:], *b.shape[1:]))


def _in_rows(each: Array) -> Array:
    """`each` (U, ...) as a table, also where there is none."""
    return each.reshape(len(each), int(np.prod(each.shape[1:])))


@dataclass(frozen=True)
class GeneralizedSums(Additive):
    """Of the fixed effects, by generalized least squares: `design` (p, p), X'V^-1 X, and `along` (p,), X'V^-1 e."""

    design: Array
    along: Array


def generalized_at(one: Told, weights: Array) -> GeneralizedSums:
    """The sums over groups of these `weights` (G,): products of what is left in rows, and of effects, which lose no digits."""
    lean, left = one.lean()
    targets = np.concatenate([left, one.errors[:, :, None]], axis=2)
    effects = np.concatenate([lean, one.means[:, :, None]], axis=2)
    found = _sum(weights[one.sums.of] / one.varying.within, left.swapaxes(1, 2) @ targets)
    found += _sum(weights, one.varying.posterior.products(lean, effects))
    design = found[:, :-1]
    return GeneralizedSums((design + design.T) / 2, found[:, -1])


def integrated_at(one: Told, weights: Array, layout: MixedLayout, spread: Array) -> MixedSums:
    """As `sums_at`, where fixed effects are no parameters but normal, about those of the E-step, with this `spread` (p, p)."""
    plain, sums, (lean, left) = sums_at(one, weights, layout), one.sums, one.lean()
    weights, r = weights[sums.of], one.means.shape[1]
    more = lean @ spread @ lean.swapaxes(1, 2)
    crossed = sums.triangle[:, :r, :r].swapaxes(1, 2) @ left[:, :r] @ spread @ lean.swapaxes(1, 2)
    return MixedSums(
        plain.mass,
        plain.groups,
        plain.squares + float(weights @ np.einsum("uap,pq,uaq->u", left, spread, left)),
        tuple(a + b for a, b in zip(plain.moments, _moments(one, weights, layout, more), strict=True)),
        plain.cross + _sum(weights, crossed),
        plain.gram + _outer(sums.zz, more, weights),
        np.zeros((0, 0)),
        np.zeros(0),
        np.zeros((0, r, r)),
    )
