"""Random fits over families and solvers: the objective must never fall."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.falls import counted, worst_fall
from benchmarks.paired import Measured
from emkit.errors import EmkitError
from emkit.fitting import SOLVERS
from emkit.search.seeding import spread_start

FITS, PASSES = 10_000, 300


def draw(rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    """A family and data it can take, with odd scales, rounding and few rows now and then."""
    n, d = int(rng.integers(20, 200)), int(rng.integers(1, 4))
    clusters = rng.integers(1, 5)
    real = rng.normal(0, rng.uniform(0.3, 3), (n, d)) + rng.normal(0, 4, (clusters, d))[rng.integers(clusters, size=n)]
    real = np.round(real, 1) if rng.random() < 0.3 else real
    real = real * 10 ** rng.uniform(-6, 6) if rng.random() < 0.2 else real
    counts = rng.poisson(rng.uniform(0.5, 20, (clusters, d))[rng.integers(clusters, size=n)])
    bits = rng.random((n, d)) < rng.uniform(0.02, 0.98, (clusters, d))[rng.integers(clusters, size=n)]
    amounts = (
        10 ** rng.uniform(-3, 3) * rng.gamma(rng.uniform(0.5, 5), size=(n, d)) * (1 + 4 * rng.integers(clusters, size=(n, 1)))
    )
    choices: list[tuple[Any, np.ndarray]] = [
        (ek.FullGaussian(), real),
        (ek.TiedGaussian(), real),
        (ek.DiagonalGaussian(), real),
        (ek.SphericalGaussian(), real),
        (ek.Poisson(), counts + (counts.sum(axis=0) == 0)),
        (ek.Bernoulli(), bits.astype(float)),
        (ek.Binomial(trials=200), np.minimum(counts, 200)),
        (ek.Categorical(), np.minimum(counts, 3)),
        (ek.Exponential(), amounts),
        (ek.Gamma(), amounts),
    ]
    return choices[int(rng.integers(len(choices)))]


def mixture(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """A mixture, and rows that it can take."""
    family, x = draw(rng)
    model = ek.Mixture(family, ek.Hard() if rng.random() < 0.2 else ek.Soft())
    return model, ek.ArraySource(x)


def fall(drawn: Callable[[np.random.Generator], tuple[Any, ek.ArraySource]], seed: int, passes: int) -> float | None:
    """The largest fall of a random fit of a model that is `drawn`, relative (0: none but rounding); None if it was refused."""
    rng = np.random.default_rng(seed)
    solver: Any = list(SOLVERS.values())[seed % len(SOLVERS)]()
    try:
        model, source = drawn(rng)
        start = spread_start(model, source, int(rng.integers(1, 5)), seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ek.DegenerateFitWarning)  # whatever comes of it, it must not fall
            warnings.simplefilter("ignore", ek.WeightsWarning)
            history = ek.fit(model, source, start, solver=solver, max_evaluations=passes).history
    except EmkitError:
        return None
    return worst_fall(history)


def run(quick: bool) -> list[Measured]:
    """10,000 fits in whole runs."""
    note = "{refused} more starts were refused (more components than rows that differ, constant counts)"
    return counted(partial(fall, mixture, passes=PASSES), FITS, "random fits", note, quick)
