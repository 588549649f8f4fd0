"""The E-step of factor analysis: what rows tell of their factors, and of the columns given these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.statistics import Additive
from emkit.data.gaps import Patterns, patterns_of
from emkit.errors import DegenerateFitError

LOG_2_PI = float(np.log(2 * np.pi))
SINGULAR = 1e-12  # of the variance of a column left, given those before it, below which a covariance has no inverse
NARROW = 1e-8  # uniqueness, as a share of the variance of its column, below which digits are lost where it is divided by
NO_INVERSE = (
    "the covariance of the columns has no inverse any more, so the likelihood has no maximum: so many factors reproduce some "
    "columns without error. Use fewer factors, or leave out columns that others determine."
)


@dataclass(frozen=True)
class FactorSums(Additive):
    """Sums over rows, about the means of the E-step; f = (1, factors), of m + 1 numbers.

    `mass` (d,): the weight of the rows that have each column; `squares` (d,), `cross` (d, m + 1), `gram` (d, m + 1, m + 1): of
    these rows, sum w x_j^2, sum w x_j E f and sum w E f f'. `total` (m + 1, m + 1): sum w E f f' of all rows.
    `slopes` (d, m + 1): those of the log-likelihood along means and loadings, at the parameters of the E-step.
    """

    mass: Array
    squares: Array
    cross: Array
    gram: Array
    total: Array
    slopes: Array


@dataclass(frozen=True)
class Told:
    """What n rows of d columns tell of their m factors, in P patterns of cells that are there (`seen`, (P, d)).

    `scores` (n, m): expected factors; `spreads` (P, m, m): their covariance, the same for all rows of a pattern, which is
    `which` (n,). `deviations` (n, d) from the means, and `rest` (n, d), these times the inverse of the covariance; 0 in gaps.
    `reach` (P, d, m): the loadings times that inverse. `log_density` (n,): that of each row.
    """

    seen: Mask
    which: Integers
    scores: Array
    spreads: Array
    deviations: Array
    rest: Array
    reach: Array
    log_density: Array


def told(means: Array, loadings: Array, uniquenesses: Array, x: Array) -> Told:
    """What rows tell; of one without any cell, nothing. Errors: DegenerateFitError if the covariance has no inverse."""
    patterns = patterns_of(x)
    which = np.empty(len(x), dtype=np.int64)
    which[patterns.order] = np.repeat(np.arange(len(patterns.seen)), np.diff(patterns.bounds))
    deviations = np.where(patterns.seen[which], x - means, 0.0)
    variances = (loadings**2).sum(axis=1) + uniquenesses
    if (uniquenesses > NARROW * variances).all():
        return _by_precision(patterns.seen, which, deviations, loadings, uniquenesses)
    return _by_covariance(patterns, which, deviations, loadings, uniquenesses)


def _by_precision(seen: Mask, which: Integers, deviations: Array, loadings: Array, uniquenesses: Array) -> Told:
    """By matrices (m, m) for each pattern, where each column has something of its own.

    Source: Woodbury's identity; squares are sums of squares of what is left of cells and of factors, so nothing cancels.
    """
    m = loadings.shape[1]
    weights = loadings / uniquenesses[:, None]
    outer = (weights[:, :, None] * loadings[:, None, :]).reshape(len(loadings), m * m)
    precision = np.eye(m) + (seen @ outer).reshape(len(seen), m, m)
    spreads = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    scores = np.einsum("nab,nb->na", spreads[which], deviations @ weights)
    left = np.where(seen[which], deviations - scores @ loadings.T, 0.0)
    rest = left / uniquenesses
    logs = np.linalg.slogdet(precision)[1] + seen @ (LOG_2_PI + np.log(uniquenesses))
    squares = (left * rest).sum(axis=1) + (scores**2).sum(axis=1)
    reach: Array = seen[:, :, None] * (weights @ spreads)
    return Told(seen, which, scores, spreads, deviations, rest, reach, -0.5 * (logs[which] + squares))


def _by_covariance(patterns: Patterns, which: Integers, deviations: Array, loadings: Array, uniquenesses: Array) -> Told:
    """By matrices of the columns that are there, one pattern after the other: also where a column is known from its factors."""
    (d, m), number = loadings.shape, len(patterns.seen)
    scores, rest = np.zeros((len(deviations), m)), np.zeros_like(deviations)
    spreads, reach = np.tile(np.eye(m), (number, 1, 1)), np.zeros((number, d, m))
    log_density = np.zeros(len(deviations))
    for p, seen in enumerate(patterns.seen):
        if not seen.any():
            continue
        rows, columns = patterns.order[patterns.bounds[p] : patterns.bounds[p + 1]], np.flatnonzero(seen)
        own = loadings[columns]
        root = _root(own @ own.T + np.diag(uniquenesses[columns]))
        half = scipy.linalg.solve_triangular(root, np.hstack([own, deviations[np.ix_(rows, columns)].T]), lower=True)
        whole = scipy.linalg.solve_triangular(root, half, lower=True, trans="T")
        scores[rows], spreads[p] = half[:, m:].T @ half[:, :m], np.eye(m) - half[:, :m].T @ half[:, :m]
        rest[np.ix_(rows, columns)], reach[p, columns] = whole[:, m:].T, whole[:, :m]
        logs = len(columns) * LOG_2_PI + 2 * np.log(np.diag(root)).sum()
        log_density[rows] = -0.5 * (logs + (half[:, m:] ** 2).sum(axis=0))
    return Told(patterns.seen, which, scores, spreads, deviations, rest, reach, log_density)


def _root(covariance: Array) -> Array:
    try:
        root = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise DegenerateFitError(NO_INVERSE) from None
    if (np.diag(root) ** 2 <= SINGULAR * np.diag(covariance)).any():
        raise DegenerateFitError(NO_INVERSE)
    return root


def sums_of(one: Told, weights: Array) -> FactorSums:
    """The sums of rows with `weights` (n,)."""
    n, m = one.scores.shape
    factors = np.column_stack([np.ones(n), one.scores])
    weighted = one.seen[one.which] * weights[:, None]
    of_patterns = np.zeros((len(one.seen), m + 1, m + 1))
    of_patterns[:, 1:, 1:] = one.spreads
    mass = np.bincount(one.which, weights, minlength=len(one.seen))  # of each pattern
    squares = (factors[:, :, None] * factors[:, None, :]).reshape(n, (m + 1) ** 2)
    spread = of_patterns.reshape(len(of_patterns), (m + 1) ** 2)
    gram = weighted.T @ squares + (one.seen * mass[:, None]).T @ spread
    total = weights @ squares + mass @ spread
    slopes = (one.rest * weights[:, None]).T @ factors
    slopes[:, 1:] -= np.tensordot(mass, one.reach, axes=1)
    return FactorSums(
        weighted.sum(axis=0),
        (weighted * one.deviations**2).sum(axis=0),
        (weighted * one.deviations).T @ factors,
        gram.reshape(-1, m + 1, m + 1),
        total.reshape(m + 1, m + 1),
        slopes,
    )


def left_about(stats: FactorSums, lines: Array) -> Array:
    """Expected sums of squares (d,) about lines (d, m + 1)."""
    fitted = np.einsum("jab,jb->ja", stats.gram, lines)
    return np.asarray(stats.squares + np.einsum("ja,ja->j", lines, fitted - 2 * stats.cross))
