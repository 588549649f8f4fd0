"""What normal components expect of cells that were not seen, given those that were: a regression for each pattern of gaps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.memo import once
from emkit.data.chunk import as_float64
from emkit.data.gaps import Patterns, patterns_of
from emkit.data.profile import AnyProfile, Profile
from emkit.families.gaussian.columns import positive_units
from emkit.families.gaussian.normal import LOG_2_PI, symmetric

Sums = tuple[Array, Array, Array]  # mass, deviations, and their squares and products
STEPS = 50  # of EM, to find the correlations of all rows: a start, and a scale for the floor
NEAR = 1e-3  # a change of correlations that ends them sooner
RIDGE = 1e-9  # on correlations, that columns which depend on each other can be inverted


class Regressions(NamedTuple):
    """For P patterns and K components: `precision` (P, K, d, d) of the cells seen, 0 elsewhere; `log_determinant` (P, K).

    `onto` (P, K, d, d) takes the deviations of the cells seen (0 elsewhere) to those expected of all cells; `rest` is what is
    left of the covariance of those not seen.
    """

    precision: Array
    log_determinant: Array
    onto: Array
    rest: Array


def regressions(covariances: Array, seen: Mask) -> Regressions:
    """Of covariances (K, d, d), for patterns of the cells `seen` (P, d). Errors: LinAlgError if one is singular."""
    unit = np.sqrt(np.einsum("kjj->kj", covariances))  # columns of unlike units would cost digits
    correlations = covariances / (unit[:, :, None] * unit[:, None, :])
    both = (seen[:, :, None] & seen[:, None, :])[:, None]
    inside = np.where(both, correlations, np.eye(seen.shape[1]))
    precision = np.where(both, symmetric(np.linalg.inv(inside)), 0.0)
    log_determinant = np.linalg.slogdet(inside)[1] + 2 * np.where(seen[:, None], np.log(unit), 0.0).sum(axis=2)
    onto = np.where(seen[:, None, :, None], np.eye(seen.shape[1]), correlations @ precision)
    gone = (~seen[:, :, None] & ~seen[:, None, :])[:, None]
    rest = np.where(gone, symmetric(correlations - onto @ correlations), 0.0)
    ratio = unit[:, :, None] / unit[:, None, :]
    squares = unit[:, :, None] * unit[:, None, :]
    return Regressions(precision / squares, log_determinant, onto * ratio, rest * squares)


def deviations_by_pattern(x: Array, means: Array, patterns: Patterns) -> Any:
    """For each pattern its rows, and the deviations (K, d, m) of their cells from the means (K, d), 0 for those not seen."""
    for p, seen in enumerate(patterns.seen):
        rows = patterns.order[patterns.bounds[p] : patterns.bounds[p + 1]]
        away = x[rows].T - means[:, :, None]
        away[:, ~seen] = 0.0
        yield p, rows, away


def log_density(means: Array, x: Array, patterns: Patterns, found: Regressions) -> Array:
    """Log p(the cells seen | component k), shape (n, K)."""
    density = np.empty((len(x), len(means)))
    constant = found.log_determinant + patterns.seen.sum(axis=1)[:, None] * LOG_2_PI
    for p, rows, away in deviations_by_pattern(x, means, patterns):
        density[rows] = -0.5 * (np.einsum("kjm,kjm->km", away, found.precision[p] @ away) + constant[p][:, None]).T
    return density


def sums_by_pattern(means: Array, x: Array, weights: Array, patterns: Patterns) -> Sums:
    """Mass (P, K), deviations (P, K, d) and their squares and products (P, K, d, d) over the cells seen."""
    number, (k, d) = len(patterns.seen), means.shape
    mass, shift, scatter = np.empty((number, k)), np.empty((number, k, d)), np.empty((number, k, d, d))
    for p, rows, away in deviations_by_pattern(x, means, patterns):
        weighted = away * weights[rows].T[:, None, :]
        mass[p], shift[p] = weights[rows].sum(axis=0), weighted.sum(axis=2)
        scatter[p] = weighted @ away.swapaxes(1, 2)
    return mass, shift, scatter


def completed(mass: Array, shift: Array, scatter: Array, found: Regressions) -> Sums:
    """Expected mass (K,), deviations (K, d), squares and products (K, d, d), of sums over the cells seen of each pattern."""
    expected = (found.onto @ scatter @ found.onto.swapaxes(2, 3) + mass[:, :, None, None] * found.rest).sum(axis=0)
    moved = np.einsum("pkij,pkj->ki", found.onto, shift)
    return mass.sum(axis=0), moved, symmetric(expected)


class ProfileAmongGaps(Profile[Any]):
    """A profile whose covariance is that of the cells that there are: variances of each column, correlations by likelihood."""

    def __init__(self, profile: AnyProfile) -> None:
        super().__init__(profile.source)
        self._given = profile

    @property
    def mean(self) -> Array:
        return self._given.mean

    @property
    def variance(self) -> Array:
        return self._given.variance

    @property
    def covariance(self) -> Array:
        return _covariance(self._given)


@once
def among_gaps(profile: AnyProfile) -> ProfileAmongGaps:
    """The same profile, with a covariance that gaps do not hide."""
    return ProfileAmongGaps(profile)


@once
def _covariance(profile: AnyProfile) -> Array:
    """By some EM steps for one normal distribution over a sample of the rows, in standard units."""
    mean, variance = profile.mean, profile.variance
    unit = np.sqrt(positive_units(variance, mean))
    some = profile.sample
    x, weights = (as_float64(some.x) - mean) / unit, some.weights[:, None]
    patterns = patterns_of(x)
    centre, covariance = np.zeros((1, len(mean))), np.eye(len(mean))[None]
    for _ in range(STEPS):
        found = regressions(covariance + RIDGE * np.eye(len(mean)), patterns.seen)
        total, shift, scatter = completed(*sums_by_pattern(centre, x, weights, patterns), found)
        move = shift / total[:, None]
        before, centre = covariance, centre + move
        covariance = scatter / total[:, None, None] - move[:, :, None] * move[:, None, :]
        if np.abs(covariance - before).max() < NEAR:
            break
    own = np.sqrt(np.diag(covariance[0]) + RIDGE)
    scale = np.sqrt(variance) / own
    joint = covariance[0] * np.outer(scale, scale)
    np.fill_diagonal(joint, variance)
    return joint
