"""Linear mixed models from wild starts: the objective must never fall, and nothing may crash."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.falls import counted, fall_of
from benchmarks.paired import Measured

FITS, PASSES = 500, 60
FORMS = ("unstructured", "diagonal", "scalar")


def drawn(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """A model with up to two slopes that vary, by either likelihood, and groups, some with gaps and weights."""
    slopes, groups = int(rng.integers(0, 3)), int(rng.integers(4, 20))
    belongs = np.repeat(np.arange(groups), rng.integers(1, 8, groups))
    n = len(belongs)
    x = rng.normal(size=(n, 2)) * 10.0 ** rng.integers(-2, 3, 2) + rng.normal(size=2)
    spread = rng.choice([0.0, 0.3, 2.0], 3)  # some slopes vary not at all: an estimate on the edge
    between = rng.normal(size=(groups, 3)) * spread
    y = 2.0 + ((x / x.std(axis=0)) * (between[belongs, 1:] - 0.5)).sum(axis=1) + between[belongs, 0] + rng.normal(size=n)
    rows = np.column_stack([y * 10.0 ** rng.integers(-3, 4), x])
    rows[rng.random(n) < rng.choice([0.0, 0.0, 0.1]), 0] = np.nan
    kind: Any = ek.RestrictedMixedModel if rng.random() < 0.5 else ek.MixedModel
    model = kind(0, (1, 2), (1, 2)[:slopes], covariance=FORMS[int(rng.integers(len(FORMS)))])
    weights = rng.gamma(1.0, size=groups)[belongs] if rng.random() < 0.3 else None
    return model, ek.ArraySource(rows, weights, groups=belongs)


fall = partial(fall_of, drawn, PASSES)


def run(quick: bool) -> list[Measured]:
    """500 fits, not to their ends."""
    note = "three covariances, up to two slopes that vary, by either likelihood, gaps and weights; {refused} more were refused"
    return counted(fall, FITS, "fits of linear mixed models from wild starts", note, quick)
