"""How exactly sums of masses are known, by the information in rows of which each tells the sum over a stretch."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array, Integers

NONE = 1e-4  # of a row: a place of which less is expected is none
BLOCK = 256  # columns of the inverse that are worked out at a time


def variances_of_sums(masses: Array, stretches: Integers, windows: Integers | None, weights: Array) -> Array:
    """The variances (m,) of the sums of `masses` (m,) up to each place, that included; NaN where rows do not tell the sum.

    `stretches` and `windows` (n, 2) as of `PointMasses`, `weights` (n,). It is the inverse of the observed information, with
    places without mass left out. Each row tells a difference of two sums, so that the information has few entries that are not
    0, whatever the number of places; where rows are known or have no upper end, it is Greenwood's formula.
    Source: Turnbull (1976), J. R. Statist. Soc. B 38, 290-295; Klein & Moeschberger (2003), Survival Analysis, 2nd ed., 4.2.
    """
    some = masses * weights.sum() > NONE
    node = np.append(0, np.cumsum(some))  # sums that are equal are one
    up_to = np.append(0.0, np.cumsum(masses[some]))
    last = int(node[-1])
    rows: list[tuple[Integers, Integers, Array]] = []
    for sign, ends in ((1.0, stretches), (-1.0, windows)):
        if ends is not None:
            a, b = node[ends].T
            rows.append((a, b, sign * weights / (up_to[b] - up_to[a]) ** 2))
    a, b, w = (np.concatenate(each) for each in zip(*rows, strict=True))
    entries, across = np.concatenate([w, w, -w, -w]), (np.concatenate([a, b, a, b]), np.concatenate([a, b, b, a]))
    both = scipy.sparse.coo_array((entries, across), shape=(last + 1, last + 1)).tocsc()
    known = _joined_to_ends(a, b, last)
    found = np.full(last + 1, np.nan)
    found[[0, last]] = 0.0
    free = np.flatnonzero(known)
    free = free[(free > 0) & (free < last)]
    if len(free):
        found[free] = _diagonal_of_inverse(both[free][:, free])
    return np.asarray(found[node[1:]])


def _joined_to_ends(a: Integers, b: Integers, last: int) -> Array:
    """Which sums rows join, one difference after another, to those that are known to be 0 or 1, (last + 1,)."""
    one = np.ones(len(a) + 1)
    graph = scipy.sparse.coo_array((one, (np.append(a, 0), np.append(b, last))), shape=(last + 1, last + 1))
    which = scipy.sparse.csgraph.connected_components(graph, directed=False)[1]
    return np.asarray(which == which[0])


def _diagonal_of_inverse(matrix: scipy.sparse.csc_array) -> Array:
    try:
        solver = scipy.sparse.linalg.splu(matrix.tocsc())
    except RuntimeError:  # singular
        return np.full(matrix.shape[0], np.nan)
    size, found = matrix.shape[0], []
    for first in range(0, size, BLOCK):
        some = np.arange(first, min(first + BLOCK, size))
        unit = np.zeros((size, len(some)))
        unit[some, some - first] = 1.0
        found.append(solver.solve(unit)[some, some - first])
    variances = np.concatenate(found)
    return np.where(variances >= 0, variances, np.nan)
