"""Factor models from wild starts: the objective must never fall, and nothing may crash."""

from __future__ import annotations

from functools import partial

import numpy as np

import emkit as ek
from benchmarks.falls import counted, fall_of
from benchmarks.paired import Measured

FITS, PASSES = 500, 60


def drawn(rng: np.random.Generator) -> tuple[ek.FactorModel, ek.ArraySource]:
    """A model of up to three factors, equal or not, and columns in units of their own, some with gaps and weights."""
    d, n = int(rng.integers(3, 9)), int(rng.integers(15, 120))
    model = ek.FactorModel(int(rng.integers(0, min(d - 1, 4))), rng.random() < 0.4)
    true = rng.normal(size=(d, 2))
    x = rng.normal(size=(n, 2)) @ true.T + rng.gamma(1.0, size=d) * rng.normal(size=(n, d))
    x = x * 10.0 ** (rng.integers(-3, 4) if model.equal else rng.integers(-3, 4, d)) + 10.0 ** rng.integers(-1, 4)
    x[rng.random((n, d)) < rng.choice([0.0, 0.0, 0.1, 0.3])] = np.nan
    return model, ek.ArraySource(x, rng.gamma(1.0, size=n) if rng.random() < 0.4 else None)


fall = partial(fall_of, drawn, PASSES)


def run(quick: bool) -> list[Measured]:
    """500 fits, not to their ends."""
    note = "up to three factors, errors equal or not, gaps and weights; {refused} more were refused"
    return counted(fall, FITS, "fits of factor models from wild starts", note, quick)
