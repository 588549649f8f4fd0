"""The stopping rule reads the rate of EM at the point where the run stands, not of an extrapolation that was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import emkit as ek
from emkit.core.rate import EMRate
from emkit.core.stopping import remaining


@dataclass(frozen=True, eq=False)
class Place(ek.Parameters):
    at: Annotated[float, ek.Real()]


class TwoHills(ek.LatentModel[Place, float]):
    """A high hill at 2, climbed in nearly even steps; beyond 3 a low one, whose top 4.5 is reached in one step."""

    def e_step(self, params, chunk):
        at = params.at
        height = -((at - 2) ** 2) if at < 3 else -50 - (at - 4.5) ** 2
        return ek.Expectation(at, log_likelihood=height, rows=1.0)

    def m_step(self, stats, params):
        at = params.at
        return Place(at + min(0.5 - 0.01 * at, 0.3 * (2 - at)) if at < 3 else 4.5)


def test_a_refused_extrapolation_onto_another_maximum_does_not_end_the_run():
    seen = []

    def watch(steps):
        for step in steps:
            seen.append((step.here.params.at, step.em_rate))
            yield step

    # The first extrapolation goes from -1 beyond 3, lands on the low hill's very top, where EM stands still, and is refused.
    result = ek.fit(TwoHills(), [0.0], Place(-1.0), solver=ek.solvers.Squarem(longest=6.0), watch=watch)
    assert result.converged, result.outcome
    assert abs(result.params.at - 2) < 1e-6
    at, em_rate = seen[1]
    assert at == -0.49  # the plain EM step in place of the extrapolation ...
    assert em_rate is not None  # ... with its own rate, which says that EM has not settled
    assert em_rate.next_step_length > 0.4


def test_the_rate_is_that_of_the_step_into_a_point():
    em = ek.EMMap(TwoHills(), ek.ArraySource([0.0]), Place(-1.0))
    first = em(Place(-1.0))
    assert first.em_rate is None
    second = em(first.update)
    assert second.em_rate is not None
    assert second.em_rate.step_length == abs(second.params.at - first.params.at)
    elsewhere = em(Place(1.0))
    assert elsewhere.em_rate is None
    third = em(second.update)  # one comes back to where one was before an extrapolation
    assert third.em_rate is not None
    assert third.em_rate.step_length == abs(third.params.at - second.params.at)


def test_steps_that_rounding_makes_wander_count_as_settled_and_longer_ones_do_not():
    wandering = EMRate(gain=-1e-10, step_length=1e-12, next_step_length=1.5e-12, curvature=1e5, rounding=1e-10)
    assert remaining(wandering)[1] < 1e-7
    running = EMRate(gain=1e-3, step_length=1e-6, next_step_length=1.5e-6, curvature=1e5, rounding=1e-10)
    assert remaining(running) == (np.inf, np.inf)


def test_a_large_fit_settles_although_rounding_never_lets_it_stand_still():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60_000, 2)) + 2.5 * rng.integers(3, size=(60_000, 1))
    model = ek.Mixture(ek.FullGaussian())
    first = ek.fit(model, x, ek.search.spread_start(model, ek.ArraySource(x), 3, 0), solver=ek.solvers.Squarem())
    again = ek.fit(model, x, first.params, solver=ek.solvers.Squarem())
    assert first.converged
    assert again.converged
    assert again.evaluations < 60


def test_what_is_left_is_not_called_nothing_where_no_step_stood_clear_of_rounding():
    creeping = EMRate(gain=2e-5, step_length=1e-5, next_step_length=9e-6, curvature=0.0, rounding=1e-8)
    assert remaining(creeping)[0] > 1e-5


def test_a_run_that_starts_next_to_its_limit_says_what_it_cannot_tell():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60_000, 2)) + 2.5 * rng.integers(3, size=(60_000, 1))
    model = ek.Mixture(ek.FullGaussian())
    there = ek.fit(model, x, ek.search.spread_start(model, ek.ArraySource(x), 3, 0), solver=ek.solvers.Squarem()).params
    means = there.components.means * (1 + 1e-9)
    near = ek.MixtureParams(there.proportions, ek.FullGaussianParams(means, there.components.covariances))
    result = ek.fit(model, x, near)
    assert result.converged
    assert "too little above rounding to tell" in result.outcome.sentence
