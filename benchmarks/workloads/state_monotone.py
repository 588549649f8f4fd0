"""State spaces from wild starts: the objective must never fall, and nothing may crash."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.falls import counted, fall_of
from benchmarks.paired import Measured

FITS, PASSES = 500, 60


def _free(d: int) -> ek.StateSpace:
    """Two states, of which all is estimated that columns can tell."""
    seen = np.vstack([np.eye(2), np.full((d, 2), np.nan)])[:d]
    return ek.StateSpace(np.full((2, 2), np.nan), seen, state_noise=np.full((2, 2), np.nan), start_covariance=[1.0, 2.0])


def _begun(d: int) -> ek.StateSpace:
    """States of their own, one for each column, of which means and variances of the starts are estimated."""
    free = np.full(d, np.nan)
    return ek.StateSpace(np.diag(free), np.eye(d), start_mean=free, start_covariance=free)


def _tied(d: int) -> ek.TiedStateSpace:
    """A level for each column; levels move alike, and are seen with errors of one size."""
    return ek.TiedStateSpace(np.eye(d), np.eye(d), state_noise=["q"] * d, noise=["r"] * d)


OF_ONE: tuple[Callable[[], Any], ...] = (
    ek.local_level,
    lambda: ek.local_level(4),
    lambda: ek.local_level(autoregression=1),
    ek.local_linear_trend,
    lambda: ek.arma(2),
    lambda: ek.arma(1, 1),
    lambda: ek.arma(2, 1, noise=None),
)
OF_SOME: tuple[Callable[[int], Any], ...] = (ek.dynamic_factor, lambda d: ek.dynamic_factor(d, 2), _free, _begun, _tied)


def drawn(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """A model, with inputs or none, and series that wander and are seen with errors, some with gaps and weights."""
    d = int(rng.choice([1, 3]))
    model = (OF_ONE[int(rng.integers(len(OF_ONE)))]() if d == 1 else OF_SOME[int(rng.integers(len(OF_SOME)))](d)).driven(
        ("rain",) * int(rng.integers(0, 2))
    )
    series = int(rng.integers(1, 5))
    lengths = rng.integers(8, 60, series)
    n, belongs = int(lengths.sum()), np.repeat(np.arange(series), lengths)
    steps = rng.normal(size=(n, 2)) * rng.choice([0.0, 0.3, 2.0], 2)  # some states move not at all: an estimate on the edge
    moves = np.vstack([np.cumsum(steps[belongs == one], axis=0) for one in range(series)])
    x = moves @ rng.normal(size=(2, d)) + rng.choice([0.1, 1.0]) * rng.normal(size=(n, d)) + rng.normal(size=d)
    x = x * 10.0 ** rng.integers(-3, 4) if rng.random() < 0.5 else x * 10.0 ** rng.integers(-2, 3, d)
    x[rng.random((n, d)) < rng.choice([0.0, 0.0, 0.1, 0.3])] = np.nan
    rows = np.column_stack([x, rng.normal(size=(n, len(model.inputs or ())))])
    weights = rng.gamma(1.0, size=series)[belongs] if rng.random() < 0.3 else None
    return model, ek.ArraySource(rows, weights, groups=belongs)


fall = partial(fall_of, drawn, PASSES)


def run(quick: bool) -> list[Measured]:
    """500 fits, not to their ends."""
    note = "levels, trends, seasons, ARMA, factors, free and tied entries, inputs, gaps, weights; {refused} more were refused"
    return counted(fall, FITS, "fits of state spaces from wild starts", note, quick)
