"""Items of several kinds from wild starts: the objective must never fall, and nothing may crash."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.falls import counted, fall_of
from benchmarks.paired import Measured

FITS, PASSES = 500, 30


def drawn(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """A model of three to six items of kinds at random, and people who answer them, some with gaps, weights and groups."""
    number, groups = int(rng.integers(3, 7)), int(rng.integers(1, 3))
    made = []
    for _ in range(number):
        levels = int(rng.integers(2, 5))
        kind: Any = [ek.GradedResponse, ek.GeneralisedPartialCredit, ek.PartialCredit][int(rng.integers(3))](levels)
        made.append(ek.Guessing() if rng.random() < 0.2 else kind)
    model = ek.ItemsModel(made, groups)
    below = (np.sort(rng.random(kind.levels - 1)) * 0.8 + 0.1 for kind in made)
    items = [kind.start(share, float(rng.lognormal(0.0, 0.4))) for kind, share in zip(made, below, strict=True)]
    n = int(rng.integers(40, 200))
    x = model.draw(model.params(items), rng, n)
    x[:, :number][rng.random((n, number)) < rng.choice([0.0, 0.2])] = np.nan
    return model, ek.ArraySource(x, rng.gamma(1.0, size=n) if rng.random() < 0.4 else None)


fall = partial(fall_of, drawn, PASSES)


def run(quick: bool) -> list[Measured]:
    """500 fits, not to their ends."""
    note = "graded, partial credit and guessed items, one group or two, gaps and weights; {refused} more were refused"
    return counted(fall, FITS, "fits of items of several kinds from wild starts", note, quick)
