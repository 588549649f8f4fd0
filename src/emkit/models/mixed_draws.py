"""Responses drawn anew from a mixed model, for rows of groups as they are given."""

from __future__ import annotations

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk
from emkit.models.mixed_layout import MixedLayout
from emkit.models.mixed_sums import units_of


def redrawn(layout: MixedLayout, fixed: Array, root: Array, within: float, rng: np.random.Generator, chunk: Chunk) -> Array:
    """The rows (n, d) of a chunk with other responses, for which every group of each level has new effects.

    `fixed` (p,) are the fixed effects of the columns as they are, `root` (r, r) is that of the covariance of the random ones,
    and `within` the variance of errors.
    """
    order, starts, of = units_of(chunk, layout)
    unit = np.empty(len(chunk.x), dtype=np.int64)
    unit[order] = np.repeat(np.arange(len(starts)), np.diff([*starts, len(unit)]))
    group, each = of[unit], (len(chunk.group_weights), len(starts))
    standard = [rng.standard_normal((number, own.stop - own.start)) for number, own in zip(each, layout.own, strict=False)]
    effects = np.concatenate([some[whose] for some, whose in zip(standard, (group, unit), strict=False)], axis=1)
    seen = layout.framed_effects(chunk.x) * (effects @ (layout.turn @ root).T)
    middle = layout.datum if layout.fixed.intercept else 0.0
    mean = layout.fixed.framed(chunk.x) @ layout.framed(fixed) + middle
    x = np.array(chunk.x, dtype=np.float64)
    x[:, layout.response] = mean + seen.sum(axis=1) + np.sqrt(within) * rng.standard_normal(len(x))
    return x
