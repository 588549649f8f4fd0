"""Default fits of wide and of gridded data: what they cost follows from the rank of the data and from its distinct rows.

CPU time of one thread, beside scikit-learn with as many starts as emkit tries. What is reached is compared as well: where every
value can have a spike of its own, that is known in closed form.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

import emkit as ek
from benchmarks.paired import Measured

STARTS, FLOOR = 20, 1e-6
TIMES = 5


def gridded() -> np.ndarray:
    """8,000 values on 25 points."""
    return np.clip(np.round(np.random.default_rng(0).normal(0, 1.2, 8_000) / 0.25) * 0.25, -3, 3)[:, None]


def closed_form(x: np.ndarray) -> float:
    """The log-likelihood of a spike on every value, as narrow as the floor allows."""
    counts = np.unique(x, return_counts=True)[1]
    return float((counts * np.log(counts / len(x))).sum() - len(x) / 2 * np.log(2 * np.pi * FLOOR * x.var()))


def normal(rows: int, columns: int) -> np.ndarray:
    """Rows without structure."""
    return np.random.default_rng(0).normal(size=(rows, columns))


# name, rows, components, form, CPU seconds at most
PROBLEMS: list[tuple[str, Callable[[], np.ndarray], int, str, float | None]] = [
    ("4 x 100, K=2, full", lambda: normal(4, 100), 2, "full", 0.2),
    ("4 x 1,000, K=2, full", lambda: normal(4, 1_000), 2, "full", 3.0),
    ("29 x 300, K=2, tied", lambda: normal(29, 300), 2, "tied", None),
    ("29 x 3,000, K=2, diag", lambda: normal(29, 3_000), 2, "diag", None),
    ("8,000 gridded values, K=10", gridded, 10, "full", 1.0),
    ("8,000 gridded values, K=25", gridded, 25, "full", 1.0),
]


def cpu_seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """The CPU time of one call, and what it returns."""
    start = time.process_time()
    found = run()
    return time.process_time() - start, found


def measure(name: str, x: np.ndarray, k: int, form: str, most: float | None, times: int) -> Measured:
    """Pairs of fits in turn; ours ends at a log-likelihood that the note compares."""
    mine, other, reached = [], [], 0.0
    for _ in range(times):
        taken, fitted = cpu_seconds(lambda: ek.GaussianMixture(k, covariance_type=form, random_state=0).fit(x))
        mine.append(taken)
        reached = fitted.result_.log_likelihood
        other.append(cpu_seconds(lambda: GaussianMixture(k, covariance_type=form, random_state=0, n_init=STARTS).fit(x))[0])
    note = f"log-likelihood {reached:.2f}"
    if k == len(np.unique(x)):
        note += f"; a spike on every value has {closed_form(x):.2f}"
    return Measured(
        workload=f"default fit in CPU time, {name}",
        peer=f"scikit-learn GaussianMixture, n_init={STARTS}",
        ratio=statistics.median(b / a for a, b in zip(mine, other, strict=True)),
        ours=statistics.median(mine) * 1e3,
        theirs=statistics.median(other) * 1e3,
        target=f"<= {most:g} s" if most is not None else "",
        met=statistics.median(mine) <= most if most is not None else None,
        note=note,
    )


def run(quick: bool) -> list[Measured]:
    """Every problem; quick runs leave out the largest."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        ek.GaussianMixture(2).fit(normal(30, 2))  # what is imported on first use
        some = [problem for problem in PROBLEMS if not quick or problem[1]().shape[1] <= 100]
        return [measure(name, make(), k, form, most, 1 if quick else TIMES) for name, make, k, form, most in some]
