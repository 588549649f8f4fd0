"""One EM iteration of a latent class model (12 items of 3 levels) beside StepMix's, from the same responsibilities."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable

import numpy as np

import emkit as ek
from benchmarks.paired import Measured, seconds
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import threads
from emkit.search.seeding import spread_start

ROWS, ITEMS, LEVELS, CLASSES = 20_000, 12, 3, 4
ITERATIONS = 20
TARGET = 30


def data() -> np.ndarray:
    """Independent items given one of four classes."""
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.ones(LEVELS), size=(CLASSES, ITEMS)).cumsum(axis=2)
    classes = rng.integers(CLASSES, size=ROWS)
    return (rng.random((ROWS, ITEMS, 1)) > chances[classes]).sum(axis=2).clip(max=LEVELS - 1)


def run(quick: bool) -> list[Measured]:
    """Differences of two run lengths, so that neither set-up counts."""
    from stepmix.stepmix import StepMix

    codes = data()
    model = ek.Mixture(ek.Categorical(levels=(LEVELS,) * ITEMS))
    source = ek.ArraySource(codes)
    start = spread_start(model, source, CLASSES, 0)
    passes = model.prepare(source)

    def theirs(iterations: int) -> float:
        peer = StepMix(CLASSES, measurement="categorical", max_iter=iterations, abs_tol=0, rel_tol=0, n_init=1, random_state=0)
        peer.progress_bar = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer.fit(codes)
        return float(peer.score(codes) * ROWS)

    def ours(iterations: int) -> float:
        with threads() as map_reduce:
            em = EMMap(model, passes, start, map_reduce)
            here = em(start)
            for _ in range(iterations):
                here = em(here.update)
        return here.objective

    def per_iteration(run: Callable[[int], float]) -> float:
        short, long = seconds(lambda: run(ITERATIONS)), seconds(lambda: run(3 * ITERATIONS))
        return (long - short) / (2 * ITERATIONS)

    ours(1)
    theirs(1)
    own, other = zip(*((per_iteration(ours), per_iteration(theirs)) for _ in range(2 if quick else 9)), strict=True)
    ratio = statistics.median(b / a for a, b in zip(own, other, strict=True))
    best_peer = theirs(300)
    best = ek.fit(model, source, start).log_likelihood
    if best < best_peer - 1e-3 * abs(best_peer):
        raise AssertionError(f"log-likelihoods differ: {best} and {best_peer}")
    return [
        Measured(
            workload=f"categorical, {ITEMS} items of {LEVELS} levels, N={ROWS:,} K={CLASSES}, an EM iteration",
            peer="StepMix",
            ratio=ratio,
            ours=statistics.median(own) * 1e3,
            theirs=statistics.median(other) * 1e3,
            target=f"ratio >= {TARGET:g}",
            met=ratio >= TARGET,
            note=f"log-likelihood at the end of whole fits: emkit {best:.2f}, StepMix {best_peer:.2f}",
        )
    ]
