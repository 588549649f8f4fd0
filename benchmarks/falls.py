"""Many fits, in none of which the objective may fall and none of which may crash: counted in the same way for all models."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from emkit.errors import EmkitError
from emkit.fitting import SOLVERS

ROUNDING = 1e-9  # relative: a fall no larger is none
QUICK_SECONDS = 4.0
WILD = (0.3, 1.0, 3.0)  # standard deviations of the steps from a start at random, in free coordinates


def worst_fall(history: Any) -> float:
    """The largest fall of the objective from one step to the next, relative; 0 if there is none but rounding."""
    objective = np.array([moment.objective for moment in history])
    worst = -float((np.diff(objective) / (1 + np.abs(objective[:-1]))).min(initial=0.0))
    return worst if worst > ROUNDING else 0.0


def wild_fall(model: Any, source: Any, start: Any, away: float, rng: np.random.Generator, **options: Any) -> float:
    """The worst fall of a fit from a point that is so many standard deviations `away` from `start`, in free coordinates."""
    coordinates = model.coordinates(start)
    there = coordinates.pack(start)
    wild = coordinates.unpack(there + away * rng.normal(size=len(there)), start)
    return worst_fall(ek.fit(model, source, wild, **options).history)


def fall_of(
    drawn: Callable[[np.random.Generator], tuple[Any, Any]], passes: int, seed: int, components: int = 1
) -> float | None:
    """The worst fall of a fit of a model and rows that are `drawn`, from a wild start, relative; None if it was refused.

    By its `seed`, it goes by one of the solvers, from one of the distances `WILD` of a start of the model at random.
    """
    rng, solver = np.random.default_rng(seed), list(SOLVERS.values())[seed % len(SOLVERS)]()
    model, source = drawn(rng)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = model.settled(source.profile)
            start = model.starts(source.profile, components, [seed])[0]
            away = WILD[seed // len(SOLVERS) % len(WILD)]
            return wild_fall(model, source, start, away, rng, solver=solver, max_evaluations=passes)
    except EmkitError:
        return None


def counted(fall: Callable[[int], float | None], fits: int, what: str, note: str, quick: bool) -> list[Measured]:
    """So many `fits` of seeds 0, 1, ... (in quick runs, as many as some seconds allow): how many fell, and how many crashed.

    `fall(seed)` is the worst fall of a fit, or None if it was refused in words; whatever else it raises is a crash.
    """
    start, falls, refused, crashed = time.perf_counter(), [], 0, 0
    for seed in count():
        try:
            fallen = fall(seed)
        except Exception:  # noqa: BLE001
            crashed += 1
            continue
        if fallen is None:
            refused += 1
        else:
            falls.append(fallen)
        if len(falls) >= fits or (quick and time.perf_counter() - start > QUICK_SECONDS):
            break
    found = {"fits with a fall of the objective": sum(value > 0 for value in falls), "crashes": crashed}
    return [
        Measured(
            workload=f"{len(falls):,} {what}: {counts}",
            peer="–",
            ratio=None,
            ours=float(number),
            unit="fits",
            target="0",
            met=number == 0,
            note=note.format(refused=refused),
        )
        for counts, number in found.items()
    ]
