"""Loadings that components share, and uniquenesses of each: no formula tells the best loadings, so all are sought together.

Of G covariances S_g, each counting for its share, sought are loadings L (d, m) and uniquenesses with the least sum of shares
times log |C_g| + tr(S_g C_g^-1), C_g = L L' + diag(uniquenesses_g), by a quasi-Newton method along loadings and logarithms of
uniquenesses, which are bounded.
Source: McNicholas & Murphy (2008), Stat. Comput. 18, 285-296, for the forms CUU and CUC; Byrd, Lu, Nocedal & Zhu (1995), SIAM
J. Sci. Comput. 16, 1190-1208, for the method.
"""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.families.gaussian.best_factors import BestFactors, turned

STEPS = 1_000
MEMORY = 30  # steps whose slopes are kept
FLAT = 1e-10  # a slope, per row, that is rounding
WIDEST = 80.0  # of a logarithm above the bound: farther off, numbers overflow
NEAR = 1e-4  # a slope from which Newton's method leads on
POLISHED = 8  # steps of Newton's method at most where only slopes tell
APART = 1e-5  # entries at which slopes are compared for the curvature,
STRAIGHT = 1e-7  # of the greatest of which is none
ROUNDING = 1e-13  # of a loss


class _Problem:
    """The loss of one problem, in columns of like units, and where its unknowns lie in one vector."""

    def __init__(self, mass: Array, covariances: Array, least: Array, m: int) -> None:
        self.shares, self.m = mass[:, 0] / mass.sum(), m
        self.equal = least.shape[1] < covariances.shape[-1]
        own = np.einsum("g,gjj->j", self.shares, covariances[:, 0])
        self.unit = np.sqrt(np.full_like(own, own.mean() or 1.0) if self.equal else np.where(own > 0, own, 1.0))
        self.covariances = covariances[:, 0] / np.outer(self.unit, self.unit)
        self.bound = np.log(least / self.unit[: least.shape[1]] ** 2)

    def packed(self, loadings: Array, noise: Array) -> Array:
        logs = np.log(np.maximum(noise / self.unit[: noise.shape[1]] ** 2, np.exp(self.bound)))
        return np.concatenate([(loadings / self.unit[:, None]).ravel(), logs.ravel()])

    def parts(self, entries: Array) -> tuple[Array, Array]:
        """Loadings (..., d, m) and logarithms of uniquenesses (..., G, s)."""
        size = len(self.unit) * self.m
        shape = entries.shape[:-1]
        return entries[..., :size].reshape(*shape, -1, self.m), entries[..., size:].reshape(*shape, *self.bound.shape)

    def loss(self, entries: Array) -> tuple[float, Array]:
        """Twice that of a row, and its slopes."""
        value, slopes = self.losses(entries[None])
        return float(value[0]), slopes[0]

    def losses(self, entries: Array) -> tuple[Array, Array]:
        """The same at several places (P, size): (P,), infinite where there is none, and (P, size)."""
        loadings, logs = self.parts(entries)
        number, groups, _ = logs.shape
        d = np.arange(len(self.unit))
        noise = np.exp(np.broadcast_to(logs, (number, groups, len(d))))
        fitted = np.repeat((loadings @ loadings.swapaxes(-1, -2))[:, None], groups, axis=1)
        fitted[..., d, d] += noise
        signs, heights = np.linalg.slogdet(fitted)
        lost = (signs <= 0).any(axis=1)
        fitted[lost] = np.eye(len(d))
        inverse = np.linalg.inv(fitted)
        told = inverse @ self.covariances
        along = self.shares[:, None, None] * (inverse - told @ inverse)
        along = (along + along.swapaxes(-1, -2)) / 2
        of_logs = along[..., d, d] * noise
        of_logs = of_logs.sum(axis=-1, keepdims=True) if self.equal else of_logs
        value = (heights + np.einsum("pgjj->pg", told)) @ self.shares
        slopes = [(2 * along.sum(axis=1) @ loadings).reshape(number, -1), of_logs.reshape(number, -1)]
        return np.where(lost, np.inf, value), np.where(lost[:, None], 0.0, np.concatenate(slopes, axis=1))


def best_common(mass: Array, covariances: Array, loadings: Array, noise: Array, least: Array) -> BestFactors:
    """The best loadings (d, m) for all, and uniquenesses (G, s), s = d or 1, of covariances (G, 1, d, d) of `mass` (G, 1).

    It ends no lower than at the `loadings` and `noise` (G, s) that it begins with; no uniqueness is below the `least` (G, s).
    Told as of G problems: loadings (G, 1, d, m), all alike, and `height` (G,), that of a row of any.
    """
    problem = _Problem(mass, covariances, least, loadings.shape[1])
    start = problem.packed(loadings, noise)
    bounds = [(None, None)] * loadings.size + [(low, low + WIDEST) for low in problem.bound.ravel().tolist()]
    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "maxcor": MEMORY, "ftol": 0.0, "gtol": FLAT}
    before, (found, left) = problem.loss(start)[0], _flattest(problem, start)
    if not (left < FLAT and problem.loss(found)[0] <= before):
        run = scipy.optimize.minimize(problem.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        found = _flattest(problem, run.x)[0]
        if problem.loss(found)[0] > run.fun + ROUNDING:
            found = run.x
    best = found if problem.loss(found)[0] <= before else start
    own, logs = problem.parts(best)
    common = np.repeat(turned(own * problem.unit[:, None])[None, None], len(mass), axis=0)
    noise = np.maximum(np.exp(logs) * problem.unit[: logs.shape[1]] ** 2, least)
    return BestFactors(common, noise, np.full(len(mass), -problem.loss(best)[0] / 2))


def _flattest(problem: _Problem, here: Array) -> tuple[Array, float]:
    """Where slopes are least, next to a place near a minimum, and how large they are: a few steps of Newton's method.

    Curvatures are differences of slopes. Along directions without any, as loadings turn, nothing moves; next to a
    saddle, or far off, it goes nowhere, and slopes are told as infinite.
    """
    size = len(here) - problem.bound.size
    low, slopes = problem.bound.ravel(), problem.loss(here)[1]
    inside = np.flatnonzero(np.concatenate([np.ones(size, dtype=bool), (here[size:] > low) | (slopes[size:] < 0)]))
    moves = np.zeros((len(inside), len(here)))
    moves[np.arange(len(inside)), inside] = APART
    slope = slopes[inside]
    own = np.concatenate([np.ones(size), np.exp(np.minimum(here[size:], 0.0))])[inside]  # small ones hardly have slopes of logs
    if (np.abs(slope) > NEAR * own).any():
        return here, np.inf
    for _ in range(POLISHED):
        if np.abs(slope).max(initial=0.0) < FLAT:
            break
        beside = problem.losses(np.concatenate([here + moves, here - moves]))[1][:, inside]
        curvature = (beside[: len(inside)] - beside[len(inside) :]) / (2 * APART)
        values, ways = np.linalg.eigh((curvature + curvature.T) / 2)
        bent = np.abs(values) > STRAIGHT * np.abs(values).max(initial=0.0)
        if (values[bent] < 0).any():  # a saddle is near
            return here, np.inf
        there = here.copy()
        there[inside] -= ways[:, bent] @ ((ways[:, bent].T @ slope) / values[bent])
        there[size:] = np.clip(there[size:], low, low + WIDEST)
        left = problem.loss(there)[1][inside]
        if not np.abs(left).max(initial=0.0) < np.abs(slope).max(initial=0.0):
            break
        here, slope = there, left
    return here, float(np.abs(slope).max(initial=0.0))


def common_height(mass: Array, covariances: Array, loadings: Array, noise: Array) -> Array:
    """What `best_common` has for a height (G,), with these loadings and uniquenesses."""
    problem = _Problem(mass, covariances, noise, loadings.shape[1])
    return np.full(len(mass), -problem.loss(problem.packed(loadings, noise))[0] / 2)
