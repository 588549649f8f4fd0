"""EM iterations of Gaussian mixtures that are hard on digits, beside scikit-learn's: thin directions, and a spike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture

import emkit as ek
from benchmarks.paired import Measured, pairs
from benchmarks.workloads.gaussian_iterations import BURST, Case, data, peer_at, peer_iteration
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import threads
from emkit.fitting import row_work

FLOOR = 1e-12  # thinner than any direction of the clusters of `thin_problem`: iterations alone loosen no floor
ITERATIONS = 13  # before what is measured begins
CLOSE = 1e-6  # of the log-likelihood, relative: scikit-learn adds `reg_covar` where emkit has a floor
SPIKE_ROWS = 16
Problem = tuple[np.ndarray, Any, GaussianMixture]  # rows, start, the peer at that start


def thin_problem(model: Any) -> Problem:
    """50,000 rows of 64 columns in 16 clusters x A_k, A_k standard normal / 8; from the clusters as they were drawn."""
    rng = np.random.default_rng(0)
    rows, d, k = 50_000, 64, 16
    cluster = rng.integers(k, size=rows)
    spread = rng.normal(size=(k, d, d)) / np.sqrt(d)
    x = rng.normal(size=(rows, d))
    for c in range(k):
        x[cluster == c] = x[cluster == c] @ spread[c]
    source = ek.ArraySource(x)
    (chunk,) = ek.ArraySource(x, chunk_rows=rows).chunks()
    start = model.estimated(chunk, model.even(source.profile, k), cluster)
    return x, start, peer_with(Case("full", rows, d, k, 4, 0), start, FLOOR)


def spike_problem(model: Any) -> Problem:
    """100,000 rows of 16 columns, 32 components at random rows, one of which has shrunk to the 16 rows about it."""
    case = Case("full", 100_000, 16, 32, 25, 0)
    x = data(case)
    rng = np.random.default_rng(1)
    pooled = model.family.pooled(ek.ArraySource(x).profile, case.components)
    means, covariances = x[rng.choice(len(x), case.components, replace=False)], pooled.covariances.copy()
    near = x[np.argsort(((x - means[0]) ** 2).sum(axis=1))[:SPIKE_ROWS]]
    means[0], covariances[0] = near.mean(axis=0), np.cov(near.T, bias=True) + 1e-6 * pooled.covariances[0]
    proportions = np.full(case.components, (1 - SPIKE_ROWS / len(x)) / (case.components - 1))
    proportions[0] = SPIKE_ROWS / len(x)
    start = ek.MixtureParams(proportions, ek.FullGaussianParams(means, covariances))
    return x, start, peer_with(case, start, 1e-6)


def peer_with(case: Case, start: Any, reg_covar: float) -> GaussianMixture:
    """scikit-learn's estimator standing at our start, with so much added to every variance."""
    return peer_at(case, start).set_params(reg_covar=reg_covar)


def narrowest(components: Any) -> float:
    """The largest ratio of two variances of one component, over all directions."""
    values = np.linalg.eigvalsh(components.covariances)
    return float((values[:, -1] / values[:, 0]).max())


def measure(name: str, problem: Callable[[Any], Problem], floor: float, ratio: float, count: int, burst: float) -> Measured:
    """Pairs of iterations at the place to which some iterations lead; on the way, log-likelihoods are the same (relative)."""
    model = ek.Mixture(ek.FullGaussian(floor=floor))
    x, start, peer = problem(model)
    source = ek.ArraySource(x).shared_out(row_work(start))
    off = 0.0
    with threads() as map_reduce:
        em = EMMap(model, source, start, map_reduce)
        here = em(start)
        for _ in range(ITERATIONS):
            theirs = peer_iteration(peer, x)
            off = max(off, abs(theirs - here.objective) / abs(here.objective))
            here = em(here.update)
    if off > CLOSE:
        raise AssertionError(f"{name}: log-likelihoods differ by {off:.1e} relative")
    if narrowest(here.params.components) < 1e5:
        raise AssertionError(f"{name}: no component is narrow any more, so this measures nothing")
    place = here.params

    def ours() -> None:
        with threads() as map_reduce:
            step = EMMap(model, source, place, map_reduce)
            for _ in range(3):
                step(place)

    mine, other, times = pairs(ours, lambda: peer_iteration(peer, x), count, burst)
    mine, times = mine / 3, times * 3
    fallen = model.degenerate(place, source.profile)
    return Measured(
        workload=f"{name}, an EM iteration",
        peer="scikit-learn GaussianMixture",
        ratio=times,
        ours=mine * 1e3,
        theirs=other * 1e3,
        target=f"ratio >= {ratio:g}",
        met=times >= ratio,
        note=f"log-likelihoods within {off:.0e}; components called collapsed: {len(fallen)}",
    )


def run(quick: bool) -> list[Measured]:
    """Both; the quick run takes fewer pairs."""
    pace = (2, BURST / 4) if quick else (9, BURST)
    return [
        measure("full N=50,000 d=64 K=16, badly conditioned", thin_problem, FLOOR, 4, *pace),
        measure("full N=100,000 d=16 K=32, one a spike of 16 rows", spike_problem, 1e-6, 25, *pace),
    ]
