"""Do numbers leave digits to work with? Squares of squares must be numbers, and what varies must be seen beside what is far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emkit.data.profile import AnyProfile
from emkit.errors import DataError

EXTREME = 1e70  # a standard deviation beyond it, or below its inverse, has fourth powers beside which there is nothing left


def refuse_extremes(profile: AnyProfile, places: Sequence[int]) -> None:
    """Errors: DataError naming a column, of those at `places`, whose unit makes numbers too large or small to square."""
    with np.errstate(over="ignore"):
        variances = profile.variance
    for j in places:
        spread = float(np.nan_to_num(np.sqrt(variances[j]), nan=np.inf))
        if spread > EXTREME or 0 < spread < 1 / EXTREME:
            raise DataError(
                f"column {profile.columns[j]!r} varies by {spread:.3g}, whose powers are no numbers any more. Give it in "
                "another unit."
            )


def refuse_far(profile: AnyProfile, places: Sequence[int], nearest: float) -> None:
    """Errors: DataError naming a column, of those at `places`, that varies by less than `nearest` of how far from 0 it is."""
    for j in places:
        spread, mean = float(np.sqrt(profile.variance[j])), float(profile.mean[j])
        if spread < nearest * abs(mean):
            raise DataError(
                f"column {profile.columns[j]!r} varies by {spread:.3g} about {mean:.3g}, so far from 0 that too few digits are "
                "left to tell. Subtract a number from it."
            )
