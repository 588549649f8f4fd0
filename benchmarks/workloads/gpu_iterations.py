"""One EM iteration of a Gaussian mixture on a graphics card, beside scikit-learn's on torch: same start, same log-likelihood.

Without a card both work on torch's processor, over a hundredth of the rows, which shows that this runs and nothing else;
without torch nothing is measured. scikit-learn asks for SCIPY_ARRAY_API=1 before SciPy is loaded, so all is done in a new
process.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.mixture import GaussianMixture

import emkit as ek
from benchmarks.paired import Measured, pairs
from benchmarks.workloads.gaussian_iterations import CHECKED_ITERATIONS, Case, data, peer_at, peer_iteration
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import threads
from emkit.search.seeding import spread_start

RATIO = 3.0
CASES = tuple(
    Case("full", rows, columns, components, RATIO, 0.0)
    for rows, columns, components in ((4_000_000, 8, 8), (1_000_000, 2, 4), (400_000, 64, 16))
)
FEWER = 100  # times as few rows without a card
AS_HERE = 1e-10  # of the log-likelihood: how far a device may be from the processor
IN_A_ROW = 10  # iterations of one call


def peer_on(device: str, case: Case, start: Any) -> GaussianMixture:
    """scikit-learn's estimator at our start, with its parameters on the device."""
    import torch

    peer = peer_at(case, start)
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        setattr(peer, name, torch.tensor(np.ascontiguousarray(getattr(peer, name)), device=device))
    return peer


def finished(device: str) -> None:
    """Wait for what a card has been asked to do."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def measure(case: Case, device: str, count: int) -> Measured:
    """Pairs of iterations on the device, the rows of both on it already. Errors: AssertionError where likelihoods differ."""
    import torch

    x = data(case)
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(x)
    start = spread_start(model, source, case.components, 0)
    with config_context(array_api_dispatch=True), ek.Torch(device)() as there, threads() as here:
        rows = torch.tensor(x, device=device)
        peer = peer_on(device, case, start)
        em, beside = (EMMap(model, source, start, map_reduce) for map_reduce in (there, here))
        state = em(start)
        for _ in range(CHECKED_ITERATIONS):
            check(case, "scikit-learn's", state.objective, peer_iteration(peer, rows), 1e-9)
            check(case, "the processor's", state.objective, beside(state.params).objective, AS_HERE)
            state = em(state.update)

        def ours() -> None:
            nonlocal state
            for _ in range(IN_A_ROW):
                state = em(state.update)

        def theirs() -> None:
            for _ in range(IN_A_ROW):
                peer_iteration(peer, rows)
            finished(device)

        mine, other, ratio = pairs(ours, theirs, count)
        return Measured(
            workload=f"full N={case.rows:,} d={case.columns} K={case.components}, an EM iteration on {device!r} of torch",
            peer="scikit-learn GaussianMixture, array API on torch",
            ratio=ratio,
            ours=mine / IN_A_ROW * 1e3,
            theirs=other / IN_A_ROW * 1e3,
        )


def check(case: Case, whose: str, ours: float, theirs: float, most: float) -> None:
    """Errors: AssertionError if two log-likelihoods differ by more than so much of them."""
    off = abs(theirs - ours) / abs(ours)
    if off > most:
        raise AssertionError(f"{case}: {whose} log-likelihood differs by {off:.1e} relative")


def run(quick: bool) -> list[Measured]:
    """Every case, on a card if there is one."""
    if find_spec("torch") is None:
        return [Measured("EM iterations on a card", "scikit-learn on torch", None, note="not measured: torch is not installed")]
    os.environ["SCIPY_ARRAY_API"] = "1"
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(measured, 2 if quick else 9).result()
    finally:
        del os.environ["SCIPY_ARRAY_API"]


def measured(count: int) -> list[Measured]:
    """The same, in a process in which SciPy takes other arrays than NumPy's."""
    import torch

    if torch.cuda.is_available():
        goal = f"ratio >= {RATIO:g}, log-likelihood of the processor to {AS_HERE:g}"
        found = [measure(case, "cuda", count) for case in CASES]
        name = torch.cuda.get_device_name()
        return [replace(line, target=goal, met=bool((line.ratio or 0.0) >= RATIO), note=f"on {name}") for line in found]
    note = "no card here: this shows that the benchmark runs, and is no measurement of a card"
    return [replace(measure(replace(case, rows=case.rows // FEWER), "cpu", count), note=note) for case in CASES]
