"""What all rows tell of the logarithms of their columns: moments and units."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array
from emkit.core.memo import once
from emkit.data.profile import AnyProfile

EPSILON = float(np.finfo(np.float64).eps)


@once
def of_logs(profile: AnyProfile) -> tuple[Array, Array]:
    """Mean and variance (d,) of the logarithms of all rows, from sums about nearly the mean."""
    near = profile.average(np.log)
    shift = profile.average(lambda x: np.log(x) - near)
    return near + shift, np.maximum(profile.average(lambda x: (np.log(x) - near) ** 2) - shift**2, 0.0)


def rounding_of(mean: Array, rounding: Array | float = 0.0) -> Array:
    """As much of a variance of logarithms as may be rounding."""
    return np.asarray((8 * EPSILON * (1 + np.abs(mean))) ** 2 + rounding)


def units_of(variance: Array, mean: Array, rounding: Array | float = 0.0) -> Array:
    """The variances, but 1 for a column that is constant: the logarithm of a unit of measurement is no scale."""
    return np.where(variance > rounding_of(mean, rounding), variance, 1.0)
