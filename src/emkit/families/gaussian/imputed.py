"""Cells that are missing, filled in by one normal distribution: with what is expected of them, or drawn."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array
from emkit.data.gaps import patterns_of
from emkit.families.gaussian.normal import cholesky
from emkit.families.gaussian.regressions import deviations_by_pattern, regressions


def expected_cells(mean: Array, covariance: Array, x: Array) -> Array:
    """Rows x (n, d) with the conditional mean, given the cells seen, in place of each gap."""
    return _filled(mean, covariance, x, None)


def drawn_cells(mean: Array, covariance: Array, x: Array, rng: np.random.Generator) -> Array:
    """Rows x (n, d) with a draw from the conditional distribution, given the cells seen, in place of each gap."""
    return _filled(mean, covariance, x, rng)


def _filled(mean: Array, covariance: Array, x: Array, rng: np.random.Generator | None) -> Array:
    patterns, filled = patterns_of(x), x.copy()
    found = regressions(covariance[None], patterns.seen)
    for p, rows, away in deviations_by_pattern(x, mean[None], patterns):
        gone = np.flatnonzero(~patterns.seen[p])
        if not len(gone):
            continue
        cells = mean[gone] + away[0].T @ found.onto[p, 0, gone].T
        if rng is not None:
            cells += rng.standard_normal(cells.shape) @ cholesky(found.rest[p, 0][np.ix_(gone, gone)]).T
        filled[np.ix_(rows, gone)] = cells
    return filled
