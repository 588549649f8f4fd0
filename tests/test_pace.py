"""The stopping rule reads the pace of the point where the run stands, not of a leap that was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

import emkit as ek
from emkit.core.pace import Pace
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


def test_a_refused_leap_onto_another_maximum_does_not_end_the_run():
    seen = []

    def watch(steps):
        for step in steps:
            seen.append((step.here.params.at, step.pace))
            yield step

    # The first leap goes from -1 beyond 3, lands on the low hill's very top, where EM stands still, and is refused.
    result = ek.fit(TwoHills(), [0.0], Place(-1.0), solver=ek.solvers.Squarem(longest=6.0), watch=watch)
    assert result.converged, result.outcome
    assert abs(result.params.at - 2) < 1e-6
    at, pace = seen[1]
    assert at == -0.49  # the plain EM step in place of the leap ...
    assert pace is not None  # ... with its own pace, which says that EM has not settled
    assert pace.second > 0.4


def test_pace_is_that_of_the_step_into_a_point():
    em = ek.EMMap(TwoHills(), ek.ArraySource([0.0]), Place(-1.0))
    first = em(Place(-1.0))
    assert first.pace is None
    second = em(first.update)
    assert second.pace is not None
    assert second.pace.first == abs(second.params.at - first.params.at)
    elsewhere = em(Place(1.0))
    assert elsewhere.pace is None
    third = em(second.update)  # one comes back to where one was before a leap
    assert third.pace is not None
    assert third.pace.first == abs(third.params.at - second.params.at)


def test_steps_that_rounding_makes_wander_count_as_settled_and_longer_ones_do_not():
    wandering = Pace(gain=-1e-10, first=1e-12, second=1.5e-12, sharpness=1e5, rounding=1e-10)
    assert remaining(wandering)[1] < 1e-7
    running = Pace(gain=1e-3, first=1e-6, second=1.5e-6, sharpness=1e5, rounding=1e-10)
    assert remaining(running) == (np.inf, np.inf)


def test_a_large_fit_settles_although_rounding_never_lets_it_stand_still():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60_000, 2)) + 2.5 * rng.integers(3, size=(60_000, 1))
    model = ek.Mixture(ek.FullGaussian())
    first = ek.fit(model, x, ek.models.spread_start(model, ek.ArraySource(x), 3, 0), solver=ek.solvers.Squarem())
    again = ek.fit(model, x, first.params, solver=ek.solvers.Squarem())
    assert first.converged
    assert again.converged
    assert again.evaluations < 60


def test_what_is_left_is_not_called_nothing_where_no_step_stood_clear_of_rounding():
    creeping = Pace(gain=2e-5, first=1e-5, second=9e-6, sharpness=0.0, rounding=1e-8)
    assert remaining(creeping)[0] > 1e-5


def test_a_run_that_starts_next_to_its_limit_says_what_it_cannot_tell():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60_000, 2)) + 2.5 * rng.integers(3, size=(60_000, 1))
    model = ek.Mixture(ek.FullGaussian())
    there = ek.fit(model, x, ek.models.spread_start(model, ek.ArraySource(x), 3, 0), solver=ek.solvers.Squarem()).params
    means = there.components.means * (1 + 1e-9)
    near = ek.MixtureParams(there.proportions, ek.FullGaussianParams(means, there.components.covariances))
    result = ek.fit(model, x, near)
    assert result.converged
    assert "too little above rounding to tell" in result.outcome.sentence
