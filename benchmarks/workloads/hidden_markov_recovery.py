"""Bias and error of transitions and means of a two-state normal chain at T = 1,000, beside hmmlearn's with priors off.

Data sets are those of the coverage designs, drawn from a known truth; both sides begin with their own default starts, hmmlearn
with as many iterations as it likes, and states are put in the order of their means.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.coverage import CHAIN, CHAIN_TRUTH
from benchmarks.paired import Measured

SETS, QUICK_SETS, ROWS = 200, 3, 1_000
NAMES = ("stay in the first state", "stay in the second state", "first mean", "second mean")
TRUTH = np.array([*np.diag(CHAIN_TRUTH.transitions), *CHAIN_TRUTH.components.means[:, 0]])
Numbers = np.ndarray


def ours(x: Numbers, seed: int) -> Numbers:
    """A default fit."""
    model = ek.HiddenMarkov("gaussian-diag", 2, random_state=seed).fit(x)
    return np.array([*np.diag(model.transmat_), *model.components_.means[:, 0]])


def theirs(x: Numbers, seed: int) -> Numbers:
    """hmmlearn's own starts, without priors, to the end."""
    from hmmlearn.hmm import GaussianHMM

    peer = GaussianHMM(2, "diag", covars_prior=0.0, covars_weight=0.0, n_iter=5000, tol=1e-8, random_state=seed).fit(x)
    order = np.argsort(peer.means_[:, 0])
    return np.array([*np.diag(peer.transmat_)[order], *peer.means_[order, 0]])


def estimates(fit: Callable[[Numbers, int], Numbers], sets: int) -> Numbers:
    """Of so many data sets, shape (S, 4)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.stack([fit(CHAIN.draw(CHAIN_TRUTH, np.random.default_rng([s, 7]), ROWS)[0], s) for s in range(sets)])


def run(quick: bool) -> list[Measured]:
    """200 data sets."""
    sets = QUICK_SETS if quick else SETS
    mine, other = estimates(ours, sets), estimates(theirs, sets)
    return [
        _line(name, mine[:, j] - TRUTH[j], other[:, j] - TRUTH[j], float(np.abs(mine[:, j] - other[:, j]).max()))
        for j, name in enumerate(NAMES)
    ]


def _line(name: str, mine: Any, other: Any, apart: float) -> Measured:
    error, peer = (float(np.sqrt(np.mean(off**2))) for off in (mine, other))
    return Measured(
        workload=f"recovery of a two-state normal chain, T={ROWS:,}, {len(mine)} data sets: root mean square error, {name}",
        peer="hmmlearn, priors off",
        ratio=None,
        ours=error,
        theirs=peer,
        unit="",
        note=f"bias {mine.mean():+.4f}, hmmlearn {other.mean():+.4f}; at most {apart:.1e} apart",
    )
