"""Abilities as users name them, at which a test is asked."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.errors import ParameterError


def at_abilities(given: ArrayLike, number: int | None = None) -> Array:
    """Abilities (n,) as numbers; (n, m) where there are a `number` m of them.

    Errors: ParameterError for what is no number, for another shape, and naming the place of the first that is missing.
    """
    try:
        at = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"abilities are numbers, and these are {given!r:.60}.") from None
    if number is None and at.ndim > 1:
        raise ParameterError(f"abilities have shape {at.shape}; give one number for each, (n,).")
    if number is not None and (at.ndim != 2 or at.shape[1] != number):
        raise ParameterError(f"abilities have shape {at.shape}; give {number} numbers a row.")
    at = np.atleast_1d(at)
    gaps = np.argwhere(np.isnan(at))
    if len(gaps):
        raise ParameterError(f"an ability is nan, at {', '.join(map(str, gaps[0].tolist()))}: leave it out.")
    return at
