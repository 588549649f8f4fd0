"""Stopping rules are pure: a step in, an outcome or nothing out."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit import lessons
from emkit.core.protocols import Evaluation
from emkit.core.rate import EMRate
from emkit.core.stopping import Budget, Decreased, Iterations, Moved, Settled, Step, first_outcome, remaining


def step(gain=1.0, number=3, evaluations=4, objective=-100.0, em_rate=None):
    return Step(number, evaluations, Evaluation(None, objective, objective, None), gain, em_rate)


def rate_of(first, rate, gain=None, information=1.0, rounding=1e-14):
    """EM on a parabola: a step of length r gains (1/2) information r^2 (1 + rate) / (1 - rate)."""
    exact = 0.5 * information * first**2 * (1 + rate) / (1 - rate)
    sharpness = 0.5 * information * (1 + rate) / (1 - rate)
    return EMRate(exact if gain is None else gain, first, rate * first, sharpness, rounding)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 0.99])
def test_on_a_parabola_the_estimates_bound_what_is_left(rate):
    first = 1e-3
    gain, way = remaining(rate_of(first, rate))
    to_go = first * rate / (1 - rate)
    assert gain >= 0.5 * to_go**2 * 0.999
    assert way >= to_go


def test_settled_needs_both_a_small_gain_and_a_short_way():
    rule = Settled(tol=1e-8, distance=1e-4)
    assert rule(step(em_rate=None)) is None
    assert rule(step(em_rate=rate_of(1e-2, 0.5))) is None
    assert rule(step(em_rate=rate_of(1e-7, 0.9999999))) is None
    outcome = rule(step(em_rate=rate_of(1e-6, 0.5)))
    assert outcome.status is ek.Status.CONVERGED
    assert outcome.converged
    assert "3 iterations (4 passes over the data)" in outcome.sentence


def test_settled_never_believes_a_step_that_does_not_shrink():
    growing = EMRate(gain=1e-12, step_length=1e-6, next_step_length=1.1e-6, curvature=1.0, rounding=1e-14)
    assert remaining(growing) == (np.inf, np.inf)
    assert Settled()(step(em_rate=growing)) is None


def test_settled_at_a_fixed_point_whatever_the_noise():
    assert Settled()(step(em_rate=EMRate(-1e-13, 1e-3, 0.0, 1.0, 1e-14))).converged


def test_a_gain_that_drowns_in_rounding_is_taken_from_steps_that_did_not():
    noisy = EMRate(gain=3e-14, step_length=1e-5, next_step_length=0.99e-5, curvature=2.0, rounding=1e-14)
    assert noisy.steady_gain == 2.0 * 1e-5**2
    assert Settled()(step(em_rate=noisy)) is None
    assert EMRate(1e-3, 1e-5, 0.5e-5, 2.0, 1e-14).steady_gain == 1e-3


def test_budget_is_not_convergence_and_says_what_is_left():
    assert Budget(5)(step(evaluations=4)) is None
    outcome = Budget(4)(step(evaluations=4, em_rate=rate_of(0.1, 0.5)))
    assert outcome.status is ek.Status.BUDGET
    assert not outcome.converged
    assert not outcome.failed
    assert "of log-likelihood is left to gain" in outcome.sentence
    assert "1 pass over" in Budget(1)(step(evaluations=1)).sentence


@pytest.mark.parametrize(("rule", "limit"), [(Budget(4), "max_evaluations"), (Iterations(3), "max_iter")])
def test_the_advice_of_a_run_cut_short_is_about_the_rate_that_was_measured(rule, limit):
    slow, fast, unknown = (
        rule(step(evaluations=4, em_rate=r)).sentence for r in (rate_of(0.1, 0.998), rate_of(0.1, 0.5), None)
    )
    advice = f"EM is slow here (an EM step leaves 99.8 % of the way to the limit): raise {limit}, or try another solver."
    assert slow.endswith(advice)
    assert fast.endswith(f"is left to gain. Raise {limit}.")
    assert unknown.endswith(f" Raise {limit}.")
    crawling = rule(step(evaluations=4, em_rate=rate_of(0.1, 0.999999))).sentence
    assert "leaves more than 99.99 % of the way" in crawling
    growing = EMRate(gain=1.0, step_length=0.1, next_step_length=0.11, curvature=1.0, rounding=1e-14)
    assert rule(step(evaluations=4, em_rate=growing)).sentence.endswith(f" Raise {limit}.")


@pytest.mark.parametrize("budget", [1, 4, 15, 20])
@pytest.mark.parametrize("solver", [ek.solvers.Plain(), ek.solvers.Squarem(), ek.solvers.Anderson()])
def test_no_run_cut_short_is_advised_to_use_a_solver_by_name(solver, budget):
    short = lessons.death_notices().fit(solver=solver, max_evaluations=budget)
    assert short.outcome.status is ek.Status.BUDGET
    assert not any(name in str(short.outcome).lower() for name in ("plain", "squarem", "anderson", "accelerat"))


def test_a_fall_beyond_rounding_is_named_and_one_within_is_not():
    rule = Decreased()
    assert rule(step(gain=np.inf)) is None
    assert rule(step(gain=-1e-9 * 100)) is None
    outcome = rule(step(gain=-1e-6, objective=-100.0))
    assert outcome.status is ek.Status.DECREASED
    assert outcome.failed
    assert "fell by 1e-06 in iteration 3, from -99.999999 to -100" in outcome.sentence


def test_moved_looks_at_the_length_of_the_last_step_alone():
    assert Moved(1e-3)(step(em_rate=None)) is None
    assert Moved(1e-3)(step(em_rate=rate_of(1e-2, 0.5))) is None
    assert Moved(1e-3)(step(em_rate=rate_of(1e-4, 0.9999))).converged


def test_the_first_rule_with_an_outcome_decides():
    fallen = step(gain=-1.0, evaluations=10)
    assert first_outcome([Decreased(), Budget(5)], fallen).status is ek.Status.DECREASED
    assert first_outcome([Budget(5), Decreased()], fallen).status is ek.Status.BUDGET
    assert first_outcome([Budget(50)], step()) is None


def test_a_run_is_as_near_to_its_limit_as_it_says():
    x = np.random.default_rng(2).poisson(np.repeat([2.0, 5.0], 150))
    start = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[1.0], [6.0]]))
    model = ek.Mixture(ek.Poisson())
    for tol in (1e-3, 1e-6, 1e-10):
        result = ek.fit(model, x, start, rules=[Settled(tol, distance=np.inf), Budget(10_000)])
        limit = ek.fit(model, x, result.params, rules=[Moved(1e-14), Budget(3_000)])
        assert result.converged
        assert 0 <= limit.objective - result.objective + 1e-11 <= tol + 2e-11


def test_a_smaller_tolerance_brings_the_parameters_closer_too():
    lesson = lessons.linkage()
    limit = lesson.fit(rules=[Moved(1e-15), Budget(1_000)]).params["theta"]
    off = [abs(lesson.fit(tol=tol).params["theta"] - limit) for tol in (1e-4, 1e-8, 1e-12)]
    assert off[0] > off[1] > off[2]
    assert off[2] < 1e-9
