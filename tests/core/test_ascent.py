"""Runs that EM has made slow climb the likelihood itself: models that ask for it get there, and others go on as they did."""

import numpy as np
import pytest

import emkit as ek
from emkit.core.ascent import FIRST, Ascent
from emkit.core.edges import slowly
from emkit.core.evaluation import EMMap

RNG = np.random.default_rng(1)
SHOCKS = RNG.standard_normal(402)
SLOW = np.zeros(402)
for t in range(2, 402):
    SLOW[t] = 0.9 * SLOW[t - 1] - 0.3 * SLOW[t - 2] + SHOCKS[t] + 0.4 * SHOCKS[t - 1]
MODEL, SOURCE = ek.arma(2, 1, noise=None), ek.ArraySource(SLOW[2:, None] + 5)


class Plainly(ek.StateSpace):
    """The same by EM alone."""

    @property
    def climbs(self):
        return False


def plainly():
    names = ("transition", "observation", "selection", "start_mean", "start_covariance", "stationary")
    return Plainly(**{name: getattr(MODEL, name) for name in names})


def test_a_slow_run_ends_no_lower_and_soon():
    found = ek.fit(MODEL, SOURCE, MODEL.start(SOURCE.profile), solver="anderson")
    assert found.converged
    assert found.evaluations < 400
    longer = ek.fit(plainly(), SOURCE, MODEL.start(SOURCE.profile), solver="anderson", max_evaluations=800)
    assert not longer.converged
    assert found.log_likelihood > longer.log_likelihood


def test_passes_of_an_ascent_are_counted_and_it_waits():
    source = MODEL.prepare(SOURCE)
    em = EMMap(MODEL, source, MODEL.start(SOURCE.profile))
    here = em(em.model.start(SOURCE.profile))
    while not slowly(here):
        here = em(here.update)
    ascent, before = Ascent(em, FIRST), em.evaluations
    assert ascent.beside(here, FIRST.next - 1, settled=False) is None
    assert em.evaluations == before
    there = ascent.beside(here, FIRST.next, settled=False)
    assert there is not None
    assert there.objective > here.objective
    assert em.evaluations > before + 6
    assert ascent.turns.next == 2 * FIRST.next
    assert ascent.beside(here, 10_000, settled=True) is None  # nothing is stuck


def test_what_is_held_stays_on_the_way_up():
    held = ek.Frozen(MODEL, "noise")
    start = MODEL.params(
        transition=[[0.8, -0.2, 0], [1, 0, 0], [0, 0, 1]], state_noise=[1.0], observation=[[1, 0.2, 1]], noise=[0.3],
        start_mean=[0, 0, 5.0],
    )  # fmt: skip
    found = ek.fit(held, SOURCE, start, solver="plain", max_evaluations=2000)
    assert found.params.noise.tolist() == [0.3]
    assert found.converged


def test_others_do_not_climb():
    flips = ek.lessons.two_coins()
    em = EMMap(flips.model, flips.source, flips.start)
    assert Ascent.of(em, FIRST) is None
    assert em.evaluations == 0


@pytest.mark.parametrize("solver", ["plain", "squarem"])
def test_every_solver_goes_on_from_there(solver):
    found = ek.fit(MODEL, SOURCE, MODEL.start(SOURCE.profile), solver=solver)
    assert found.converged
    other = ek.fit(MODEL, SOURCE, MODEL.start(SOURCE.profile), solver="anderson")
    assert found.log_likelihood == pytest.approx(other.log_likelihood, abs=2e-5)


def test_a_prior_is_climbed_along_with_the_likelihood():
    """EM moves no moving average that is seen without errors; the mode is no lower than where the likelihood is highest."""
    rng = np.random.default_rng(0)
    shocks, y = rng.standard_normal(130), np.zeros(130)
    for t in range(1, 130):
        y[t] = 0.7 * y[t - 1] + shocks[t] + 0.5 * shocks[t - 1]
    rows, model = ek.ArraySource(y[50:, None]), ek.arma(1, 1)
    start = model.start(rows.profile)
    free = ek.fit(model, rows, start, solver="anderson")
    known = ek.WithPrior(model, {"state_noise": ek.GammaPrior(2.0, 1.0)})
    found = ek.fit(known, rows, start, solver="anderson")
    assert found.converged
    assert found.objective >= free.log_likelihood + known.log_prior(free.params)
