"""One EM iteration over columns of different families beside one over as many normal columns, on the compiled road."""

from __future__ import annotations

import numpy as np

import emkit as ek
from benchmarks.paired import Measured, pairs
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import one_thread
from emkit.families import family_of_columns
from emkit.search.seeding import spread_start

ROWS, EACH, COMPONENTS = 100_000, 4, 4
TARGET = 2.0  # times as long as normal columns, at most


def data() -> np.ndarray:
    """Four columns each of measurements, counts and levels, in turn."""
    rng = np.random.default_rng(0)
    k = rng.integers(COMPONENTS, size=ROWS)[:, None]
    columns = [
        part
        for _ in range(EACH)
        for part in (
            rng.normal(2 * k, 1.0),
            rng.poisson(1 + 3 * k),
            (rng.random((ROWS, 1)) * 3 + 0.5 * (k % 2)).astype(int) % 3,
        )
    ]
    return np.concatenate(columns, axis=1).astype(float)


def run(quick: bool) -> list[Measured]:
    """Every column is a block of its own, as users give them by name; both in one thread."""
    x = data()
    kinds = ("gaussian", "poisson", "categorical")
    mixed = family_of_columns({j: kinds[j % 3] for j in range(x.shape[1])})
    passes = []
    for family, rows in ((mixed, x), (ek.DiagonalGaussian(), np.random.default_rng(1).normal(x))):
        source = ek.ArraySource(rows)
        model = ek.Mixture(family).settled(source.profile)
        passes.append((model, source, spread_start(model, source, COMPONENTS, 0)))

    def iteration(place: int) -> None:
        model, source, start = passes[place]
        with one_thread() as map_reduce:
            em = EMMap(model, source, start, map_reduce)
            em(em(start).update)

    ours, theirs, ratio = pairs(lambda: iteration(0), lambda: iteration(1), 3 if quick else 15)
    return [
        Measured(
            workload=f"{3 * EACH} columns of three families, N={ROWS:,} K={COMPONENTS}, two EM iterations",
            peer=f"{3 * EACH} normal columns",
            ratio=ratio,
            ours=ours * 1e3,
            theirs=theirs * 1e3,
            target=f"ratio >= {1 / TARGET:g}",
            met=ratio >= 1 / TARGET,
            note=f"{EACH} normal, {EACH} Poisson columns, {EACH} of three levels, each a block of its own; one thread",
        )
    ]
