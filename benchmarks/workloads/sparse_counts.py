"""Random sparse counts, most of whose rates are next to nothing, beside an independent EM that begins at the truth."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import gammaln, logsumexp

import emkit as ek
from benchmarks.paired import Measured
from emkit.errors import EmkitError

ROWS, EACH, STEPS = 400, 125, 3_000
SHAPES = [(k, columns) for k in (2, 3) for columns in (10, 20)]


def counts(k: int, columns: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and the rates (k, columns) that they were drawn from, which come from a gamma(0.3, 1)."""
    rng = np.random.default_rng([k, columns, seed])
    rates = rng.gamma(0.3, 1, (k, columns))
    return rng.poisson(rates[rng.integers(k, size=ROWS)]).astype(float), rates


def from_the_truth(x: np.ndarray, rates: np.ndarray) -> float:
    """The log-likelihood that EM in NumPy comes to."""
    proportions, rates = np.full(len(rates), 1 / len(rates)), np.maximum(rates, 1e-300)
    before = -np.inf
    for _ in range(STEPS):
        joint = np.log(proportions) + x @ np.log(rates).T - rates.sum(axis=1) - gammaln(x + 1).sum(axis=1)[:, None]
        rows = logsumexp(joint, axis=1)
        if rows.sum() - before < 1e-10:
            break
        before = float(rows.sum())
        shares = np.exp(joint - rows[:, None])
        proportions, rates = shares.mean(axis=0), np.maximum(shares.T @ x / shares.sum(axis=0)[:, None], 1e-300)
    return before


def run(quick: bool) -> list[Measured]:
    """125 fits of each of four shapes (3 in quick runs)."""
    refused = unsettled = below = fits = 0
    for k, columns in SHAPES:
        for seed in range(3 if quick else EACH):
            x, rates = counts(k, columns, seed)
            fits += 1
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    result = ek.MixtureModel("poisson", k, random_state=seed).fit(x).result_
            except EmkitError:
                refused += 1
                continue
            unsettled += not result.converged
            below += result.log_likelihood < from_the_truth(x, rates) - 1e-6
    shapes = ", ".join(f"K={k} with {columns} columns" for k, columns in SHAPES)
    return [
        Measured(
            workload=f"{fits} random sparse-count fits: {what}",
            peer="EM in NumPy from the truth",
            ratio=None,
            ours=float(number),
            unit="fits",
            target="0",
            met=number == 0,
            note=f"{ROWS} rows, {shapes}; rates from a gamma(0.3, 1)",
        )
        for what, number in (("refused", refused), ("not converged", unsettled), ("below the peer", below))
    ]
