"""Random fits of hidden Markov chains over families, sequences, gaps, weights and solvers: the objective must never fall."""

from __future__ import annotations

import time
import warnings
from itertools import count
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from benchmarks.workloads.monotone import QUICK_SECONDS
from benchmarks.workloads.monotone import draw as family_and_rows
from emkit.errors import EmkitError
from emkit.fitting import SOLVERS
from emkit.search.seeding import spread_start

FITS, PASSES = 2_000, 150


def draw(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """A family, and rows in some sequences, which may have weights and gaps, and rows that repeat the one before."""
    family, rows = family_and_rows(rng)
    x = np.array(rows, dtype=np.float64)
    if rng.random() < 0.7:  # states that last, where the rows have clusters
        x = x[np.lexsort((rng.random(len(x)), np.round(rng.normal(size=len(x)), 1), x[:, 0] > np.median(x[:, 0])))]
    if family.among_gaps is not None and rng.random() < 0.3:
        x[rng.random(x.shape) < rng.uniform(0, 0.4)] = np.nan
    cuts = np.sort(rng.choice(np.arange(1, len(x)), min(int(rng.integers(0, 8)), len(x) - 1), replace=False))
    groups = np.searchsorted(cuts, np.arange(len(x)), side="right")
    weights = rng.gamma(1.0, size=len(cuts) + 1)[groups] if rng.random() < 0.4 else None
    return family, ek.ArraySource(x, weights, groups=groups)


def fall(seed: int) -> float | None:
    """The largest fall of a random fit beyond rounding, relative (0: none); None if the start was refused."""
    rng = np.random.default_rng(seed)
    solver: Any = list(SOLVERS.values())[seed % len(SOLVERS)]()
    try:
        family, source = draw(rng)
        model = ek.HiddenMarkovChain(family, ek.Hard() if rng.random() < 0.2 else ek.Soft())
        start = spread_start(model, source, int(rng.integers(1, 5)), seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ek.DegenerateFitWarning)  # whatever comes of it, it must not fall
            warnings.simplefilter("ignore", ek.WeightsWarning)
            history = ek.fit(model, source, start, solver=solver, max_evaluations=PASSES).history
    except EmkitError:
        return None
    objective = np.array([moment.objective for moment in history])
    drop = np.diff(objective) / (1 + np.abs(objective[:-1]))
    worst = -float(drop.min(initial=0.0))
    return worst if worst > 1e-9 else 0.0


def run(quick: bool) -> list[Measured]:
    """2,000 fits in whole runs; as many as fit into a few seconds in quick ones. Whatever is no refusal is a crash."""
    start = time.perf_counter()
    fits: list[float] = []
    refused = crashed = 0
    for seed in count():
        try:
            fallen = fall(seed)
        except Exception:  # noqa: BLE001
            crashed += 1
            continue
        if fallen is None:
            refused += 1
        else:
            fits.append(fallen)
        if len(fits) == FITS or (quick and time.perf_counter() - start > QUICK_SECONDS):
            break
    found = {"fits with a fall of the objective": sum(value > 0 for value in fits), "crashes": crashed}
    return [
        Measured(
            workload=f"{len(fits):,} random fits of hidden Markov chains: {what}",
            peer="–",
            ratio=None,
            ours=float(number),
            unit="fits",
            target="0",
            met=number == 0,
            note=f"{refused} more were refused (more states than rows that differ, constant or empty columns)",
        )
        for what, number in found.items()
    ]
