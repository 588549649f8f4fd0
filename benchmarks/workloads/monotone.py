"""Random fits over families and solvers: the objective must never fall."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from emkit.errors import EmkitError
from emkit.fitting import SOLVERS
from emkit.search.seeding import spread_start

FITS, PASSES, QUICK_SECONDS = 10_000, 300, 4.0


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
    objective = np.array([moment.objective for moment in history])
    drop = np.diff(objective) / (1 + np.abs(objective[:-1]))
    worst = -float(drop.min(initial=0.0))
    return worst if worst > 1e-9 else 0.0


def run(quick: bool) -> list[Measured]:
    """10,000 fits in whole runs; as many as fit into a few seconds in quick ones."""
    start = time.perf_counter()
    fits: list[float] = []
    refused = 0
    for seed in count():
        fallen = fall(mixture, seed, PASSES)
        if fallen is None:
            refused += 1
        else:
            fits.append(fallen)
        if len(fits) == FITS or (quick and time.perf_counter() - start > QUICK_SECONDS):
            break
    decreased = sum(value > 0 for value in fits)
    return [
        Measured(
            workload=f"{len(fits):,} random fits: fits with a fall of the objective",
            peer="–",
            ratio=None,
            ours=float(decreased),
            unit="fits",
            target="0",
            met=decreased == 0,
            note=f"{refused} more starts were refused (more components than rows that differ, constant counts)",
        )
    ]
