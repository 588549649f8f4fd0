"""Fixed effects that all classes of a growth mixture share, in its M-step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_params import MixedModelParams
from emkit.models.mixed_sums import MixedSums


def agreed(
    model: MixedModel,
    stats: Sequence[MixedSums],
    before: Sequence[MixedModelParams],
    alone: Sequence[Array],
    own: Integers,
    shared: Integers,
) -> list[Array]:
    """The fixed effects (p,) of classes with the highest expected log-likelihood in which those `shared` are the same.

    `alone` are those of the highest expected log-likelihood of each class: it falls off around them as a parabola, of
    curvature X'X over the variance of errors. Of classes without rows, what they have for themselves stays.
    """
    pull, bend = np.zeros(len(shared)), np.zeros((len(shared),) * 2)
    parts: list[tuple[Array, Array] | None] = []
    for sums, old, one in zip(stats, before, alone, strict=True):
        if sums.mass <= 0:
            parts.append(None)
            continue
        curved = design_of(model, sums) / old.within
        toward = curved @ (one - old.fixed)
        back = np.linalg.solve(curved[np.ix_(own, own)], np.column_stack([toward[own], curved[np.ix_(own, shared)]]))
        parts.append((np.asarray(back[:, 0]), np.asarray(back[:, 1:])))
        pull += toward[shared] - curved[np.ix_(shared, own)] @ back[:, 0]
        bend += curved[np.ix_(shared, shared)] - curved[np.ix_(shared, own)] @ back[:, 1:]
    unit = np.sqrt(np.diag(bend))
    common = np.linalg.solve(bend / np.outer(unit, unit), pull / unit) / unit
    found = []
    for old, part in zip(before, parts, strict=True):
        fixed = old.fixed.copy()
        fixed[shared] += common
        if part is not None:
            fixed[own] += part[0] - part[1] @ common
        found.append(fixed)
    return found


def design_of(model: MixedModel, sums: MixedSums) -> Array:
    """X'X (p, p) over the shares of a class, of the covariates as they are."""
    way = model.known_layout.fixed.way(np.eye(len(sums.design)))
    return np.asarray(way @ sums.design @ way.T)
