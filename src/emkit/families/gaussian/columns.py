"""What the columns of the data allow: their pooled moments, and the directions in which they do not vary.

A direction without variance has no maximum-likelihood value in any covariance. That is no fault of a component: it is said
once, by the names of the columns.
"""

from __future__ import annotations

import warnings

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.memo import once
from emkit.data.chunk import as_float64
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, DegenerateDataWarning, some_of

EPSILON = float(np.finfo(np.float64).eps)
SMALLEST, LARGEST = np.float64(1e-75), np.float64(1e75)  # numbers whose fourth powers can be told from 0 and infinity
DEPENDENT = 1e-14  # an eigenvalue of the correlation matrix below this is a linear dependence
INVOLVED = 1e-4  # a column takes part in a dependence with at least this coefficient


@once
def pooled_spread(profile: AnyProfile) -> tuple[Array, Array, Array]:
    """Mean, variance and positive unit of variance of each column of the whole data, each (d,)."""
    mean, variance = profile.mean, profile.variance
    return mean, variance, positive_units(variance, mean)


@once
def pooled_moments(profile: AnyProfile) -> tuple[Array, Array, Array]:
    """Mean (d,), covariance (d, d) and positive units of variance (d,) of the whole data."""
    mean, covariance = profile.mean, profile.covariance
    return mean, covariance, positive_units(np.diag(covariance), mean)


def positive_units(spread: Array, mean: Array, rounding: Array | float = 0.0) -> Array:
    """Positive units of variance. A column without variance is given its own magnitude for a unit; 1, if it is all zeros.

    `spread` and `mean` of each column; `rounding`: how much of the spread may be the rounding of the sums it was made from.
    """
    return np.where(spread > (8 * EPSILON * mean) ** 2 + rounding, spread, np.where(mean**2 <= rounding, 1.0, mean**2))


def refuse_vanishing(profile: AnyProfile) -> None:
    """Raise DataError for columns in a unit so large that squares of variances vanish."""
    highest = np.maximum(np.abs(profile.least), np.abs(profile.highest))
    for column in np.flatnonzero((highest > 0) & (highest < SMALLEST)):
        raise DataError(
            f"column {profile.columns[column]!r} holds no number above {highest[column]:g}; the squares of such numbers "
            "underflow. Multiply the column by a constant."
        )


def warn_of_lost_columns(profile: AnyProfile, joined: bool) -> None:
    """Warn, by name, of columns that are constant or (if `joined`) a linear combination of others."""
    mean, variance, _ = pooled_spread(profile)
    constant = variance <= (8 * EPSILON * mean) ** 2
    dependent = _dependent(profile) & ~constant if joined else np.zeros_like(constant)
    kinds = {"constant": constant, "linearly dependent": dependent}
    said = [
        f"{kind}: {some_of([profile.columns[j] for j in np.flatnonzero(found)])}"
        for kind, found in kinds.items()
        if found.any()
    ]
    if said:
        warnings.warn(
            f"some columns are {'; some are '.join(said)}. A covariance has no maximum-likelihood value along them; the floor "
            "under the variances takes its place. Leave columns out to be rid of this.",
            DegenerateDataWarning,
            stacklevel=2,
        )


def _dependent(profile: AnyProfile) -> Mask:
    """Which columns (d,) take part in a linear dependence: they do not lie in the space in which the rows vary."""
    variances, directions = principal_directions(profile)
    varying = directions[:, variances >= DEPENDENT]
    return np.asarray(1 - (varying**2).sum(axis=1) > INVOLVED**2)


@once
def principal_directions(profile: AnyProfile) -> tuple[Array, Array]:
    """Variances (r,) and orthonormal directions (d, r) in which rows vary, where every column has variance 1.

    Of fewer rows than columns, there are no more than rows: what they cost follows from the rank of the data.
    """
    mean, _, unit = pooled_spread(profile)
    scale = np.sqrt(unit)
    if profile.rows > len(scale) or profile.has_gaps:
        variances, directions = np.linalg.eigh(profile.covariance / np.outer(scale, scale))
        return variances, directions
    chunks = list(profile.source.chunks())
    shares = np.concatenate([chunk.weights for chunk in chunks]) / profile.total_weight
    rows = np.concatenate([as_float64(chunk.x) for chunk in chunks])
    _, lengths, across = np.linalg.svd((rows - mean) / scale * np.sqrt(shares)[:, None], full_matrices=False)
    return lengths**2, across.T
