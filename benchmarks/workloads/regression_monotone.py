"""Mixtures of regressions from wild starts: the objective must never fall, and nothing may crash."""

from __future__ import annotations

import time
import warnings
from itertools import count
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.paired import Measured
from benchmarks.workloads.monotone import QUICK_SECONDS
from emkit.errors import EmkitError
from emkit.fitting import SOLVERS
from emkit.search.seeding import spread_start

FITS, PASSES = 500, 40
WILD = (0.5, 3.0, 10.0)  # steps that move predictors by about 1, from a start of rough lines
ROUNDING = 1e-9  # relative: a fall no larger is none
LAWS = ("normal", "poisson", "binomial", "gamma", "zero-truncated", "zero-inflated", "hurdle")


def regression(law: str, offset: str | None, shared: tuple[str, ...]) -> Any:
    """The regression of y on some of a, b and c."""
    given: dict[str, Any] = {"offset": offset, "shared": shared}
    own = tuple(name for name in "abc" if name not in shared)
    if law == "normal":
        return ek.NormalRegression("y", own, **given)
    if law == "binomial":
        return ek.BinomialRegression("y", own, trials=12, **given)
    if law == "gamma":
        return ek.GammaRegression("y", own, **given)
    counts = ek.PoissonRegression("y", own, **given)
    return ek.ZeroTruncatedRegression(counts) if law in ("zero-truncated", "hurdle") else counts


def drawn(law: str, rng: np.random.Generator) -> tuple[ek.ArraySource, Any]:
    """Rows of two lines in units of their own, some with weights; and a family of some components."""
    n = int(rng.integers(20, 80))
    x = rng.normal(size=(n, 3))
    eta = 0.5 + (x * rng.normal(size=(2, 3))[rng.integers(2, size=n)]).sum(axis=1) * 0.7
    mean = np.exp(np.clip(eta, -5, 5))
    counts = rng.poisson(mean).astype(float)
    y = {
        "normal": lambda: eta + 0.3 * rng.normal(size=n),
        "binomial": lambda: rng.binomial(12, 1 / (1 + np.exp(-eta))),
        "gamma": lambda: rng.gamma(3.0, mean / 3.0),
        "zero-truncated": lambda: counts + 1,
        "zero-inflated": lambda: np.where(rng.random(n) < 0.3, 0.0, counts),
        "hurdle": lambda: np.where(rng.random(n) < 0.3, 0.0, counts),
    }.get(law, lambda: counts)()
    scaled = x * 10.0 ** rng.integers(-4, 5, 3) + 10.0 ** rng.integers(-1, 4)
    source = ek.ArraySource(
        np.column_stack([y, scaled, rng.normal(size=n) * 0.3]),
        rng.gamma(1.0, size=n) if rng.random() < 0.4 else None,
        ["y", "a", "b", "c", "o"],
    )
    family = regression(law, "o" if rng.random() < 0.3 else None, ("c",) if rng.random() < 0.3 else ())
    return source, family


def fall(seed: int) -> float | None:
    """The largest fall of a fit from a wild start, relative (0: none but rounding); None if it was refused."""
    rng, law, solver = np.random.default_rng(seed), LAWS[seed % len(LAWS)], list(SOLVERS.values())[seed % len(SOLVERS)]()
    source, family = drawn(law, rng)
    number = int(rng.integers(1, 4))
    if law in ("zero-inflated", "hurdle"):
        family, number = ek.PerComponent((family, number), ek.ExactZeros("y")), number + 1
    gated = number > 1 and rng.random() < 0.3
    model: Any = ek.GatedMixture(family, "b") if gated else ek.Mixture(family)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = model.settled(source.profile)
            start = spread_start(model, source, number, seed)
            coordinates = model.coordinates(start)
            there = coordinates.pack(start)
            wild = coordinates.unpack(there + WILD[seed % len(WILD)] * rng.normal(size=len(there)), start)
            history = ek.fit(model, source, wild, solver=solver, max_evaluations=PASSES).history
    except EmkitError:
        return None
    objective = np.array([moment.objective for moment in history])
    worst = -float((np.diff(objective) / (1 + np.abs(objective[:-1]))).min(initial=0.0))
    return worst if worst > ROUNDING else 0.0


def run(quick: bool) -> list[Measured]:
    """500 fits in whole runs; as many as fit into a few seconds in quick ones. Whatever is no refusal is a crash."""
    start, fits, refused, crashed = time.perf_counter(), [], 0, 0
    for seed in count():
        try:
            fallen = fall(seed)
        except Exception:  # noqa: BLE001
            crashed += 1
            continue
        if fallen is None:
            refused += 1
        else:
            fits.append(fallen)
        if len(fits) >= FITS or (quick and time.perf_counter() - start > QUICK_SECONDS):
            break
    found = {"fits with a fall of the objective": sum(value > 0 for value in fits), "crashes": crashed}
    return [
        Measured(
            workload=f"{len(fits):,} fits of mixtures of regressions from wild starts: {what}",
            peer="–",
            ratio=None,
            ours=float(number),
            unit="fits",
            target="0",
            met=number == 0,
            note=f"{len(LAWS)} laws, with gates, shared slopes, offsets and weights; {refused} more were refused",
        )
        for what, number in found.items()
    ]
