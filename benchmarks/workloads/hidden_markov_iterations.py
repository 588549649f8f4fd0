"""One EM iteration of a hidden Markov model with full covariances, beside hmmlearn's, scaled and in logarithms.

One long sequence, and many; one thread, and two.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured, pairs
from benchmarks.workloads.gaussian_iterations import BURST
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import one_thread, threads
from emkit.core.protocols import Executor
from emkit.fitting import row_work

ROWS, COLUMNS, STATES = 200_000, 2, 5
SEQUENCES = {"one sequence": 1, "200 sequences": 200}
STAY = 0.9
TARGETS = {("scaling", 1): 10, ("log", 1): 25, ("scaling", 2): 15, ("log", 2): 40}  # by implementation and threads


def params() -> Any:
    """States that overlap a little."""
    transitions = np.full((STATES, STATES), (1 - STAY) / (STATES - 1)) + (STAY - (1 - STAY) / (STATES - 1)) * np.eye(STATES)
    means = np.random.default_rng(0).normal(0, 3, (STATES, COLUMNS))
    components = ek.FullGaussianParams(means, np.stack([np.eye(COLUMNS)] * STATES))
    return ek.HiddenMarkovParams(np.full(STATES, 1 / STATES), transitions, components)


def run(quick: bool) -> list[Measured]:
    """Both begin at the parameters that the rows are drawn from."""
    model, start = ek.HiddenMarkovChain(ek.FullGaussian()), params()
    x, _ = model.draw(start, np.random.default_rng(1), ROWS)
    found = []
    for name, number in SEQUENCES.items():
        lengths = [ROWS // number] * number
        source = ek.ArraySource(x, groups=np.repeat(np.arange(number), lengths))
        for kind, used in TARGETS:
            executor: Executor = one_thread if used == 1 else partial(threads, used)
            passes = model.prepare(source).shared_out(row_work(start))
            ours, theirs, ratio = pairs(
                partial(_step, model, passes, start, executor), _hmmlearn(kind, x, lengths, start), 3 if quick else 9, BURST
            )
            target = TARGETS[kind, used]
            found.append(
                Measured(
                    workload=f"hidden Markov EM iteration, {name}, N={ROWS:,} d={COLUMNS} K={STATES}, {used} thread(s)",
                    peer=f"hmmlearn {kind}",
                    ratio=ratio,
                    ours=ours * 1e3,
                    theirs=theirs * 1e3,
                    target=f"ratio >= {target}",
                    met=ratio >= target,
                )
            )
    return found


def _step(model: Any, source: Any, start: Any, executor: Executor) -> None:
    with executor() as map_reduce:
        EMMap(model, source, start, map_reduce)(start)


def _hmmlearn(implementation: str, x: np.ndarray, lengths: list[int], start: Any) -> Callable[[], None]:
    """One iteration of the peer from the same parameters, priors off."""
    from hmmlearn.hmm import GaussianHMM

    def iteration() -> None:
        peer = GaussianHMM(
            STATES,
            "full",
            covars_prior=0.0,
            covars_weight=0.0,
            n_iter=1,
            tol=0.0,
            init_params="",
            implementation=implementation,
        )
        peer.startprob_, peer.transmat_, peer.n_features = start.initial, start.transitions, COLUMNS
        peer.means_, peer.covars_ = start.components.means, start.components.covariances
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer.fit(x, lengths)

    return iteration
