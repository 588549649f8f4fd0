"""The structural examples of StepMix's documentation, whole fits: classes behind six binary items, and what goes with them.

The data are those that StepMix simulates for its examples (Bakk & Kuha 2018): an outcome that is normal of variance 1 in each
class (the example of `StepMix` itself, three steps), and a covariate on which classes depend, in one step and in three.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured, pairs

ROWS, CLASSES, SEPARATION, SEED = 1_000, 3, 0.7, 42
STARTS = 1  # as there
TARGET = 10.0
SAME = 0.01  # of log-likelihood, by which emkit may be lower; of several steps, the two tell it of different models


def run(quick: bool) -> list[Measured]:
    """Both begin from as many starts of their own."""
    from stepmix.datasets import data_bakk_covariate, data_bakk_response

    found = []
    for name, simulate, given, peer, options in (
        ("an outcome, three steps", data_bakk_response, "outcomes", "gaussian_unit", {"steps": 3, "correction": None}),
        ("a covariate, one step", data_bakk_covariate, "predictors", "covariate", {"steps": 1}),
        ("a covariate, three steps with ML", data_bakk_covariate, "predictors", "covariate", {"steps": 3, "correction": "ML"}),
    ):
        items, beside, _ = simulate(n_samples=ROWS, sep_level=SEPARATION, random_state=SEED)
        ours = _ours(items, beside, given, options)
        theirs = _theirs(items, beside, peer, options)
        reached = ours(), theirs()
        whole = options["steps"] == 1
        mine, other, ratio = pairs(ours, theirs, 1 if quick else 5)
        found.append(
            Measured(
                workload=f"latent classes and {name}, N={ROWS:,} x 6 items, K={CLASSES}, {STARTS} start",
                peer="StepMix",
                ratio=ratio,
                ours=mine * 1e3,
                theirs=other * 1e3,
                target=f"ratio >= {TARGET:g}" + (", log-likelihood no lower" if whole else ""),
                met=ratio >= TARGET and (not whole or reached[0] >= reached[1] - SAME),
                note=f"log-likelihoods {reached[0]:.3f} and {reached[1]:.3f}" if whole else "",
            )
        )
    return found


def _ours(items: np.ndarray, beside: np.ndarray, given: str, options: dict[str, Any]) -> Callable[[], float]:
    frame = {f"item {j}": column for j, column in enumerate(items.T.astype(int))} | {"z": beside[:, 0].astype(float)}
    role = {given: "z" if given == "outcomes" else "~ z"}

    def fit() -> float:
        model = ek.LatentClass(CLASSES, n_init=STARTS, random_state=0, n_jobs=1, **role, **options).fit(frame)
        return float(model.result_.log_likelihood)

    return fit


def _theirs(items: np.ndarray, beside: np.ndarray, structural: str, options: dict[str, Any]) -> Callable[[], float]:
    from stepmix.stepmix import StepMix

    def fit() -> float:
        model = StepMix(
            n_components=CLASSES,
            n_steps=options["steps"],
            correction=options.get("correction"),
            measurement="binary",
            structural=structural,
            n_init=STARTS,
            random_state=SEED,
            progress_bar=0,
            structural_params={"method": "newton-raphson", "max_iter": 1} if structural == "covariate" else {},
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(items, beside)
        return float(model.score(items, beside) * ROWS)

    return fit
