"""Responses of a mixed model, in rows of groups as they are given: drawn anew, and as standard normal numbers."""

from __future__ import annotations

import numpy as np
import scipy

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk
from emkit.errors import ModelError
from emkit.models.mixed_layout import MixedLayout
from emkit.models.mixed_sums import units_of

MOST_ROWS = 5_000  # of a group, whose covariance is a matrix of as many rows and columns


def redrawn(layout: MixedLayout, fixed: Array, root: Array, within: float, rng: np.random.Generator, chunk: Chunk) -> Array:
    """The rows (n, d) of a chunk with other responses, for which every group of each level has new effects.

    `fixed` (p,) are the fixed effects of the columns as they are, `root` (r, r) is that of the covariance of the random ones,
    and `within` the variance of errors.
    """
    group, unit = _belonging(layout, chunk)
    standard = [
        rng.standard_normal((whose.max(initial=-1) + 1, own.stop - own.start))[whose]
        for whose, own in zip((group, unit), layout.own, strict=False)
    ]
    varying = _reach(layout, root, chunk) * np.concatenate(standard, axis=1)
    x = np.array(chunk.x, dtype=np.float64)
    errors = np.sqrt(within) * rng.standard_normal(len(x))
    x[:, layout.response] = _expected(layout, fixed, chunk) + varying.sum(axis=1) + errors
    return x


def normal_residuals(layout: MixedLayout, fixed: Array, root: Array, within: float, chunk: Chunk) -> Array:
    """The responses (n,), each less what fixed effects and the rows before it in its group lead one to expect, by its spread.

    NaN without a response. Errors: ModelError for groups of more than 5,000 rows.
    """
    _, unit = _belonging(layout, chunk)
    left, reach = chunk.x[:, layout.response] - _expected(layout, fixed, chunk), _reach(layout, root, chunk)
    found = np.full(len(left), np.nan)
    for first, end in zip(chunk.bounds, chunk.bounds[1:], strict=False):
        seen = first + np.flatnonzero(~np.isnan(left[first:end]))
        if len(seen) > MOST_ROWS:
            raise ModelError(
                f"a group has {len(seen):,} rows, and residuals are worked out of groups of at most {MOST_ROWS:,}."
            )
        together = (np.ones((len(seen), len(seen))), unit[seen][:, None] == unit[seen])
        covariance = within * np.eye(len(seen))
        for own, alike in zip(layout.own, together, strict=False):
            covariance += alike * (reach[seen, own] @ reach[seen, own].T)
        found[seen] = scipy.linalg.solve_triangular(np.linalg.cholesky(covariance), left[seen], lower=True)
    return found


def _belonging(layout: MixedLayout, chunk: Chunk) -> tuple[Integers, Integers]:
    """The group (n,) of each row, and the inner group (n,), or the group again."""
    order, starts, of = units_of(chunk, layout)
    unit = np.empty(len(chunk.x), dtype=np.int64)
    unit[order] = np.repeat(np.arange(len(starts)), np.diff([*starts, len(unit)]))
    return of[unit], unit


def _expected(layout: MixedLayout, fixed: Array, chunk: Chunk) -> Array:
    """The responses (n,) that fixed effects lead one to expect."""
    middle = layout.datum if layout.fixed.intercept else 0.0
    return np.asarray(layout.fixed.framed(chunk.x) @ layout.framed(fixed) + middle)


def _reach(layout: MixedLayout, root: Array, chunk: Chunk) -> Array:
    """How far each standard normal effect moves the responses (n, r)."""
    return np.asarray(layout.framed_effects(chunk.x) @ (layout.turn @ root))
