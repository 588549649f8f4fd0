"""Mixtures of values known up to intervals, of windows, and of times given covariates, from wild starts: no fall, no crash."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.falls import counted, wild_fall
from benchmarks.paired import Measured
from emkit.errors import EmkitError
from emkit.fitting import SOLVERS
from emkit.search.seeding import spread_start

FITS, PASSES = 500, {"censored": 30, "window": 8, "late": 8, "regression": 30}  # M-steps of windows are numeric, and long
WILD = (0.3, 1.0, 3.0)  # standard deviations of the steps from a start of rough divisions, in free coordinates
LAWS = ("exponential", "gaussian", "log-normal", "weibull", "gamma")  # that are censored, and seen through a window
REGRESSIONS: tuple[Any, ...] = (
    ek.WeibullRegression,
    ek.ExponentialRegression,
    ek.LogNormalRegression,
    ek.LogLogisticRegression,
    ek.CensoredNormalRegression,
)
KINDS = (*((kind, law) for kind in ("censored", "window", "late") for law in LAWS), *(("regression", k) for k in REGRESSIONS))


def times(rng: np.random.Generator, n: int) -> Any:
    """Two kinds of times, in units of their own (n,)."""
    return rng.weibull(1.5, n) * np.where(rng.random(n) < 0.5, 1.0, 4.0) * 10.0 ** rng.integers(-2, 3)


def known_up_to(y: Any, rng: np.random.Generator) -> Any:
    """Ends (n, 2): some times are known, some have no upper end, no lower end, or lie between rounded numbers."""
    size, how = np.median(y), rng.integers(0, 5, len(y))
    step = np.floor(y / size) * size
    begin = np.where(step > 0, step, np.nan)
    low = np.choose(how, [y, y, rng.uniform(0, 1, len(y)) * y, np.full(len(y), np.nan), begin])
    high = np.choose(how, [y, y, np.full(len(y), np.nan), rng.uniform(1, 2, len(y)) * y, step + size])
    return np.column_stack([low, high])


def drawn(kind: str, law: Any, rng: np.random.Generator) -> tuple[ek.ArraySource, Any]:
    """Rows, some with weights, and a family."""
    n = int(rng.integers(15, 60))
    y = times(rng, n)
    weights = rng.gamma(1.0, size=n) if rng.random() < 0.4 else None
    if kind == "censored":
        return ek.ArraySource(known_up_to(y, rng), weights), ek.Censored(law)
    if kind == "window":
        low, high = np.quantile(y, [0.1, 0.9])
        seen = (y >= low) & (y <= high)
        family = ek.Truncated(law, low, high if rng.random() < 0.5 else None)
        return ek.ArraySource(y[seen, None], None if weights is None else weights[seen]), family
    entry = np.where(rng.random(n) < 0.5, rng.uniform(0, 0.9, n) * y, np.nan)  # before the value, or none
    if kind == "late":
        rows = np.column_stack([known_up_to(y, rng), entry, np.full(n, np.nan)])
        rows[:, 0] = np.fmax(rows[:, 0], np.where(np.isnan(rows[:, 1]), rows[:, 2], rows[:, 0]))  # nobody leaves before that
        return ek.ArraySource(rows, weights), ek.CensoredInWindows(law)
    x = rng.normal(size=(n, 2)) * 10.0 ** rng.integers(-2, 3, 2)
    columns, ends = ["low", "high", "entry", "a", "b"], known_up_to(y, rng)
    last = np.where(np.isnan(ends[:, 1]), ends[:, 0], ends[:, 1])
    entry = np.where(entry < last, entry, np.nan)
    rows = ek.ArraySource(np.column_stack([ends, entry, x]), weights, columns)
    return rows, law("low", ("a", "b"), upper="high", entry="entry" if rng.random() < 0.5 else None)


def fall(seed: int) -> float | None:
    """The largest fall of a fit from a wild start, relative (0: none but rounding); None if it was refused."""
    rng, solver = np.random.default_rng(seed), list(SOLVERS.values())[seed // len(KINDS) % len(SOLVERS)]()
    kind, law = KINDS[seed % len(KINDS)]
    source, family = drawn(kind, law, rng)
    away = WILD[seed // len(KINDS) // len(SOLVERS) % len(WILD)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ek.Mixture(family).settled(source.profile)
            start = spread_start(model, source, int(rng.integers(1, 3)), seed)
            return wild_fall(model, source, start, away, rng, solver=solver, max_evaluations=PASSES[kind])
    except EmkitError:
        return None


def run(quick: bool) -> list[Measured]:
    """500 fits, not to their ends."""
    seen = f"{len(LAWS)} laws up to intervals, through one window and windows of rows, {len(REGRESSIONS)} regressions of times"
    note = f"{seen}; {{refused}} more were refused"
    return counted(fall, FITS, "fits of censored, truncated and survival models from wild starts", note, quick)
