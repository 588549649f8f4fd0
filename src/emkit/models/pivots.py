"""Factors that can be turned into each other, held still by a few columns."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array


def turned_to_pivots(loadings: Array, units: Array) -> tuple[Array, tuple[int, ...]]:
    """Loadings (d, m) turned so that `pivots` say how: the first loads on the first factor alone, the second on two, and so on.

    `units` (d,): of which lengths columns are, among which those are chosen that lie farthest apart. Each loading of a pivot on
    its last factor is positive.
    """
    turn, _, order = scipy.linalg.qr((loadings / np.where(units > 0, units, 1.0)[:, None]).T, pivoting=True)
    pivots = tuple(int(j) for j in order[: loadings.shape[1]])
    found = loadings @ turn
    found *= np.where(np.diag(found[list(pivots)]) < 0, -1.0, 1.0)
    found[list(pivots)] = np.tril(found[list(pivots)])
    return np.asarray(found), pivots


def held_by_pivots(pivots: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Which loadings (column, factor) are 0 because of how factors are turned."""
    return tuple((j, k) for i, j in enumerate(pivots) for k in range(i + 1, len(pivots)))
