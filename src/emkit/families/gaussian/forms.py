"""Normal log-densities as linear forms in centred, scaled features, and the way back from feature sums to moments.

Features are taken about one origin shared by all components, in units (powers of 2) near the spread of each column. Digits
would be lost where a component is much tighter than its distance from that origin: its features are taken about its own mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.memo import Memo, once
from emkit.data.chunk import Chunk, as_float64
from emkit.data.profile import rounded_mean
from emkit.families.gaussian.normal import LOG_2_PI, Moments, cholesky, symmetric
from emkit.families.gaussian.tight import OwnMeans, Roads, inverse_triangle
from emkit.families.linear import BaseRows, Columns, LinearForm, Read, no_base, no_constant, single

TIGHTEST = 1e6  # largest ratio of squared distance to variance at which the shared origin keeps ten digits,
ROUGHEST = 1e10  # and six: enough to tell starts apart


@dataclass(frozen=True)
class Frame:
    """The shared origin (d,) and units (d,); the `means` (K, d), and where they lie in the features of each: `centred` (K, d).

    Features of `tight` components (K,) are about their own means.
    """

    origin: Array
    unit: Array
    means: Array
    centred: Array
    tight: Mask

    @staticmethod
    def around(means: Array, variances: Array, alike: bool = False) -> Frame:
        """The frame for components with these `means` and `variances` (K, d), all features about the shared origin.

        `alike`: all columns have one unit.
        """
        origin = means[0] + (means - means[0]).mean(axis=0)
        spread = np.sqrt((variances + (means - origin) ** 2).mean(axis=0))
        unit = 2.0 ** np.round(np.log2(spread))
        unit = np.full_like(unit, unit.max()) if alike else unit
        return Frame(origin, unit, means, (means - origin) / unit, np.zeros(len(means), dtype=bool))

    def apart(self, variances: Array, precisions: Array, furthest: float = TIGHTEST) -> Frame:
        """The frame with components seen from their own means where they reach further: too few digits would survive.

        `variances` and `precisions` (K, d) are in squared units of the frame.
        """
        reach = (variances + self.centred**2).max(axis=1)
        sound = ((precisions > 0) & np.isfinite(precisions)).all(axis=1)  # an inverse may lose all digits
        clear = sound & (reach * precisions.max(axis=1) <= furthest)
        return replace(self, tight=~clear, centred=np.where(clear[:, None], self.centred, 0.0))

    def rows(self, pairs: Integers, factors: Array | None = None) -> BaseRows:
        """The base rows. `factors`: the Cholesky factors of the tight components, unless their columns are independent."""
        shared = Columns(pairs, self.origin, self.unit)
        if not self.tight.any():
            return shared
        return OwnMeans(shared, Roads.of(self.tight, self.means[self.tight], factors))


def _shift(frame: Frame, mass: Array, first: Array) -> Array:
    return (first - mass[:, None] * frame.centred) * frame.unit


@cache
def products(d: int) -> tuple[Integers, Integers, Integers, Integers]:
    """Rows and columns (a, b) of a lower triangle, the places (d, d) in it, and `pairs` for the features 1, z_j, z_a z_b."""
    rows, columns = np.tril_indices(d)
    square = np.empty((d, d), dtype=np.int64)
    square[rows, columns] = square[columns, rows] = np.arange(len(rows))
    return rows, columns, square, np.concatenate([single(1 + d), 1 + np.stack([rows, columns], axis=1)])


def full_form(means: Array, covariances: Array, furthest: float = TIGHTEST) -> LinearForm[Moments]:
    """Features 1, z_j, z_a z_b (b <= a) for a covariance matrix of each component's own."""
    frame = Frame.around(means, np.einsum("kjj->kj", covariances))
    scaled = covariances / np.outer(frame.unit, frame.unit)
    precision = np.linalg.inv(scaled)
    frame = frame.apart(np.einsum("kjj->kj", scaled), np.einsum("kjj->kj", precision), furthest)
    rough = partial(full_form, means, covariances, ROUGHEST) if frame.tight.any() else None
    factors = cholesky(scaled[frame.tight])
    precision[frame.tight] = 0.0  # whitening takes its place
    d = means.shape[1]
    rows, columns, square, pairs = products(d)
    linear = np.einsum("kij,kj->ki", precision, frame.centred)
    log_determinant = np.linalg.slogdet(scaled)[1]
    log_determinant[frame.tight] = 2 * np.log(np.einsum("kjj->kj", factors)).sum(axis=1)  # of what whitens, to the last digit
    log_determinant += 2 * np.log(frame.unit).sum()
    constant = -0.5 * (np.einsum("ki,ki->k", linear, frame.centred) + log_determinant + d * LOG_2_PI)
    quadratic = -np.where(rows == columns, 0.5, 1.0) * precision[:, rows, columns]

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        mass, first = sums[:, 0].copy(), sums[:, 1 : 1 + d]
        about_means = np.take(sums[:, 1 + d :] * (frame.unit[rows] * frame.unit[columns]), square, axis=1)
        away = frame.centred * frame.unit
        cross = away[:, :, None] * (first * frame.unit - mass[:, None] / 2 * away)[:, None, :]
        about_means -= cross
        about_means -= cross.swapaxes(1, 2)
        return Moments(mass, _shift(frame, mass, first), about_means)

    coefficients = np.concatenate([constant[:, None], linear, quadratic], axis=1)
    return LinearForm(coefficients, frame.rows(pairs, factors), no_base, no_constant, statistics, rough)


def diagonal_form(means: Array, variances: Array, furthest: float = TIGHTEST) -> LinearForm[Moments]:
    """Features 1, z_j, z_j^2 for independent columns."""
    frame = Frame.around(means, variances)
    scaled = variances / frame.unit**2
    frame = frame.apart(scaled, 1 / scaled, furthest)
    rough = partial(diagonal_form, means, variances, ROUGHEST) if frame.tight.any() else None
    d = means.shape[1]
    linear = frame.centred / scaled
    constant = -0.5 * ((linear * frame.centred).sum(axis=1) + np.log(variances).sum(axis=1) + d * LOG_2_PI)

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        mass, first, second = sums[:, 0].copy(), sums[:, 1 : 1 + d], sums[:, 1 + d :]
        about_means = second - 2 * frame.centred * first + mass[:, None] * frame.centred**2
        return Moments(mass, _shift(frame, mass, first), about_means * frame.unit**2)

    coefficients = np.concatenate([constant[:, None], linear, -0.5 / scaled], axis=1)
    pairs = np.concatenate([single(1 + d), np.repeat(np.arange(1, 1 + d)[:, None], 2, axis=1)])
    return LinearForm(coefficients, frame.rows(pairs), no_base, no_constant, statistics, rough)


def spherical_form(means: Array, variances: Array, furthest: float = TIGHTEST) -> LinearForm[Moments]:
    """Features 1, z_j, |z|^2 for round components; all columns in one unit."""
    d = means.shape[1]
    frame = Frame.around(means, np.repeat(variances[:, None], d, axis=1), alike=True)
    scaled = variances / frame.unit[0] ** 2
    frame = frame.apart(scaled[:, None], 1 / scaled[:, None], furthest)
    rough = partial(spherical_form, means, variances, ROUGHEST) if frame.tight.any() else None
    linear = frame.centred / scaled[:, None]
    constant = -0.5 * ((linear * frame.centred).sum(axis=1) + d * np.log(variances) + d * LOG_2_PI)

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        mass, first, second = sums[:, 0].copy(), sums[:, 1 : 1 + d], sums[:, 1 + d]
        about_means = second - 2 * (frame.centred * first).sum(axis=1) + mass * (frame.centred**2).sum(axis=1)
        return Moments(mass, _shift(frame, mass, first), about_means * frame.unit[0] ** 2)

    coefficients = np.concatenate([constant[:, None], linear, -0.5 / scaled[:, None]], axis=1)
    return LinearForm(coefficients, frame.rows(single(2 + d)), no_base, no_constant, statistics, rough)


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
    """Features 1, z_j only: x' C^-1 x is the same for all components, and its sum needs only the scatter of the data.

    Where digits would be lost, see `_whitened_form`.
    """
    d = means.shape[1]
    frame = Frame.around(means, np.repeat(np.diag(covariance)[None], len(means), axis=0))
    scaled = covariance / np.outer(frame.unit, frame.unit)
    precision = np.linalg.inv(scaled)
    if frame.apart(np.diag(scaled)[None], np.diag(precision)[None]).tight.any():
        return _whitened_form(frame, covariance)
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
        within = _within(second(chunk), mass, first, frame.centred)
        return Moments(mass, _shift(frame, mass, first), within * np.outer(frame.unit, frame.unit))

    coefficients = np.concatenate([constant[:, None], linear], axis=1)
    return LinearForm(coefficients, frame.rows(single(1 + d)), base_of, constant_of, statistics)


def _whitened_form(frame: Frame, covariance: Array) -> LinearForm[Moments]:
    """`tied_form` in whitened columns y, in which the covariance is 1: features 1, y_j, |y|^2.

    Where digits would be lost even so, since the means lie far apart, the features are those of `full_form`.
    """
    factor = cholesky(covariance / np.outer(frame.unit, frame.unit))
    whiten = inverse_triangle(factor)
    centred = frame.centred @ whiten.T
    number, d = centred.shape
    if (centred**2).max() > TIGHTEST:
        own = full_form(frame.means, np.broadcast_to(covariance, (number, d, d)))
        return replace(own, statistics=lambda sums, chunk: _pooled(own.statistics(sums, chunk)))
    log_determinant = 2 * (np.log(np.diag(factor)) + np.log(frame.unit)).sum()
    constant = -0.5 * ((centred**2).sum(axis=1) + log_determinant + d * LOG_2_PI)

    def whitened(x: Array) -> Array:
        return np.asarray((as_float64(x) - frame.origin) / frame.unit @ whiten.T)

    def statistics(sums: Array, chunk: Chunk) -> Moments:
        mass, first = sums[:, 0].copy(), sums[:, 1 : 1 + d]
        second = np.zeros((d, d))
        for rows, x in chunk.blocks():
            y = whitened(x)
            second += (y * chunk.weights[rows, None]).T @ y
        back = factor * frame.unit[:, None]
        within = _within(second, mass, first, centred)
        return Moments(mass, (first - mass[:, None] * centred) @ back.T, symmetric(back @ within @ back.T))

    coefficients = np.concatenate([constant[:, None], centred, np.full((number, 1), -0.5)], axis=1)
    rows = Read(whitened, Columns(single(2 + d), np.zeros(d), np.ones(d)))
    return LinearForm(coefficients, rows, no_base, no_constant, statistics)


def _within(second: Array, mass: Array, first: Array, centred: Array) -> Array:
    """Sums of squares and products (d, d) about the components' own places, from those about the origin."""
    cross = centred.T @ first
    return np.asarray(second - cross - cross.T + (centred * mass[:, None]).T @ centred)


def _pooled(moments: Moments) -> Moments:
    """Moments whose scatter is one matrix (d, d) for all components."""
    return replace(moments, scatter=moments.scatter.sum(axis=0))
