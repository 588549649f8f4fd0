"""Random fits of hidden Markov chains over families, sequences, gaps, weights and solvers: the objective must never fall."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.falls import counted
from benchmarks.paired import Measured
from benchmarks.workloads.monotone import draw, fall

FITS, PASSES = 2_000, 150


def chain(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """A chain, and rows in some sequences, which may have weights and gaps, and rows that repeat the one before."""
    family, rows = draw(rng)
    x = np.array(rows, dtype=np.float64)
    if rng.random() < 0.7:  # states that last, where the rows have clusters
        x = x[np.lexsort((rng.random(len(x)), np.round(rng.normal(size=len(x)), 1), x[:, 0] > np.median(x[:, 0])))]
    if family.among_gaps is not None and rng.random() < 0.3:
        x[rng.random(x.shape) < rng.uniform(0, 0.4)] = np.nan
    cuts = np.sort(rng.choice(np.arange(1, len(x)), min(int(rng.integers(0, 8)), len(x) - 1), replace=False))
    groups = np.searchsorted(cuts, np.arange(len(x)), side="right")
    weights = rng.gamma(1.0, size=len(cuts) + 1)[groups] if rng.random() < 0.4 else None
    source = ek.ArraySource(x, weights, groups=groups)
    return ek.HiddenMarkovChain(family, ek.Hard() if rng.random() < 0.2 else ek.Soft()), source


def run(quick: bool) -> list[Measured]:
    """2,000 fits in whole runs."""
    note = "{refused} more were refused (more states than rows that differ, constant or empty columns)"
    return counted(partial(fall, chain, passes=PASSES), FITS, "random fits of hidden Markov chains", note, quick)
