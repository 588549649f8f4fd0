"""The loadings and uniquenesses that explain covariances best: maximum likelihood, by Newton's method.

Given uniquenesses, the best loadings are known: with the eigenvalues and -vectors of the covariance in which every column is
divided by the root of its uniqueness, they are those of the largest, less the 1 that errors have. So only the uniquenesses are
sought, by their logarithms, along which slopes and curvature of what is left are sums over eigenvectors.
Source: Joreskog (1967), Psychometrika 32, 443-482; Lawley & Maxwell (1971), Factor Analysis as a Statistical Method, chapter 4.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.errors import EmkitWarning

STEPS = 200  # of Newton: from a uniqueness that is all of a variance to one that is nothing, some 60
FLAT = 1e-12  # a slope, per row, that is rounding
FAR = 2.0  # at most so far at once, in a logarithm
HALVED = 40  # times, before a step that does not climb is given up
BENT = 1e-8  # of the largest curvature: less is taken for so much
ROUNDING = 1e-15  # of a loss
APART = 1e-12  # of an eigenvalue: nearer ones are taken to be so far apart
NEXT_TO_NONE = 1e-6  # of the variance of a column: where so little is left, none may be as likely
APART_ENOUGH = 1e-6  # a singular value of loadings of unit length below which columns are functions of each other
LEAST_SHARED = 0.05  # of the variance of a column's own that each factor of a start has: one without any stays so for ever
LEAST_UNIQUE, MOST_UNIQUE = 0.05, 0.95  # shares of the variance of a column that a start leaves to itself


class BestFactors(NamedTuple):
    """Loadings (G, d, m), 0 above the diagonal, and the uniquenesses (d,), or (1,), of all.

    `height`: the log-likelihood of a row, without -d/2 log 2 pi.
    """

    loadings: Array
    uniquenesses: Array
    height: float


@dataclass(frozen=True, eq=False)
class _Place:
    """What is known at logarithms `logs` (s,) of the uniquenesses, s = d, or s = 1 for all columns.

    Twice the `loss` of a row, its `slopes` (s,) and `curvature` (s, s), and the best `loadings` (G, d, m). `rounding`: a
    difference of losses that may be none.
    """

    logs: Array
    loss: float
    rounding: float
    slopes: Array
    curvature: Array
    loadings: Array

    @classmethod
    def at(cls, shares: Array, roots: Array, logs: Array, m: int) -> _Place:
        """Of covariances root root' (G, d, d), of which each counts for its share (G,) of all rows.

        Where a uniqueness is next to nothing, singular values of the root keep twice as many digits as eigenvalues.
        """
        d = roots.shape[1]
        unit, longest = np.exp(np.broadcast_to(logs, d) / 2), 0.0
        loss, slopes, curvature = 2 * float(np.log(unit).sum()), np.zeros(d), np.zeros((d, d))
        loadings = np.zeros((len(shares), d, m))
        for g, share in enumerate(shares):
            vectors, lengths, _ = np.linalg.svd(roots[g] / unit[:, None])
            values, longest = lengths**2, max(longest, float(lengths[0]))
            top = (np.arange(d) < m) & (values > 1)
            kept, rest, own, left = values[top], values[~top], vectors[:, top], vectors[:, ~top]
            loss += share * float((np.log(kept) + 1).sum() + rest.sum())
            slopes += share * (left**2 @ (1 - rest))
            across = (1 - rest) * (kept[:, None] + rest) / np.maximum(kept[:, None] - rest, APART * kept[:, None])
            bent = ((left * rest) @ left.T) * (left @ left.T)
            for p, one in enumerate(own.T):
                bent += np.outer(one, one) * ((left * across[p]) @ left.T)
            curvature += share * bent
            loadings[g, :, : len(kept)] = (unit[:, None] * own) * np.sqrt(kept - 1)
        if len(logs) < d:
            slopes, curvature = slopes.sum(keepdims=True), curvature.sum(keepdims=True)
        return cls(logs, loss, ROUNDING * (1 + abs(loss) + d * longest), slopes, curvature, loadings)

    def held(self, bound: Array) -> Mask:
        """Which of the logarithms (s,) a bound holds, that would fall on."""
        return (self.logs <= bound) & (self.slopes > 0)

    def steepest(self, bound: Array) -> float:
        """The largest slope of those that no bound holds."""
        return float(np.abs(self.slopes[~self.held(bound)]).max(initial=0.0))

    def step(self, bound: Array) -> Array:
        """Newton's step downhill (s,): along directions that are bent the other way, as if they were not."""
        free, step = ~self.held(bound), np.zeros(len(self.logs))
        values, vectors = np.linalg.eigh(self.curvature[np.ix_(free, free)])
        size = np.maximum(np.abs(values), BENT * np.abs(values).max(initial=0.0))
        step[free] = -vectors @ ((vectors.T @ self.slopes[free]) / np.where(size > 0, size, 1.0))
        return np.asarray(step / max(1.0, np.abs(step).max() / FAR))


def best_factors(mass: Array, covariances: Array, start: Array, least: Array, m: int) -> BestFactors:
    """The best loadings of each of the covariances (G, d, d) of `mass` (G,), and the uniquenesses that these share.

    `start`: uniquenesses (d,), or one for all columns (1,), from which it climbs, so that it ends no lower; none is below the
    `least`, of the same shape.
    """
    shares, bound, roots = mass / mass.sum(), np.log(least), _roots(covariances)
    here = _Place.at(shares, roots, np.log(np.maximum(start, least)), m)
    for _ in range(STEPS):
        after = _further(here, shares, roots, bound, m) if here.steepest(bound) > FLAT else None
        if after is None:
            break
        here = after
    variances = np.maximum(np.einsum("g,gjj->j", shares, covariances), np.finfo(float).tiny)
    here = _at_bound(here, shares, roots, bound, np.log(NEXT_TO_NONE * (variances if len(least) > 1 else variances.mean())), m)
    return BestFactors(turned(here.loadings), np.maximum(np.exp(here.logs), least), -here.loss / 2)


def height(mass: Array, covariances: Array, uniquenesses: Array, m: int) -> float:
    """What `BestFactors` has for a height, with the best loadings for these uniquenesses."""
    return -_Place.at(mass / mass.sum(), _roots(covariances), np.log(uniquenesses), m).loss / 2


def with_none(found: BestFactors, least: Array) -> Array:
    """The uniquenesses `found`, exactly 0 for columns that the bound `least`, next to nothing, holds (Heywood cases).

    If their loadings are functions of each other, the likelihood has no maximum, and they stay where they are.
    """
    none, m = found.uniquenesses <= least, found.loadings.shape[2]
    if len(least) == 1 or not 0 < none.sum() <= m:
        return found.uniquenesses
    rows = found.loadings[:, none]
    lengths = np.sqrt((rows**2).sum(axis=2, keepdims=True))
    if (lengths == 0).any() or np.linalg.svd(rows / lengths, compute_uv=False)[:, -1].min() < APART_ENOUGH:
        return found.uniquenesses
    return np.where(none, 0.0, found.uniquenesses)


def _at_bound(here: _Place, shares: Array, roots: Array, bound: Array, negligible: Array, m: int) -> _Place:
    """The same with uniquenesses that are `negligible` at their bound, where that is as likely: steps there never arrive."""
    for j in np.flatnonzero((here.logs < negligible) & (here.logs > bound)):
        there = _Place.at(shares, roots, np.where(np.arange(len(bound)) == j, bound, here.logs), m)
        if there.loss <= here.loss + max(here.rounding, there.rounding):
            here = there
    return here


def _roots(covariances: Array) -> Array:
    """Matrices (G, d, d) whose products with themselves, turned over, are the covariances: of columns in like units."""
    unit = np.sqrt(np.maximum(np.einsum("gjj->gj", covariances), 0.0))
    unit = np.where(unit > 0, unit, 1.0)
    values, vectors = np.linalg.eigh(covariances / (unit[:, :, None] * unit[:, None, :]))
    return np.asarray(unit[:, :, None] * vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])


def _further(here: _Place, shares: Array, roots: Array, bound: Array, m: int) -> _Place | None:
    """A place along Newton's step with less loss, or as little and flatter; None if there is none."""
    step = here.step(bound)
    for _ in range(HALVED):
        there = _Place.at(shares, roots, np.maximum(here.logs + step, bound), m)
        gained, rounding = here.loss - there.loss, max(here.rounding, there.rounding)
        if gained > rounding or (gained >= -rounding and there.steepest(bound) < here.steepest(bound) / 2):
            return there
        if -float(here.slopes @ step) <= rounding:  # nor is there more to gain any nearer
            return None
        step = step / 2
    return None


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


def free_parameters(d: int, m: int, equal: bool) -> int:
    """Free parameters of a covariance of d columns by m factors."""
    return d * m - m * (m - 1) // 2 + (1 if equal else d)


def warn_of_too_many(d: int, m: int, equal: bool) -> None:
    """Warn of `m` factors with more free parameters than `d` columns have variances and covariances."""
    most = max((k for k in range(m) if free_parameters(d, k, equal) <= d * (d + 1) // 2), default=0)
    who = f"{m} factor{'s' * (m != 1)} of {d} column{'s' * (d != 1)}"
    warn_of_unknowns(who, free_parameters(d, m, equal), d, f"Use at most {most}.")


def warn_of_unknowns(who: str, free: int, d: int, advice: str) -> None:
    """Warn if `free` parameters are more than the variances and covariances that tell them, of `d` columns."""
    told = d * (d + 1) // 2
    if free > told:
        warnings.warn(
            f"{who} have {free} free parameters, but there are {told} variances and covariances to tell them: their "
            f"covariance fits, but loadings and uniquenesses may be others as well. {advice}",
            EmkitWarning,
            stacklevel=4,
        )
