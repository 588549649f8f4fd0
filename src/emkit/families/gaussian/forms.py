"""Normal log-densities as linear forms in centred, scaled features, and the way back from feature sums to moments.

Features are taken about one origin shared by all components, in units (powers of 2) near the spread of each column. Digits
are lost when a component is much tighter than its distance from that origin; `Frame.reach` says how many.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import Memo, once
from emkit.data.chunk import Chunk, as_float64
from emkit.data.profile import rounded_mean
from emkit.families.gaussian.normal import LOG_2_PI, Moments
from emkit.families.linear import Columns, LinearForm, no_base, no_constant, single


@dataclass(frozen=True)
class Frame:
    """The shared origin (d,) and units (d,), and the means (K, d) seen from there."""

    origin: Array
    unit: Array
    centred: Array

    @staticmethod
    def around(means: Array, variances: Array) -> Frame:
        """The frame for components with these `means` and `variances` (K, d)."""
        origin = means[0] + (means - means[0]).mean(axis=0)
        spread = np.sqrt((variances + (means - origin) ** 2).mean(axis=0))
        unit = 2.0 ** np.round(np.log2(spread))
        return Frame(origin, unit, (means - origin) / unit)

    def reach(self, variances: Array, precisions: Array) -> float:
        """See `LinearForm`: `variances` and `precisions` (K, d) are in squared units of the frame."""
        if not np.isfinite(precisions).all():
            return np.inf
        return float(((variances + self.centred**2).max(axis=1) * precisions.max(axis=1)).max())

    def rows(self, pairs: Integers) -> Columns:
        """The base rows: the columns as the frame sees them."""
        return Columns(pairs, self.origin, self.unit)


def _shift(frame: Frame, mass: Array, first: Array) -> Array:
    return (first - mass[:, None] * frame.centred) * frame.unit


@cache
def _products(d: int) -> tuple[Integers, Integers, Integers]:
    """The rows and columns (a, b) of a lower triangle, and `pairs` for the features 1, z_j, z_a z_b."""
    rows, columns = np.tril_indices(d)
    return rows, columns, np.concatenate([single(1 + d), 1 + np.stack([rows, columns], axis=1)])


def full_form(means: Array, covariances: Array) -> LinearForm[Moments]:
    """Features 1, z_j, z_a z_b (b <= a) for a covariance matrix of each component's own."""
    frame = Frame.around(means, np.einsum("kjj->kj", covariances))
    scaled = covariances / np.outer(frame.unit, frame.unit)
    precision = np.linalg.inv(scaled)
    reach = frame.reach(np.einsum("kjj->kj", scaled), np.einsum("kjj->kj", precision))
    d = means.shape[1]
    rows, columns, pairs = _products(d)
    linear = np.einsum("kij,kj->ki", precision, frame.centred)
    log_determinant = np.linalg.slogdet(scaled)[1] + 2 * np.log(frame.unit).sum()
    constant = -0.5 * (np.einsum("ki,ki->k", linear, frame.centred) + log_determinant + d * LOG_2_PI)
    quadratic = -np.where(rows == columns, 0.5, 1.0) * precision[:, rows, columns]

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        mass, first = sums[:, 0].copy(), sums[:, 1 : 1 + d]
        second = np.empty((len(sums), d, d))
        second[:, rows, columns] = second[:, columns, rows] = sums[:, 1 + d :]
        cross = frame.centred[:, :, None] * first[:, None, :]
        about_means = second - cross - cross.swapaxes(1, 2)
        about_means += mass[:, None, None] * frame.centred[:, :, None] * frame.centred[:, None, :]
        return Moments(mass, _shift(frame, mass, first), about_means * np.outer(frame.unit, frame.unit))

    coefficients = np.concatenate([constant[:, None], linear, quadratic], axis=1)
    return LinearForm(coefficients, frame.rows(pairs), no_base, no_constant, statistics, reach)


def diagonal_form(means: Array, variances: Array) -> LinearForm[Moments]:
    """Features 1, z_j, z_j^2 for independent columns."""
    frame = Frame.around(means, variances)
    scaled = variances / frame.unit**2
    reach = frame.reach(scaled, 1 / scaled)
    d = means.shape[1]
    linear = frame.centred / scaled
    constant = -0.5 * ((linear * frame.centred).sum(axis=1) + np.log(variances).sum(axis=1) + d * LOG_2_PI)

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        mass, first, second = sums[:, 0].copy(), sums[:, 1 : 1 + d], sums[:, 1 + d :]
        about_means = second - 2 * frame.centred * first + mass[:, None] * frame.centred**2
        return Moments(mass, _shift(frame, mass, first), about_means * frame.unit**2)

    coefficients = np.concatenate([constant[:, None], linear, -0.5 / scaled], axis=1)
    pairs = np.concatenate([single(1 + d), np.repeat(np.arange(1, 1 + d)[:, None], 2, axis=1)])
    return LinearForm(coefficients, frame.rows(pairs), no_base, no_constant, statistics, reach)


def spherical_form(means: Array, variances: Array) -> LinearForm[Moments]:
    """Features 1, z_j, |z|^2 for round components; all columns in one unit."""
    d = means.shape[1]
    each = np.repeat(variances[:, None], d, axis=1)
    own = Frame.around(means, each)
    unit = np.full(d, own.unit.max())
    frame = Frame(own.origin, unit, (means - own.origin) / unit)
    scaled = variances / unit[0] ** 2
    reach = frame.reach(scaled[:, None], 1 / scaled[:, None])
    linear = frame.centred / scaled[:, None]
    constant = -0.5 * ((linear * frame.centred).sum(axis=1) + d * np.log(variances) + d * LOG_2_PI)

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        mass, first, second = sums[:, 0].copy(), sums[:, 1 : 1 + d], sums[:, 1 + d]
        about_means = second - 2 * (frame.centred * first).sum(axis=1) + mass * (frame.centred**2).sum(axis=1)
        return Moments(mass, _shift(frame, mass, first), about_means * unit[0] ** 2)

    coefficients = np.concatenate([constant[:, None], linear, -0.5 / scaled[:, None]], axis=1)
    return LinearForm(coefficients, frame.rows(single(2 + d)), no_base, no_constant, statistics, reach)


@once
def _about_own_centre(chunk: Chunk) -> tuple[float, Array, Array, Array]:
    """Weight, a rounded mean (d,), and the first (d,) and second (d, d) sums about it."""
    x, weights = as_float64(chunk.x), chunk.weights
    centre = rounded_mean(x, weights)
    deviation = x - centre
    return float(weights.sum()), centre, weights @ deviation, (deviation * weights[:, None]).T @ deviation


def second_moment(chunk: Chunk, frame: Frame) -> Array:
    """sum_i w_i z_i z_i' (d, d) of the rows as the frame sees them.

    From sums about the chunk's own centre; the centre is a rounded mean, so its first sum stays.
    """
    total, centre, first, second = _about_own_centre(chunk)
    offset = (centre - frame.origin) / frame.unit
    cross = np.outer(first / frame.unit, offset)
    return np.asarray(second / np.outer(frame.unit, frame.unit) + cross + cross.T + total * np.outer(offset, offset))


def tied_form(means: Array, covariance: Array) -> LinearForm[Moments]:
    """Features 1, z_j only: x' C^-1 x is the same for all components, and its sum needs only the scatter of the data."""
    d = means.shape[1]
    frame = Frame.around(means, np.repeat(np.diag(covariance)[None], len(means), axis=0))
    scaled = covariance / np.outer(frame.unit, frame.unit)
    precision = np.linalg.inv(scaled)
    reach = frame.reach(np.diag(scaled)[None], np.diag(precision)[None])
    linear = frame.centred @ precision
    log_determinant = np.linalg.slogdet(scaled)[1] + 2 * np.log(frame.unit).sum()
    constant = -0.5 * ((linear * frame.centred).sum(axis=1) + log_determinant + d * LOG_2_PI)

    second = Memo(lambda chunk: second_moment(chunk, frame))  # asked for twice

    def base_of(x: Array) -> Array:
        z = (as_float64(x) - frame.origin) / frame.unit
        return np.asarray(-0.5 * ((z @ precision) * z).sum(axis=1))

    def constant_of(chunk: Chunk) -> float:
        return -0.5 * float((precision * second(chunk)).sum())

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        mass, first = sums[:, 0].copy(), sums[:, 1:]
        cross = frame.centred.T @ first
        within = second(chunk) - cross - cross.T + (frame.centred * mass[:, None]).T @ frame.centred
        return Moments(mass, _shift(frame, mass, first), within * np.outer(frame.unit, frame.unit))

    coefficients = np.concatenate([constant[:, None], linear], axis=1)
    return LinearForm(coefficients, frame.rows(single(1 + d)), base_of, constant_of, statistics, reach)
