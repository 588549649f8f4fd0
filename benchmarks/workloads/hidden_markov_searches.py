"""How often a default fit finds the best known maximum of hidden Markov chains of which most starts end elsewhere.

The best known maxima are the highest sound ones that any of our searches has reached, with moves or without; none is known to
be the highest there is.
"""

from __future__ import annotations

import time
import warnings
from statistics import median

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from benchmarks.problems import DATA, Problem, csv

SEEDS, QUICK_SEEDS = 20, 2
CLOSE = 1e-3  # of log-likelihood


def quakes() -> np.ndarray:
    """Major earthquakes of each year, 1900 to 2006."""
    return csv(DATA / "earthquakes.csv")[:, 1:]


def drawn(family: str, components: ek.Parameters, stay: float, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of five states that are left with equal probabilities."""
    start, move = np.full(5, 0.2), np.full((5, 5), (1 - stay) / 4) + (stay - (1 - stay) / 4) * np.eye(5)
    truth = ek.HiddenMarkovParams(start, move, components)
    return ek.HiddenMarkovChain(family).draw(truth, rng, rows)[0]


def overlapping() -> np.ndarray:
    """300 rows of five normal states that overlap."""
    rng = np.random.default_rng(33)
    means = rng.normal(0, 1.2, (5, 2))
    covariances = np.eye(2) * np.array([0.3, 0.6, 0.6, 1.0, 1.5])[:, None, None]
    return drawn("gaussian", ek.FullGaussianParams(means, covariances), 0.88, 300, rng)


def counts() -> np.ndarray:
    """250 rows of two counts, from five states."""
    rng = np.random.default_rng(31)
    return drawn("poisson", ek.PoissonParams(rng.gamma(2.0, 3.0, (5, 2))), 0.8, 250, rng)


def returns() -> np.ndarray:
    """The first 600 daily returns of the DAX."""
    return csv(DATA / "dax_returns.csv")[:600]


PROBLEMS = [
    Problem("earthquakes", quakes, ek.Poisson(), 4, -326.28502),
    Problem("earthquakes", quakes, ek.Poisson(), 5, -324.10513),
    Problem("five overlapping states", overlapping, ek.FullGaussian(), 5, -734.79348),
    Problem("five states of counts", counts, ek.Poisson(), 5, -1224.66144),
    Problem("daily returns", returns, ek.FullGaussian(), 4, -689.69327),
]


def run(quick: bool) -> list[Measured]:
    """20 seeds a problem."""
    return [_measured(problem, QUICK_SEEDS if quick else SEEDS) for problem in PROBLEMS]


def _measured(problem: Problem, seeds: int) -> Measured:
    x, heights, took = problem.rows(), [], []
    for seed in range(seeds):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = ek.HiddenMarkov(problem.family, problem.components, random_state=seed).fit(x)
        took.append(time.perf_counter() - start)
        sound = not (fitted.degenerate_ or fitted.model_.slivers(fitted.params_, fitted.result_.source.profile))
        heights.append(fitted.result_.log_likelihood if sound else -np.inf)
    return Measured(
        workload=f"hard search of a chain, {problem.name}, {problem.family.name}, K={problem.components}: share of hits",
        peer="–",
        ratio=None,
        ours=float(np.mean(np.array(heights) >= problem.best - CLOSE)),
        unit="",
        note=f"median {median(took):.3f} s a fit, best known {problem.best:,.4f}; median height {median(heights):,.4f}",
    )
