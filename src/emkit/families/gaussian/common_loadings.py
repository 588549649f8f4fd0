"""Loadings that components share, and uniquenesses of each: no formula tells the best loadings, so all are sought together.

Of G covariances S_g, each counting for its share, sought are loadings L (d, m) and uniquenesses with the least sum of shares
times log |C_g| + tr(S_g C_g^-1), C_g = L L' + diag(uniquenesses_g), by Newton's method along loadings and logarithms of
uniquenesses, which are bounded. In columns divided by the roots of their uniquenesses, C_g is 1 but along m directions.
Source: McNicholas & Murphy (2008), Stat. Comput. 18, 285-296, for the forms CUU and CUC; Magnus & Neudecker (1999), Matrix
Differential Calculus, chapters 8 and 9, for the slopes and curvatures.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.families.gaussian.best_factors import ROUNDING, BestFactors, covariance_roots, turned
from emkit.families.gaussian.bounded_newton import Place, lowest

TINY = float(np.finfo(float).tiny)


class _Problem(NamedTuple):
    """B problems of G covariances root root', `roots` (B, G, d, d), in columns of like units, counting for `shares` (B, G)."""

    shares: Array
    roots: Array

    def some(self, which: Integers) -> _Problem:
        return _Problem(self.shares[which], self.roots[which])


def _place(problem: _Problem, at: Array, m: int) -> Place:
    """What is known of twice the loss of a row at loadings and logarithms of uniquenesses, (B, d m + G s), s = d or 1."""
    shares, roots = problem
    number, groups, d = roots.shape[:3]
    loadings, logs = _parts(at, groups, d, m)
    noise = np.exp(np.broadcast_to(logs, (number, groups, d)) / 2)
    over = 1 / noise[..., None]
    vectors, lengths, turn = np.linalg.svd(loadings[:, None] * over, full_matrices=False)
    kept = 1 / (1 + lengths**2)  # (B, G, m): of a factor's variance, what is left beside columns
    seen = roots * over
    along = vectors.swapaxes(-1, -2) @ seen
    across = seen - vectors @ along
    whole = across + vectors @ (kept[..., None] * along)
    heights = 2 * np.log(noise).sum(axis=-1) - np.log(kept).sum(axis=-1)
    heights = heights + np.einsum("bgij,bgij->bg", across, across) + np.einsum("bgp,bgpi->bg", kept, along**2)
    loss = (shares * heights).sum(axis=-1)
    own = np.eye(d) - (vectors * (1 - kept)[..., None, :]) @ vectors.swapaxes(-1, -2)  # the inverse of C, and
    told = whole @ whole.swapaxes(-1, -2)  # what it makes of S
    on_factors = (vectors * (lengths * kept)[..., None, :]) @ turn
    of_told = whole @ ((lengths * kept)[..., None] * along).swapaxes(-1, -2) @ turn
    weights = shares[:, :, None, None]
    slopes = [
        (2 * weights * (on_factors - of_told) * over).sum(axis=1).reshape(number, d * m),
        shares[..., None] * np.einsum("bgjj->bgj", own - told),
    ]
    blocks = _curvature(weights, over, own, told, on_factors, of_told, loadings)
    equal = logs.shape[-1] < d
    curvature = _assembled(*blocks, equal)
    slopes[1] = (slopes[1].sum(axis=-1, keepdims=True) if equal else slopes[1]).reshape(number, -1)
    unit = np.ones_like(at)
    unit[:, : d * m] = np.repeat(np.minimum((shares[..., None] / noise**2).sum(axis=1), 1 / TINY) ** -0.5, m, axis=-1)
    unit[:, : d * m] = np.minimum(unit[:, : d * m], 1.0)
    size = np.sqrt((seen**2).sum(axis=(-1, -2)))
    rounding = 10 * ROUNDING * (1 + np.abs(loss)) + ROUNDING * d * (size * (shares > 0)).max(axis=-1)
    common = np.repeat(loadings[:, None], groups, axis=1)
    return Place(at, loss, rounding, np.concatenate(slopes, axis=1), curvature, common, unit)


def _parts(at: Array, groups: int, d: int, m: int) -> tuple[Array, Array]:
    """Loadings (B, d, m) and logarithms of uniquenesses (B, G, s)."""
    return at[:, : d * m].reshape(len(at), d, m), at[:, d * m :].reshape(len(at), groups, -1)


def _curvature(
    weights: Array, over: Array, own: Array, told: Array, on_factors: Array, of_told: Array, loadings: Array
) -> tuple[Array, Array, Array]:
    """Second derivatives: among loadings (B, d m, d m), with the logarithms (B, d m, G, d), and among these (B, G, d, d).

    `own` (B, G, d, d) is C^-1 and `told` C^-1 S C^-1, where every uniqueness is 1, `on_factors` and `of_told` (B, G, d, m)
    these times the loadings there; `over` (B, G, d, 1) leads back.
    """
    number, groups, d, m = on_factors.shape
    bent, of_bent = 2 * told - own, 2 * of_told - on_factors
    scaled = loadings[:, None] * over
    inside, of_inside = scaled.swapaxes(-1, -2) @ on_factors, scaled.swapaxes(-1, -2) @ of_bent
    back = over @ over.swapaxes(-1, -2)
    first, second = (weights * each * over for each in (on_factors, of_bent))
    crossed = np.einsum("bgaq,bgcp->bapcq", first, of_bent * over)
    loaded = crossed + np.einsum("bgaq,bgcp->bapcq", second, on_factors * over)
    loaded += np.einsum("bgac,bgpq->bapcq", weights * own * back, of_inside)
    loaded += np.einsum("bgac,bgpq->bapcq", weights * bent * back, inside)
    loaded += 2 * np.einsum("bac,pq->bapcq", (weights * (own - told) * back).sum(axis=1), np.eye(m))
    mixed = np.einsum("bgia,bgip->bapgi", own * over.swapaxes(-1, -2), weights * of_bent)
    mixed += np.einsum("bgia,bgip->bapgi", bent * over.swapaxes(-1, -2), weights * on_factors)
    unique = weights * own * bent
    j = np.arange(d)
    unique[..., j, j] += weights[..., 0] * np.einsum("bgjj->bgj", own - told)
    return loaded.reshape(number, d * m, d * m), mixed.reshape(number, d * m, groups, d), unique


def _assembled(loaded: Array, mixed: Array, unique: Array, equal: bool) -> Array:
    """One matrix for each problem."""
    if equal:
        mixed, unique = mixed.sum(axis=-1, keepdims=True), unique.sum(axis=(-1, -2), keepdims=True)
    number, size, groups, s = mixed.shape
    found = np.zeros((number, size + groups * s, size + groups * s))
    found[:, :size, :size] = loaded
    found[:, :size, size:] = mixed.reshape(number, size, groups * s)
    for g in range(groups):
        part = slice(size + g * s, size + (g + 1) * s)
        found[:, part, part] = unique[:, g]
    found[:, size:, :size] = found[:, :size, size:].swapaxes(-1, -2)
    return found


def best_common(mass: Array, covariances: Array, loadings: Array, noise: Array, least: Array) -> BestFactors:
    """The best loadings (d, m) for all G of each problem, and uniquenesses (B, G, s), s = d or 1, of each.

    Given `mass` (B, G), covariances (B, G, d, d), and `loadings` (B, d, m) and `noise` (B, G, s) to begin with, than which it
    ends no lower; no uniqueness is below the `least` (B, G, s).
    Told as of B G problems: loadings (B G, 1, d, m), uniquenesses (B G, s), and `height` (B G,), that of a row of all G.
    """
    number, groups, s = noise.shape
    d, m = loadings.shape[1:]
    problem, unit = _in_units(mass, covariances, s < d)
    bound = np.log(least / unit[:, None, :s] ** 2).reshape(number, -1)
    start = np.concatenate([(loadings / unit[:, :, None]).reshape(number, -1), _logs(noise, unit, bound)], axis=1)
    below = np.concatenate([np.full((number, d * m), -np.inf), bound], axis=1)

    def ahead(which: Integers, before: Place, step: Array) -> Place:
        return _place(problem.some(which), np.maximum(before.at + step, below[which]), m)

    here = lowest(_place(problem, start, m), ahead, below)
    found, logs = _parts(here.at, groups, d, m)
    each = np.repeat(turned(found * unit[:, :, None])[:, None], groups, axis=1)
    return BestFactors(
        each.reshape(number * groups, 1, d, m),
        np.maximum(np.exp(logs) * unit[:, None, :s] ** 2, least).reshape(number * groups, s),
        _heights(here, unit, groups),
    )


def common_height(mass: Array, covariances: Array, loadings: Array, noise: Array) -> Array:
    """What `best_common` has for a height (B G,), with these loadings (B, d, m) and uniquenesses (B, G, s)."""
    problem, unit = _in_units(mass, covariances, noise.shape[2] < loadings.shape[1])
    at = np.concatenate([(loadings / unit[:, :, None]).reshape(len(mass), -1), _logs(noise, unit, -np.inf)], axis=1)
    return _heights(_place(problem, at, loadings.shape[2]), unit, noise.shape[1])


def _in_units(mass: Array, covariances: Array, equal: bool) -> tuple[_Problem, Array]:
    """The problem in columns of like units, and these (B, d)."""
    shares = mass / mass.sum(axis=-1, keepdims=True)
    own = np.einsum("bg,bgjj->bj", shares, covariances)
    own = np.broadcast_to(own.mean(axis=-1, keepdims=True), own.shape) if equal else own
    unit = np.sqrt(np.where(own > 0, own, 1.0))
    return _Problem(shares, covariance_roots(covariances) / unit[:, None, :, None]), unit


def _logs(noise: Array, unit: Array, bound: Array | float) -> Array:
    """Logarithms of uniquenesses (B, G, s) in columns of like units, (B, G s), none below the bound."""
    with np.errstate(divide="ignore"):
        logs = np.log(noise / unit[:, None, : noise.shape[2]] ** 2)
    return np.maximum(logs.reshape(len(noise), -1), bound)


def _heights(here: Place, unit: Array, groups: int) -> Array:
    """The log-likelihood of a row, without -d/2 log 2 pi, for each of the G of each problem."""
    return np.repeat(-here.loss / 2 - np.log(unit).sum(axis=-1), groups)
