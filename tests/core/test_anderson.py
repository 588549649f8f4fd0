"""Anderson: what it makes of a linear EM map, when it refuses, and what it does on boundaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

import emkit as ek
from emkit.core.solvers import Anderson, Squarem
from emkit.core.solvers.anderson import AndersonState

LIMIT = np.array([3.0, -1.0, 0.5, 2.0])
RATES = np.array([0.99, 0.9, 0.5, 0.1])
COUNTS = np.array([0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 3, 2, 0, 4, 9])
MODEL = ek.Mixture(ek.Poisson())
START = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[2.0], [3.0]]))


@dataclass(frozen=True, eq=False)
class Place(ek.Parameters):
    at: Annotated[np.ndarray, ek.Real()]


class Linear(ek.LatentModel[Place, float]):
    """EM whose every step shrinks the distances from a limit by fixed rates."""

    def e_step(self, params, chunk):
        return ek.Expectation(params.at, log_likelihood=-float(((params.at - LIMIT) ** 2).sum()), rows=1.0)

    def m_step(self, stats, params):
        return Place(LIMIT + RATES * (params.at - LIMIT))


def test_a_linear_map_is_solved_by_as_many_differences_as_it_has_dimensions():
    em = ek.EMMap(Linear(), ek.ArraySource([0.0]), Place(np.zeros(4)))
    solver = Anderson(patience=0)
    here = em(Place(np.zeros(4)))
    state = solver.init(here)
    while np.abs(here.params.at - LIMIT).max() > 1e-7 and em.evaluations < 100:
        here, state = solver.step(em, here, state)
    assert em.evaluations <= 9  # the start, two EM steps, and three extrapolations with their landings


def test_where_several_directions_are_slow_it_takes_fewer_passes_than_squared_extrapolation():
    rng = np.random.default_rng(3)
    classes = rng.integers(3, size=1500)
    chances = rng.random((3, 10))
    x = (rng.random((1500, 10)) < chances[classes]).astype(float)
    model = ek.Mixture(ek.Bernoulli())
    start = ek.search.spread_start(model, ek.ArraySource(x), 3, seed=1)
    slow = ek.fit(model, x, start, solver=Squarem())
    fast = ek.fit(model, x, start, solver=Anderson())
    assert fast.converged
    assert fast.objective == pytest.approx(slow.objective, abs=1e-8)
    assert fast.evaluations < 0.5 * slow.evaluations


class Refusing(ek.EMMap):
    """No guess can be evaluated."""

    def attempt(self, params, like=None):
        return None


def test_a_refused_guess_sends_squarem_ahead_for_twice_as_long():
    em = Refusing(MODEL, ek.ArraySource(COUNTS), START)
    solver = Anderson(patience=2, longest=3)
    here = em(START)
    state = solver.init(here)
    waits = []
    for _ in range(14):
        there, state = solver.step(em, here, state)
        assert there.params is here.update  # the guesses of SQUAREM are refused, too: plain EM is left
        waits.append(state.squarem_steps)
        here = there
    assert waits == [1, 0, 0, 0, 2, 1, 0, 0, 0, 2, 1, 0, 0, 0]
    assert state.patience == 3


def test_a_memory_too_short_to_extrapolate_is_refused():
    with pytest.raises(ek.ModelError, match="memory is 1; Anderson needs at least 2"):
        Anderson(memory=1)


def test_points_beyond_its_memory_are_forgotten():
    em = ek.EMMap(MODEL, ek.ArraySource(COUNTS), START)
    solver = Anderson(memory=3, patience=0)
    here, state = em(START), solver.init(em(START))
    for _ in range(12):
        here, state = solver.step(em, here, state)
        assert len(state.memory) <= 5  # four that span three differences, and the last extrapolation
    assert len(state.memory) > 3


def test_a_refusal_forgets_the_points():
    em = Refusing(MODEL, ek.ArraySource(COUNTS), START)
    here = em(START)
    state = AndersonState((), 0, 2, Squarem().init(here))
    lengths = []
    for _ in range(3):
        here, state = Anderson(patience=2).step(em, here, state)
        lengths.append(len(state.memory))
    assert lengths == [1, 2, 0]


@pytest.mark.parametrize("patience", [0, 1, 5])
def test_it_never_steps_down_and_takes_at_most_five_passes(patience):
    em = ek.EMMap(MODEL, ek.ArraySource(COUNTS), START)
    solver = Anderson(patience=patience)
    here, state = em(START), solver.init(em(START))
    for _ in range(20):
        before = em.evaluations
        there, state = solver.step(em, here, state)
        assert em.evaluations - before <= 5  # a refused extrapolation and its landing, then three of SQUAREM
        assert there.objective >= here.objective - 1e-12
        here = there
