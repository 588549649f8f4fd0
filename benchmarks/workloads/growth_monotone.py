"""Growth mixtures from wild starts: the objective must never fall, and nothing may crash."""

from __future__ import annotations

from functools import partial

import numpy as np

import emkit as ek
from benchmarks.falls import counted, fall_of
from benchmarks.paired import Measured

FITS, PASSES = 500, 60
FORMS = ("unstructured", "diagonal", "scalar")


def drawn(rng: np.random.Generator) -> tuple[ek.GrowthMixture, ek.ArraySource]:
    """Classes, with a predictor or none, and people at times of their own, some with gaps and weights."""
    people = int(rng.integers(12, 40))
    belongs = np.repeat(np.arange(people), rng.integers(3, 8, people))
    n, of = len(belongs), rng.integers(0, 2, people)
    x = rng.normal(size=(n, 2)) * 10.0 ** rng.integers(-1, 3, 2) + rng.normal(size=2)
    between = rng.normal(size=(people, 2)) * rng.choice([0.0, 0.3, 2.0], 2)
    slopes = rng.normal(size=(2, 2))[of][belongs]
    y = 2.0 * of[belongs] + between[belongs, 0] + ((x / x.std(axis=0)) * slopes).sum(axis=1) + rng.normal(size=n)
    y += between[belongs, 1] * x[:, 0] / x[:, 0].std()
    rows = np.column_stack([y * 10.0 ** rng.integers(-3, 4), x, (of + rng.normal(size=people))[belongs]])
    rows[rng.random(n) < rng.choice([0.0, 0.0, 0.1]), 0] = np.nan
    one = ek.MixedModel(0, (1, 2), (1,) * int(rng.integers(0, 2)), covariance=FORMS[int(rng.integers(len(FORMS)))])
    model = ek.GrowthMixture(
        one,
        "own" if rng.random() < 0.5 else "shared",
        predictors=(3,) * int(rng.integers(0, 2)),
        shared=(2,) * int(rng.integers(0, 2)),
    )
    weights = rng.gamma(1.0, size=people)[belongs] if rng.random() < 0.3 else None
    return model, ek.ArraySource(rows, weights, groups=belongs)


fall = partial(fall_of, drawn, PASSES, components=2)


def run(quick: bool) -> list[Measured]:
    """500 fits, not to their ends."""
    note = "two classes, alike or not in spread, predictors, shared effects, gaps and weights; {refused} more were refused"
    return counted(fall, FITS, "fits of growth mixtures from wild starts", note, quick)
