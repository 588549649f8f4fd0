"""Random data, random starts, every family and solver: the objective never falls.

As many fits as make enough steps; the benchmark `monotone` makes ten thousand.
"""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.search.seeding import spread_start
from tests import cases
from tests.laws import maxima

FITS = 20  # at most, for each family and solver
STEPS = 60  # of a fit, at most
ENOUGH = {ek.Soft: 360, ek.Hard: 30}  # steps; hard labels soon stand still


def random_rows(case: cases.FamilyCase, rng: np.random.Generator) -> np.ndarray:
    """From a handful of rows to a few hundred; sometimes rounded, repeated, far away or in another unit."""
    x = case.draw(rng, int(rng.integers(8, 250)))
    if case.name.startswith("gaussian"):
        x = x * rng.uniform(0.3, 3)
        x = np.round(x, 1) if rng.random() < 0.3 else x
        x = x * 10.0 ** rng.integers(-9, 9) if rng.random() < 0.3 else x
        x = x + 10.0 ** rng.integers(0, 7) if rng.random() < 0.3 else x
    if rng.random() < 0.3:
        x = np.repeat(x[: len(x) // 2 + 2], 3, axis=0)
    return x


def random_start(model: ek.Mixture, x: np.ndarray, k: int, rng: np.random.Generator):
    """From rows far apart, or from anywhere about that."""
    start = spread_start(model, ek.ArraySource(x), k, seed=int(rng.integers(2**31)))
    coordinates = model.coordinates(start)
    inside = np.isfinite(coordinates.pack(start)).all()
    return maxima.random_point(model, start, rng, 1.0) if inside and rng.random() < 0.5 else start


def in_turn():
    """Every family, soft and hard labels, every solver: all solvers but one, which changes from family to family, are long."""
    for n, case in enumerate(cases.FAMILIES):
        for labels, assignment in (("soft", ek.Soft()), ("hard", ek.Hard())):
            for m, (name, solver) in enumerate(cases.SOLVERS.items()):
                is_long = (n + m) % len(cases.SOLVERS) or case.name.startswith(cases.OF_OTHERS)
                marks = [pytest.mark.long] if is_long else []
                yield pytest.param(case, assignment, solver, id=f"{case.name}-{labels}-{name}", marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "assignment", "solver"), list(in_turn()))
def test_no_random_fit_ever_falls(case, assignment, solver):
    steps, seed, enough = 0, 0, ENOUGH[type(assignment)]
    while steps < enough and seed < FITS:
        rng = np.random.default_rng([seed, 1977])
        seed += 1
        x = random_rows(case, rng)
        model = ek.Mixture(case.family, assignment)
        k = min(int(rng.integers(1, 6)), len(np.unique(x, axis=0)))
        k = case.n_components if isinstance(case.family, ek.PerComponent) else k  # which says itself how many there are
        try:
            start = random_start(model, x, k, rng)
        except (ek.DegenerateFitError, ek.ParameterError, ek.DataError):  # a Poisson component that saw only zeros
            continue
        steps += maxima.assert_ascends(model, ek.ArraySource(x), start, solver, STEPS)
    assert steps >= enough
