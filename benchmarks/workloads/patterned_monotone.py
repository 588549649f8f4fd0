"""Factors and abilities of which zeros say what each column tells, from wild starts: none may fall, and nothing may crash."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import emkit as ek
from benchmarks.falls import counted, fall_of
from benchmarks.paired import Measured

FITS, PASSES = 500, 40
LETTERS = "abcdefghijklmnop"


def _factors(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """Two factors, correlated or not, of three or four tests each, in units of their own, some of which tell both factors."""
    each, n = int(rng.integers(3, 5)), int(rng.integers(30, 150))
    d, pattern = 2 * each, np.kron(np.eye(2), np.ones((each, 1)))
    pattern[rng.random(d) < rng.choice([0.0, 0.2])] = 1
    names = iter(LETTERS)
    loadings: list[list[Any]] = [[next(names) if cell else 0 for cell in row] for row in pattern]
    if rng.random() < 0.5:  # the units of factors are those of a test
        loadings[0], loadings[-1] = [1, 0], [0, 1]
    model = ek.ConfirmatoryFactorModel(loadings, correlated=bool(rng.random() < 0.7) or loadings[0][0] == 1)
    factors = rng.multivariate_normal([0, 0], [[1, rho := rng.choice([0.0, 0.5, 1.0])], [rho, 1]], n)
    x = factors @ (pattern * rng.uniform(0.3, 2.0, (d, 2))).T + rng.gamma(1.0, size=d) * rng.normal(size=(n, d))
    x = x * 10.0 ** rng.integers(-3, 4, d) + 10.0 ** rng.integers(-1, 3)
    x[rng.random((n, d)) < rng.choice([0.0, 0.0, 0.1])] = np.nan
    return model, ek.ArraySource(x, rng.gamma(1.0, size=n) if rng.random() < 0.4 else None)


def _abilities(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """Two abilities, that items ask freely, one each, or one for all and another for some."""
    items, n = int(rng.integers(6, 9)), int(rng.integers(60, 200))
    first = np.arange(items) < 3
    one_each, for_all = np.column_stack([first, ~first]), np.column_stack([np.ones(items), first])
    loads = [None, one_each, for_all][int(rng.integers(3))]
    model = ek.AbilitiesModel(2, nodes=21) if loads is None else ek.AbilitiesModel(loads=loads, nodes=21)
    slopes = rng.lognormal(0.0, 0.4, (items, 2)) * (1 if loads is None else loads)
    x = np.asarray(model.draw(model.params(rng.normal(size=items), slopes), rng, n), dtype=np.float64)
    x[rng.random((n, items)) < rng.choice([0.0, 0.2])] = np.nan
    return model, ek.ArraySource(x, rng.gamma(1.0, size=n) if rng.random() < 0.4 else None)


def drawn(rng: np.random.Generator) -> tuple[Any, ek.ArraySource]:
    """One or the other."""
    return _factors(rng) if rng.random() < 0.5 else _abilities(rng)


fall = partial(fall_of, drawn, PASSES)


def run(quick: bool) -> list[Measured]:
    """500 fits, not to their ends."""
    note = "factors and abilities, two of each, fixed zeros and units, gaps and weights; {refused} more were refused"
    return counted(fall, FITS, "fits of confirmatory factors and of abilities from wild starts", note, quick)
