"""Squarem: how it extrapolates, when it refuses, and what it does on boundaries and plateaus."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.core.solvers.squarem import SquaremState, _Path

COUNTS = np.array([0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 3, 2, 0, 4, 9])
MODEL = ek.Mixture(ek.Poisson())
INSIDE = np.zeros(2, dtype=bool)
START = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[2.0], [3.0]]))


def test_an_extrapolation_along_a_geometric_path_lands_on_its_limit():
    limit, rate = np.array([3.0, -1.0]), 0.9
    path = _Path(*(limit + rate**n * np.array([1.0, 2.0]) for n in range(3)), INSIDE)
    assert path.best_length() == pytest.approx(1 / (1 - rate), rel=1e-12)
    np.testing.assert_allclose(path.at(path.best_length()), limit, atol=1e-12)


def test_a_path_that_picks_up_speed_is_followed_ahead():
    path = _Path(*(np.array([1.01**n, -(1.01**n)]) for n in range(3)), INSIDE)
    assert path.best_length() == pytest.approx(0.5 / 0.01, rel=1e-9)
    ahead = path.at(path.best_length())
    assert ahead[0] > 2
    assert ahead[1] < -2


def test_a_straight_path_and_one_that_stands_still_are_not_stretched():
    straight = _Path(*(np.array([float(n)]) for n in range(3)), INSIDE[:1])
    still = _Path(*(np.ones(2) for _ in range(3)), INSIDE)
    assert straight.best_length() == still.best_length() == 1.0


def test_infinite_coordinates_take_the_em_value():
    path = _Path(np.array([np.inf, 0.0]), np.array([np.inf, 1.0]), np.array([np.inf, 1.5]), INSIDE)
    assert path.at(2.0).tolist() == [np.inf, 2.0]


def test_coordinates_at_an_edge_take_the_em_value_and_do_not_set_the_length():
    """The log-odds of a probability on its way to 0 fall for ever by the same step."""
    falling = [np.array([-40.0 - n, 0.5**n]) for n in range(3)]
    path = _Path(*falling, np.array([True, False]))
    assert path.best_length() == pytest.approx(2.0)
    np.testing.assert_allclose(path.at(2.0), [-42.0, 0.0], atol=1e-12)


class Refusing(ek.EMMap):
    """No guess can be evaluated."""

    def attempt(self, params, like=None):
        return None


def settled(em):
    """Far enough along for extrapolations to be worth while."""
    here = em(START)
    for _ in range(10):
        here = em(here.update)
    return here


def test_a_refused_extrapolation_gives_the_em_step_and_halves_the_reach():
    em = Refusing(MODEL, ek.ArraySource(COUNTS), START)
    here = settled(em)
    there, state = ek.solvers.Squarem().step(em, here, SquaremState(6.0))
    assert there.params is here.update
    assert state == SquaremState(3.0)
    assert ek.solvers.Squarem().step(em, here, SquaremState(1.5))[1] == SquaremState(1.0)


def test_an_extrapolation_as_long_as_allowed_lets_the_next_be_longer():
    em = ek.EMMap(MODEL, ek.ArraySource(COUNTS), START)
    here = settled(em)
    there, state = ek.solvers.Squarem(growth=5.0).step(em, here, SquaremState(1.1))
    assert there.objective > em(here.update).objective
    assert state == SquaremState(5.5)


@pytest.mark.parametrize("longest", [1.0, 4.0, 1e6])
def test_it_never_steps_down_and_takes_at_most_three_passes(longest):
    em = ek.EMMap(MODEL, ek.ArraySource(COUNTS), START)
    here, state = em(START), SquaremState(longest)
    for _ in range(15):
        before = em.evaluations
        there, state = ek.solvers.Squarem().step(em, here, state)
        assert em.evaluations - before <= 3
        assert there.objective >= here.objective - 1e-12
        here = there
