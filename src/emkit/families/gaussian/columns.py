"""What the columns of the data allow: their pooled moments, and the directions in which they do not vary.

A direction without variance has no maximum-likelihood value in any covariance. That is no fault of a component: it is said
once, by the names of the columns.
"""

from __future__ import annotations

import warnings

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import once
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, DegenerateDataWarning
from emkit.families.floor import CovarianceFloor, Floor

EPSILON = float(np.finfo(np.float64).eps)
SMALLEST, LARGEST = np.float64(1e-75), np.float64(1e75)  # numbers whose fourth powers can be told from 0 and infinity
DEPENDENT = 1e-14  # an eigenvalue of the correlation matrix below this is a linear dependence
INVOLVED = 1e-4  # a column takes part in a dependence with at least this coefficient


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


def covariance_floor(path: str, floor: float, profile: AnyProfile) -> Floor:
    """The floor under the covariances in a field, as a fraction of the variances of the whole data."""
    _, covariance, unit = pooled_moments(profile)
    return CovarianceFloor(path, floor, unit, covariance)


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
    mean, covariance, unit = pooled_moments(profile)
    constant = np.diag(covariance) <= (8 * EPSILON * mean) ** 2
    said = [f"constant: {_listed(profile, np.flatnonzero(constant))}"] if constant.any() else []
    varying = np.flatnonzero(~constant)
    scale = np.sqrt(unit)
    values, vectors = np.linalg.eigh((covariance / np.outer(scale, scale))[np.ix_(varying, varying)])
    if joined and (values < DEPENDENT).any():
        involved = (np.abs(vectors[:, values < DEPENDENT]) > INVOLVED).any(axis=1)
        said.append(f"linearly dependent: {_listed(profile, varying[involved])}")
    if said:
        warnings.warn(
            f"some columns are {'; some are '.join(said)}. A covariance has no maximum-likelihood value along them; the floor "
            "under the variances takes its place. Leave columns out to be rid of this.",
            DegenerateDataWarning,
            stacklevel=2,
        )


def _listed(profile: AnyProfile, columns: Integers) -> str:
    return ", ".join(profile.columns[j] for j in columns)
