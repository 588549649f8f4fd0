"""Mixtures of regressions beside loops in NumPy, on 100,000 rows: an EM iteration, and whole fits from the same start.

The loops are as one would write them: softmax, then reweighted least squares in each class, one step of it or all until the
coefficients settle. The normal regression is held against emkit's own plain road. Times are of the processor, on one thread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.special import gammaln

import emkit as ek
from benchmarks.paired import Measured
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import one_thread
from emkit.fitting import row_work

ROWS, COVARIATES, CLASSES = 100_000, 5, 3
SETTLED = 1e-8  # of coefficients, where reweighted least squares ends
GAIN = 1e-5  # of log-likelihood by an EM step, where the loop ends
SAME = 0.01  # of log-likelihood, between its end and emkit's
ITERATION, WHOLE_FIT, NORMAL = 2.0, 10.0, 8.0  # targets
CALLS = 5  # of an iteration that are one measurement


def lines() -> np.ndarray:
    """Coefficients (K, 1 + p) of classes that overlap."""
    return np.column_stack([[0.0, 1.0, 2.0], np.random.default_rng(1).normal(0, 0.3, (CLASSES, COVARIATES))])


def data(draw: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> np.ndarray:
    """A response in front of its covariates, each row of one class."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, COVARIATES))
    b = lines()[rng.integers(CLASSES, size=ROWS)]
    return np.column_stack([draw(rng, b[:, 0] + (x * b[:, 1:]).sum(axis=1)), x]).astype(float)


def irls(rows: np.ndarray, proportions: np.ndarray, b: np.ndarray, whole: bool) -> tuple[np.ndarray, np.ndarray, float]:
    """One EM iteration of a mixture of Poisson regressions, with one step of reweighted least squares or all of them."""
    y, design = rows[:, 0], np.column_stack([np.ones(len(rows)), rows[:, 1:]])
    predictors = design @ b.T
    means = np.exp(predictors)
    joint = np.log(proportions) + y[:, None] * predictors - means
    highest = joint.max(axis=1, keepdims=True)
    shares = np.exp(joint - highest)
    total = shares.sum(axis=1, keepdims=True)
    shares /= total
    found = b.copy()
    for k in range(len(b)):
        mean = means[:, k]
        for _ in range(50 if whole else 1):
            weighted = design * (shares[:, k] * mean)[:, None]
            step = np.linalg.solve(weighted.T @ design, design.T @ (shares[:, k] * (y - mean)))
            found[k] += step
            if not whole or np.abs(step).max() < SETTLED:
                break
            mean = np.exp(design @ found[k])
    return shares.mean(axis=0), found, float((highest + np.log(total)).sum())


def loop(rows: np.ndarray, b: np.ndarray) -> float:
    """EM until a step gains next to nothing; the log-likelihood that it reaches."""
    proportions, constant, last = np.full(CLASSES, 1 / CLASSES), float(gammaln(rows[:, 0] + 1).sum()), -np.inf
    while True:
        proportions, b, height = irls(rows, proportions, b, whole=True)
        if height - last < GAIN:
            return height - constant
        last = height


def processor(run: Callable[[], Any], calls: int = 1) -> float:
    """Processor time of a call, in seconds, as the mean of several in a row."""
    start = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - start) / calls


def paired(ours: Callable[[], Any], theirs: Callable[[], Any], count: int, calls: int = 1) -> tuple[float, float, float]:
    """As `pairs`, of processor time."""
    ours(), theirs()
    each = [(processor(ours, calls), processor(theirs, calls)) for _ in range(count)]
    mine, other = (statistics.median(times) for times in zip(*each, strict=True))
    return mine, other, statistics.median(slow / fast for fast, slow in each)


def step(model: Any, source: Any, start: Any) -> Any:
    """One EM iteration."""
    with one_thread() as map_reduce:
        return EMMap(model, source, start, map_reduce)(start)


def plain_step(model: Any, source: Any, start: Any) -> Any:
    """The same along the plain road."""
    with one_thread() as map_reduce:
        found = map_reduce(partial(model.plain_e_step, start), source)
        return model.m_step(found.statistics, start)


def prepared(family: Any, rows: np.ndarray, start: Any) -> tuple[Any, Any]:
    """The model and the chunks as a fit has them."""
    source = ek.ArraySource(rows)
    model = ek.Mixture(family).settled(source.profile)
    return model, model.prepare(source).shared_out(row_work(start))


def run(quick: bool) -> list[Measured]:
    """Poisson: an iteration and a whole fit; normal: an iteration."""
    count, places = 3 if quick else 9, tuple(range(1, 1 + COVARIATES))
    size = f"N={ROWS:,} x {COVARIATES}, K={CLASSES}"
    counts = data(lambda rng, eta: rng.poisson(np.exp(eta)))
    b = lines() + 0.1
    proportions = np.full(CLASSES, 1 / CLASSES)
    family, start = ek.PoissonRegression(0, places), ek.MixtureParams(proportions, ek.RegressionParams(b))
    model, source = prepared(family, counts, start)
    found = [
        _measured(
            f"Poisson regression {size}, an EM iteration, CPU",
            "a one-step IRLS loop in NumPy",
            paired(partial(step, model, source, start), partial(irls, counts, proportions, b, False), count, CALLS),
            ITERATION,
        )
    ]
    reached: dict[str, float] = {}

    def ours() -> None:
        with one_thread():
            reached["emkit"] = ek.fit(ek.Mixture(family), counts, start, solver="anderson", n_jobs=1).log_likelihood

    def theirs() -> None:
        reached["loop"] = loop(counts, b)

    times = paired(ours, theirs, 1 if quick else 5)
    if abs(reached["emkit"] - reached["loop"]) > SAME:
        raise AssertionError(f"other maxima: {reached}")
    note = f"log-likelihoods {reached['emkit']:.4f} and {reached['loop']:.4f}"
    found.append(
        _measured(
            f"Poisson regression {size}, a whole fit, CPU", "NumPy, IRLS to its end in every M-step", times, WHOLE_FIT, note
        )
    )
    amounts = data(lambda rng, eta: eta + rng.normal(size=len(eta)))
    normal = ek.NormalRegressionParams(b, np.ones(CLASSES))
    start = ek.MixtureParams(proportions, normal)
    model, source = prepared(ek.NormalRegression(0, places), amounts, start)
    times = paired(partial(step, model, source, start), partial(plain_step, model, source, start), count, CALLS)
    found.append(_measured(f"normal regression {size}, an EM iteration, CPU", "emkit's plain road, in NumPy", times, NORMAL))
    return found


def _measured(workload: str, peer: str, times: tuple[float, float, float], target: float, note: str = "") -> Measured:
    ours, theirs, ratio = times
    return Measured(
        workload=workload,
        peer=peer,
        ratio=ratio,
        ours=ours * 1e3,
        theirs=theirs * 1e3,
        target=f"ratio >= {target:g}",
        met=ratio >= target,
        note=note,
    )
