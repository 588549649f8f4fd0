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
POLISHED = 3  # steps of Newton's method at most where only slopes tell
APART = 1e-5  # entries at which slopes are compared for the curvature
EXACT, MOST = 1e-8, 200  # of the equations for such a step: their residual, and how often the curvature is asked for


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
        """Loadings (d, m) and logarithms of uniquenesses (G, s)."""
        size = len(self.unit) * self.m
        return entries[:size].reshape(-1, self.m), entries[size:].reshape(self.bound.shape)

    def loss(self, entries: Array) -> tuple[float, Array]:
        """Twice that of a row, and its slopes."""
        loadings, logs = self.parts(entries)
        noise, d = np.exp(np.broadcast_to(logs, (len(logs), len(self.unit)))), np.arange(len(self.unit))
        fitted = np.repeat((loadings @ loadings.T)[None], len(logs), axis=0)
        fitted[:, d, d] += noise
        signs, heights = np.linalg.slogdet(fitted)
        if (signs <= 0).any():
            return np.inf, np.zeros_like(entries)
        inverse = np.linalg.inv(fitted)
        told = inverse @ self.covariances
        along = self.shares[:, None, None] * (inverse - told @ inverse)
        along = (along + along.swapaxes(-1, -2)) / 2
        of_logs = along[:, d, d] * noise
        of_logs = of_logs.sum(axis=1, keepdims=True) if self.equal else of_logs
        value = float(self.shares @ (heights + np.einsum("gjj->g", told)))
        return value, np.concatenate([(2 * along.sum(axis=0) @ loadings).ravel(), of_logs.ravel()])


def best_common(mass: Array, covariances: Array, loadings: Array, noise: Array, least: Array) -> BestFactors:
    """The best loadings (d, m) for all, and uniquenesses (G, s), s = d or 1, of covariances (G, 1, d, d) of `mass` (G, 1).

    It ends no lower than at the `loadings` and `noise` (G, s) that it begins with; no uniqueness is below the `least` (G, s).
    Told as of G problems: loadings (G, 1, d, m), all alike, and `height` (G,), that of a row of any.
    """
    problem = _Problem(mass, covariances, least, loadings.shape[1])
    start = problem.packed(loadings, noise)
    bounds = [(None, None)] * loadings.size + [(low, low + WIDEST) for low in problem.bound.ravel().tolist()]
    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "maxcor": MEMORY, "ftol": 0.0, "gtol": FLAT}
    run = scipy.optimize.minimize(problem.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    found = _flattest(problem, run.x)
    best = found if problem.loss(found)[0] <= problem.loss(start)[0] else start
    own, logs = problem.parts(best)
    common = np.repeat(turned(own * problem.unit[:, None])[None, None], len(mass), axis=0)
    noise = np.maximum(np.exp(logs) * problem.unit[: logs.shape[1]] ** 2, least)
    return BestFactors(common, noise, np.full(len(mass), -problem.loss(best)[0] / 2))


def _flattest(problem: _Problem, here: Array) -> Array:
    """Where slopes are least, next to a place at which losses do not tell any more: a few steps of Newton's method.

    Curvature times a direction is a difference of slopes, so none of it is written out.
    """
    size = len(here) - problem.bound.size
    inside = np.flatnonzero(np.concatenate([np.ones(size, dtype=bool), here[size:] > problem.bound.ravel()]))

    def slope_at(entries: Array) -> Array:
        return problem.loss(entries)[1][inside]

    slope = slope_at(here)
    for _ in range(POLISHED):

        def bent(way: Array, here: Array = here) -> Array:
            move = np.zeros_like(here)
            length = max(float(np.abs(way).max(initial=0.0)), np.finfo(float).tiny)
            move[inside] = APART * way / length
            return np.asarray((slope_at(here + move) - slope_at(here - move)) * (length / (2 * APART)))

        curvature = scipy.sparse.linalg.LinearOperator((len(inside), len(inside)), matvec=bent, dtype=np.float64)
        step = scipy.sparse.linalg.minres(curvature, slope, rtol=EXACT, maxiter=MOST)[0]
        there = here.copy()
        there[inside] -= step
        there[size:] = np.maximum(there[size:], problem.bound.ravel())
        left = slope_at(there)
        if not np.abs(left).max(initial=0.0) < np.abs(slope).max(initial=0.0):
            break
        here, slope = there, left
    return here


def common_height(mass: Array, covariances: Array, loadings: Array, noise: Array) -> Array:
    """What `best_common` has for a height (G,), with these loadings and uniquenesses."""
    problem = _Problem(mass, covariances, noise, loadings.shape[1])
    return np.full(len(mass), -problem.loss(problem.packed(loadings, noise))[0] / 2)
