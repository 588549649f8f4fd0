"""How often a default fit finds the best known maximum of problems on which most starts end elsewhere.

The best known maxima are those of brute force: see `benchmarks.problems`. Where components can shrink, only maxima without
slivers count (see `emkit.families.spread`), for both sides.
"""

from __future__ import annotations

import time
import warnings
from statistics import median
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture

import emkit as ek
from benchmarks.paired import Measured
from benchmarks.problems import KNOWN, OWN, Problem

SEEDS, QUICK_SEEDS, PEER_SEEDS, INIT = 20, 2, 5, 10
CLOSE = 1e-3  # of log-likelihood


def ours(problem: Problem, x: np.ndarray, seed: int) -> tuple[Any, float]:
    """The parameters of a default fit, and its log-likelihood."""
    fitted = ek.MixtureModel(problem.family, problem.components, random_state=seed).fit(x).result_
    return fitted.params, fitted.log_likelihood


def theirs(problem: Problem, x: np.ndarray, seed: int) -> tuple[Any, float]:
    """scikit-learn in standard units, from ten starts, without what its regularisation adds."""
    spread = x.std(axis=0)
    form = "full" if problem.family == ek.FullGaussian() else "diag"
    fitted = GaussianMixture(problem.components, covariance_type=form, n_init=INIT, tol=1e-9, max_iter=5000, random_state=seed)
    fitted.fit(x / spread)
    if form == "full":
        components: Any = ek.FullGaussianParams(fitted.means_ * spread, fitted.covariances_ * np.outer(spread, spread))
    else:
        components = ek.DiagonalGaussianParams(fitted.means_ * spread, fitted.covariances_ * spread**2)
    start = ek.MixtureParams(fitted.weights_, components)
    result = ek.fit(ek.Mixture(problem.family), x, start, solver="anderson")
    return result.params, result.log_likelihood


def hits(fit: Any, problem: Problem, x: np.ndarray, seeds: int) -> tuple[float, float]:
    """The share of fits that end within `CLOSE` of the best known maximum, and the median seconds of a fit."""
    found, took = 0, []
    profile = ek.ArraySource(x).profile
    for seed in range(seeds):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            params, log_likelihood = fit(problem, x, seed)
        took.append(time.perf_counter() - start)
        found += log_likelihood >= problem.best - CLOSE and not ek.Mixture(problem.family).slivers(params, profile)
    return found / seeds, median(took)


def run(quick: bool) -> list[Measured]:
    """20 seeds a problem, 5 for the peer."""
    lines, shares, peers = [], [], []
    for problem in (*KNOWN, *OWN):
        x = problem.rows()
        share, seconds = hits(ours, problem, x, QUICK_SEEDS if quick else SEEDS)
        shares.append(share)
        note = "scikit-learn does not have this family"
        peer = None
        if problem.family in (ek.FullGaussian(), ek.DiagonalGaussian()):
            other, longer = hits(theirs, problem, x, 1 if quick else PEER_SEEDS)
            peers.append((share, other))
            peer = other
            note = f"scikit-learn with n_init={INIT}, then without regularisation: {other:.0%} in {longer:.2f} s"
        lines.append(
            Measured(
                workload=f"hard search, {problem.name}, {problem.family.name}, K={problem.components}: share of hits",
                peer="scikit-learn GaussianMixture" if peer is not None else "–",
                ratio=None,
                ours=share,
                theirs=peer,
                unit="",
                note=f"median {seconds:.3f} s a fit, best known {problem.best:,.4f}; {note}",
            )
        )
    both = np.mean(peers, axis=0)
    for what, some in (("known", shares[: len(KNOWN)]), ("own", shares[len(KNOWN) :])):
        mean = float(np.mean(some))
        lines.append(
            Measured(
                workload=f"hard searches, mean share of hits over {len(some)} {what} problems",
                peer="scikit-learn GaussianMixture",
                ratio=None,
                ours=mean,
                unit="",
                target=">= 0.65",
                met=mean >= 0.65,
                note=f"of all {len(peers)} problems with normals: {both[0]:.2f}, scikit-learn {both[1]:.2f}",
            )
        )
    return lines
