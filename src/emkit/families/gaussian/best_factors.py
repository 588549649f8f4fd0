"""The loadings and uniquenesses that explain covariances best: maximum likelihood, by Newton's method.

Given uniquenesses, the best loadings are known: with the eigenvalues and -vectors of the covariance in which every column is
divided by the root of its uniqueness, they are those of the largest, less the 1 that errors have. So only the uniquenesses are
sought, by their logarithms, along which slopes and curvature of what is left are sums over eigenvectors.
Source: Joreskog (1967), Psychometrika 32, 443-482; Lawley & Maxwell (1971), Factor Analysis as a Statistical Method, chapter 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.families.gaussian.bounded_newton import Place, lowest

ROUNDING = 1e-15  # of a loss
APART = 1e-12  # of an eigenvalue: nearer ones are taken to be so far apart
NEXT_TO_NONE = 1e-6  # of the variance of a column: where so little is left, none may be as likely
APART_ENOUGH = 1e-6  # a singular value of loadings of unit length below which columns are functions of each other
LEAST_SHARED = 0.05  # of the variance of a column's own that each factor of a start has: one without any stays so for ever
LEAST_UNIQUE, MOST_UNIQUE = 0.05, 0.95  # shares of the variance of a column that a start leaves to itself


class BestFactors(NamedTuple):
    """Loadings (B, G, d, m), 0 above the diagonal, and the uniquenesses (B, d), or (B, 1), of all G, for each of B problems.

    `height` (B,): the log-likelihood of a row, without -d/2 log 2 pi.
    """

    loadings: Array
    uniquenesses: Array
    height: Array


class _Problem(NamedTuple):
    """B problems of G covariances each, side by side.

    Covariances root root' with `roots` (B, G, d, d), each counting for its share (B, G) of all rows; the logarithms of
    uniquenesses lie above `bound` (B, s).
    """

    shares: Array
    roots: Array
    bound: Array

    def some(self, which: Integers) -> _Problem:
        return _Problem(*(each[which] for each in self))


def _place(problem: _Problem, logs: Array, m: int) -> Place:
    """What is known at logarithms `logs` (B, s) of the uniquenesses, s = d, or s = 1 for all columns: twice the loss of a row.

    Where a uniqueness is next to nothing, singular values of the root keep twice as many digits as eigenvalues.
    """
    shares, roots, _ = problem
    d = roots.shape[-1]
    unit = np.exp(np.broadcast_to(logs, (len(logs), d)) / 2)
    vectors, lengths, _ = np.linalg.svd(roots / unit[:, None, :, None])
    values = lengths**2
    top = (np.arange(d) < m) & (values > 1)
    rest = np.where(top, 0.0, 1.0)
    heights = np.where(top, np.log(np.where(top, values, 1.0)) + 1, values).sum(axis=-1)
    loss = 2 * np.log(unit).sum(axis=-1) + (shares * heights).sum(axis=-1)
    slopes = np.einsum("bg,bgji,bgi->bj", shares, vectors**2, (1 - values) * rest)

    def products(weights: Array) -> Array:
        return np.asarray((vectors * weights[..., None, :]) @ vectors.swapaxes(-1, -2))

    bent = products(values * rest) * products(rest)
    for p in range(m):
        one, kept = vectors[..., p], np.maximum(values[..., p, None], 1.0)
        across = (1 - values) * (kept + values) / np.maximum(kept - values, APART * kept)
        bent += one[..., :, None] * one[..., None, :] * products(across * rest * top[..., p, None])
    curvature = np.einsum("bg,bgij->bij", shares, bent)
    loadings = unit[:, None, :, None] * vectors[..., :m] * np.sqrt(np.where(top, values - 1, 0.0))[..., None, :m]
    if logs.shape[1] < d:
        slopes, curvature = slopes.sum(axis=-1, keepdims=True), curvature.sum(axis=(-1, -2))[:, None, None]
    rounding = ROUNDING * (1 + np.abs(loss) + d * lengths[..., 0].max(axis=-1))
    return Place(logs, loss, rounding, slopes, curvature, np.asarray(loadings), np.ones_like(logs))


def best_factors(mass: Array, covariances: Array, start: Array, least: Array, m: int) -> BestFactors:
    """The best loadings of each of the covariances (B, G, d, d) of `mass` (B, G), and the uniquenesses that the G share.

    `start`: uniquenesses (B, d), or one for all columns (B, 1), from which it climbs, so that it ends no lower; none is below
    the `least`, of the same shape.
    """
    problem = _Problem(mass / mass.sum(axis=-1, keepdims=True), covariance_roots(covariances), np.log(least))

    def ahead(which: Integers, before: Place, step: Array) -> Place:
        some = problem.some(which)
        return _place(some, np.maximum(before.at + step, some.bound), m)

    here = lowest(_place(problem, np.log(np.maximum(start, least)), m), ahead, problem.bound)
    variances = np.maximum(np.einsum("bg,bgjj->bj", problem.shares, covariances), np.finfo(float).tiny)
    negligible = np.log(NEXT_TO_NONE * (variances if least.shape[1] > 1 else variances.mean(axis=-1, keepdims=True)))
    here = _at_bound(here, problem, negligible, m)
    return BestFactors(turned(here.loadings), np.maximum(np.exp(here.at), least), -here.loss / 2)


def height(mass: Array, covariances: Array, uniquenesses: Array, m: int) -> Array:
    """What `BestFactors` has for a height (B,), with the best loadings for these uniquenesses."""
    shares = mass / mass.sum(axis=-1, keepdims=True)
    return np.asarray(-_place(_Problem(shares, covariance_roots(covariances), uniquenesses), np.log(uniquenesses), m).loss / 2)


def with_none(found: BestFactors, least: Array) -> Array:
    """The uniquenesses `found`, exactly 0 for columns that the bound `least`, next to nothing, holds (Heywood cases).

    If their loadings are functions of each other, the likelihood has no maximum, and they stay where they are.
    """
    noise = found.uniquenesses.copy()
    for b, none in enumerate(noise <= least):
        rows = found.loadings[b][:, none] if noise.shape[1] > 1 else found.loadings[b][:, :0]
        if not 0 < rows.shape[1] <= rows.shape[2]:
            continue
        lengths = np.sqrt((rows**2).sum(axis=2, keepdims=True))
        if (lengths > 0).all() and np.linalg.svd(rows / lengths, compute_uv=False)[:, -1].min() >= APART_ENOUGH:
            noise[b, none] = 0.0
    return noise


def _at_bound(here: Place, problem: _Problem, negligible: Array, m: int) -> Place:
    """The same with uniquenesses that are `negligible` at their bound, where that is as likely: steps there never arrive."""
    for b, j in np.argwhere((here.at < negligible) & (here.at > problem.bound)):
        one, logs = np.array([b]), here.at[[b]].copy()
        logs[0, j] = problem.bound[b, j]
        there = _place(problem.some(one), logs, m)
        if there.loss[0] <= here.loss[b] + max(here.rounding[b], there.rounding[0]):
            here = here.put(one, there)
    return here


def covariance_roots(covariances: Array) -> Array:
    """Matrices (B, G, d, d) whose products with themselves, turned over, are the covariances: of columns in like units."""
    unit = np.sqrt(np.maximum(np.einsum("bgjj->bgj", covariances), 0.0))
    unit = np.where(unit > 0, unit, 1.0)
    values, vectors = np.linalg.eigh(covariances / (unit[..., :, None] * unit[..., None, :]))
    return np.asarray(unit[..., :, None] * vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :])


def turned(loadings: Array) -> Array:
    """Loadings (..., d, m) turned so that there is 0 above the diagonal, and no number < 0 on it."""
    if not loadings.shape[-1]:
        return loadings
    upper: Array = np.linalg.qr(loadings.swapaxes(-1, -2)).R
    triangle = np.tril(upper.swapaxes(-1, -2))
    signs = np.where(np.einsum("...jj->...j", triangle[..., : loadings.shape[-1], :]) < 0, -1.0, 1.0)
    return np.asarray(triangle * signs[..., None, :] + 0.0)


def first_uniquenesses(covariance: Array, m: int, equal: bool = False) -> Array:
    """Uniquenesses (d,) to begin with: what regressions on the other columns leave, and a little less for more factors.

    If they are `equal`, one (1,).
    """
    variances, d = np.diag(covariance), len(covariance)
    if equal:
        return variances.mean(keepdims=True) / 2
    unit = np.sqrt(variances)
    alone = 1 / np.diag(np.linalg.inv(covariance / np.outer(unit, unit) + 1e-3 * np.eye(d)))
    return np.asarray(variances * np.clip((1 - m / (2 * d)) * alone, LEAST_UNIQUE, MOST_UNIQUE))
