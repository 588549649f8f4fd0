"""What the columns of the data allow: their pooled moments, and the directions in which they do not vary.

A direction without variance has no maximum-likelihood value in any covariance. That is no fault of a component: it is said
once, by the names of the columns.
"""

from __future__ import annotations

import warnings

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.memo import once
from emkit.data.source import ArraySource, as_float64
from emkit.errors import DataError, DegenerateDataWarning

EPSILON = float(np.finfo(np.float64).eps)
SMALLEST, LARGEST = np.float64(1e-75), np.float64(1e75)  # numbers whose fourth powers can be told from 0 and infinity
MANY = 10_000  # rows, whose mean is within some hundredths of a standard deviation of that of all
FEW = 1_000  # rows, of which one is mostly enough to see that a column is not too small
RESTING = 1 + 1e-6  # a variance up to this many times the floor rests on it
DEPENDENT = 1e-14  # an eigenvalue of the correlation matrix below this is a linear dependence
INVOLVED = 1e-4  # a column takes part in a dependence with at least this coefficient


@once
def pooled_moments(source: ArraySource) -> tuple[Array, Array, Array]:
    """Mean (d,), covariance (d, d) and positive units of variance (d,) of the whole data: one pass, made once."""
    total, near = source.total_weight, _near_the_mean(source)
    shift, scatter = np.zeros_like(near), np.zeros((len(near), len(near)))
    for x, weights in source.blocks():
        deviation = x - near
        weighted = (deviation * weights[:, None]).T
        shift += weighted.sum(axis=1)
        scatter += weighted @ deviation
    shift /= total
    mean, covariance = near + shift, scatter / total - np.outer(shift, shift)
    return mean, covariance, positive_units(np.diag(covariance), mean)


def _near_the_mean(source: ArraySource) -> Array:
    """The mean (d,) of some rows at equal steps: squares about it lose hardly more digits than about the mean of all rows."""
    step = max(1, source.rows // MANY)
    x, weights = as_float64(source.x[::step]), source.weights[::step]
    return rounded_mean(x, weights)


def rounded_mean(x: Array, weights: Array) -> Array:
    """The mean (d,) of the rows x (n, d), worked out from the first row on: an offset of the data costs no digits."""
    return np.asarray(x[0] + weights @ (x - x[0]) / weights.sum())


def positive_units(spread: Array, mean: Array, rounding: Array | float = 0.0) -> Array:
    """Positive units of variance. A column without variance is given its own magnitude for a unit.

    `spread` and `mean` of each column; `rounding`: how much of the spread may be the rounding of the sums it was made from.
    """
    return np.where(spread > (8 * EPSILON * mean) ** 2 + rounding, spread, np.maximum(mean**2, 1.0))


@once
def varying(source: ArraySource, floor: float) -> Array:
    """Directions (d, m) in which the variance of the whole data is more than `floor`, where every column has variance 1.

    For a covariance C, the matrix directions' C directions is that covariance along them, as a fraction of the data's units.
    """
    _, covariance, unit = pooled_moments(source)
    scale = np.sqrt(unit)
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    return np.asarray(vectors[:, values > floor] / scale[:, None])


def narrowest(covariances: Array, source: ArraySource, floor: float) -> Array:
    """The smallest variance of each covariance (..., d, d) among the `varying` directions; infinite if there are none."""
    directions = varying(source, floor)
    if directions.shape[1] == 0:
        return np.full(covariances.shape[:-2], np.inf)
    return np.asarray(np.linalg.eigvalsh(directions.T @ covariances @ directions)[..., 0])


def resting(covariances: Array, source: ArraySource, floor: float) -> Mask:
    """Which elements of covariances (..., d, d) the floor holds.

    As many columns rest as there are directions on the floor: those that vary least, given the columns before them. Their
    covariances with later columns have no influence.
    """
    scale = np.sqrt(pooled_moments(source)[2])
    relative = covariances / np.outer(scale, scale)
    number = (np.linalg.eigvalsh(relative) <= floor * RESTING).sum(axis=-1, keepdims=True)
    own = np.diagonal(np.linalg.cholesky(relative), axis1=-2, axis2=-1)
    rank = own.argsort(axis=-1).argsort(axis=-1)
    return np.tril(np.broadcast_to((rank < number)[..., None, :], covariances.shape))


@once
def refuse_unsquarable(source: ArraySource) -> None:
    """Raise DataError for columns in a unit so large or so small that squares of variances are no numbers any more."""
    rule = f"squares beyond {LARGEST:g} overflow. Divide the column by a constant."
    source.refuse(lambda x: np.abs(as_float64(x)) > LARGEST, rule)
    for column in np.flatnonzero(np.abs(source.x[:FEW]).max(axis=0) < SMALLEST):
        highest = np.abs(source.x[:, column]).max()
        if 0 < highest < SMALLEST:
            raise DataError(
                f"column {source.columns[column]!r} holds no number above {highest:g}; the squares of such numbers "
                "underflow. Multiply the column by a constant."
            )


def warn_of_lost_columns(source: ArraySource, joined: bool) -> None:
    """Warn, by name, of columns that are constant or (if `joined`) a linear combination of others."""
    mean, covariance, unit = pooled_moments(source)
    constant = np.diag(covariance) <= (8 * EPSILON * mean) ** 2
    said = [f"constant: {_listed(source, np.flatnonzero(constant))}"] if constant.any() else []
    varying = np.flatnonzero(~constant)
    scale = np.sqrt(unit)
    values, vectors = np.linalg.eigh((covariance / np.outer(scale, scale))[np.ix_(varying, varying)])
    if joined and (values < DEPENDENT).any():
        involved = (np.abs(vectors[:, values < DEPENDENT]) > INVOLVED).any(axis=1)
        said.append(f"linearly dependent: {_listed(source, varying[involved])}")
    if said:
        warnings.warn(
            f"some columns are {'; some are '.join(said)}. A covariance has no maximum-likelihood value along them; the floor "
            "under the variances takes its place. Leave columns out to be rid of this.",
            DegenerateDataWarning,
            stacklevel=2,
        )


def _listed(source: ArraySource, columns: Integers) -> str:
    return ", ".join(source.columns[j] for j in columns)
