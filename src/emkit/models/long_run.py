"""Where a chain is after many steps, and after a few."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import ParameterError

SETTLED = 1e-9  # what a step may change in a stationary distribution, by rounding


def forecast(share: Array, transitions: Array, steps: int) -> Array:
    """The probability of each state (..., steps, K) after 1, 2, ... steps, from those now (..., K)."""
    found = []
    for _ in range(steps):
        share = share @ transitions
        found.append(share)
    return np.stack(found, axis=-2)


def stationary(transitions: Array) -> Array:
    """The distribution (K,) that `transitions` (K, K) leave as it is.

    Errors: ParameterError where there are several, since the states that are never left are more than one or one group.
    """
    try:
        found = np.linalg.solve(regular(transitions).T, np.ones(len(transitions)))
    except np.linalg.LinAlgError:
        found = np.full(len(transitions), np.nan)
    if not np.abs(found @ transitions - found).max() <= SETTLED:
        raise ParameterError("there is no one stationary distribution: several groups of states are never left.")
    return np.maximum(found, 0.0) / np.maximum(found, 0.0).sum()


def regular(transitions: Array) -> Array:
    """I - A + 1 1', which has an inverse where there is one stationary distribution."""
    return np.eye(len(transitions)) - transitions + 1.0
