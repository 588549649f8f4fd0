"""The loop: how runs end, what they leave behind, and that every pass is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

import emkit as ek
from emkit.core.engine import Record, run
from emkit.core.restarts import Restarts
from emkit.core.stopping import Budget, Decreased
from emkit.fitting import best_of

Outcome, Status = ek.Outcome, ek.Status
RULES = (Decreased(), Budget(4))
COUNTS = np.array([0, 1, 0, 2, 1, 6, 7, 5, 8, 6])
MODEL = ek.Mixture(ek.Poisson())
START = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))


@dataclass(frozen=True, eq=False)
class Place(ek.Parameters):
    at: Annotated[float, ek.Real()]


class Scripted(ek.LatentModel[Place, float]):
    """Walks from 0 to 1 to 2 ...; `heights` says how high it is there (an exception says that it is nowhere)."""

    def __init__(self, *heights, ascends=True):
        self.heights, self._ascends = heights, ascends
        self.passes = 0

    def e_step(self, params, chunk):
        self.passes += 1
        height = self.heights[int(params.at)]
        if isinstance(height, Exception):
            raise height
        return ek.Expectation(params.at, log_likelihood=height, rows=1.0)

    def m_step(self, stats, params):
        return Place(stats + 1)

    @property
    def ascends(self):
        return self._ascends


def walk(model, rules=RULES, **options):
    em = ek.EMMap(model, ek.ArraySource([0.0]), Place(0))
    return run(em, Place(0), ek.solvers.Plain(), rules, **options), em


def test_the_budget_ends_a_run_and_its_record_is_of_one_evaluation():
    record, em = walk(Scripted(-4.0, -3.0, -2.0, -1.0, 0.0))
    assert record.outcome.status is Status.BUDGET
    assert (record.params.at, record.objective, record.log_likelihood) == (3.0, -1.0, -1.0)
    assert (record.iterations, record.evaluations) == (3, 4)
    assert [tuple(moment) for moment in record.history] == [(i, i + 1, i - 4.0, i - 4.0) for i in range(4)]
    assert em.evaluations == em.model.passes == 4


def test_a_fall_ends_a_run_and_the_best_place_is_kept():
    record, _ = walk(Scripted(-4.0, -1.0, -2.0, 0.0))
    assert record.outcome.status is Status.DECREASED
    assert (record.params.at, record.objective) == (1.0, -1.0)
    assert record.history[-1].objective == -2.0


@pytest.mark.parametrize("error", [ek.DegenerateFitError("component 1 collapsed"), ek.ParameterError("no such rate")])
def test_a_run_that_degenerates_keeps_what_it_had(error):
    record, _ = walk(Scripted(-4.0, -3.0, error))
    assert record.outcome.status is Status.DEGENERATE
    assert str(record.outcome) == f"stopped after iteration 1: {error}"
    assert record.params.at == 1.0


def test_a_start_that_cannot_be_evaluated_is_an_error():
    with pytest.raises(ek.ParameterError, match="no such rate"):
        walk(Scripted(ek.ParameterError("no such rate")))


@pytest.mark.parametrize("height", [np.nan, np.inf, -np.inf])
def test_an_objective_that_is_no_number_is_an_error(height):
    with pytest.raises(ek.ParameterError, match="the log-likelihood is"):
        walk(Scripted(height))


def test_what_need_not_ascend_may_fall_and_its_best_place_is_kept():
    record, _ = walk(Scripted(-4.0, -1.0, -3.0, -2.0, ascends=False), rules=[Budget(4)])
    assert record.outcome.status is Status.BUDGET
    assert record.params.at == 1.0


def test_watch_sees_every_step_and_must_pass_them_on():
    seen = []

    def watch(steps):
        for step in steps:
            seen.append((step.number, step.evaluations, step.gain))
            yield step

    walk(Scripted(-4.0, -3.0, -2.0, -1.0), watch=watch)
    assert seen == [(0, 1, np.inf), (1, 2, 1.0), (2, 3, 1.0), (3, 4, 1.0)]
    with pytest.raises(RuntimeError, match="`watch` must pass every step on"):
        walk(Scripted(-4.0, -3.0), watch=lambda steps: iter([next(steps)]))


class Passes(ek.Mixture):
    """Counts the E-steps it makes."""

    made = 0

    def e_step(self, params, chunk):
        type(self).made += 1
        return super().e_step(params, chunk)


@pytest.mark.parametrize("solver", [ek.solvers.Plain(), ek.solvers.Squarem()])
def test_every_pass_over_the_data_is_counted(solver):
    Passes.made = 0
    result = ek.fit(Passes(ek.Poisson()), COUNTS, START, solver=solver)
    assert result.converged
    assert result.evaluations == Passes.made
    assert result.history[-1].evaluations <= result.evaluations  # the difference is the probe for a saddle


@pytest.mark.parametrize("solver", [ek.solvers.Plain(), ek.solvers.Squarem()])
def test_the_reported_log_likelihood_is_that_of_the_reported_parameters(solver):
    for budget in (1, 2, 5, 9, 500):
        result = ek.fit(MODEL, COUNTS, START, solver=solver, max_evaluations=budget)
        em = ek.EMMap(MODEL, ek.ArraySource(COUNTS), START)
        assert em.objective(result.params) == result.objective == result.log_likelihood


def test_the_objective_of_hard_assignment_lies_below_the_log_likelihood():
    result = ek.fit(ek.Mixture(ek.Poisson(), ek.Hard()), COUNTS, START)
    assert result.converged
    assert result.objective < result.log_likelihood


def test_criteria_count_free_parameters_and_weights():
    weights = np.arange(1.0, 11.0)
    result = ek.fit(MODEL, COUNTS, START, weights=weights)
    assert result.rows == weights.sum()
    assert result.free_parameters == 3
    assert result.aic == -2 * result.log_likelihood + 6
    assert result.bic == -2 * result.log_likelihood + 3 * np.log(55)
    held = ek.fit(ek.Frozen(MODEL, "proportions"), COUNTS, START, weights=weights)
    assert held.free_parameters == 2


@pytest.mark.parametrize(
    ("family", "free"),
    [
        (ek.FullGaussian(), 2 + 9 + 18),
        (ek.TiedGaussian(), 2 + 9 + 6),
        (ek.DiagonalGaussian(), 20),
        (ek.SphericalGaussian(), 14),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_free_parameters_of_three_normals_in_three_columns(family, free):
    x = np.random.default_rng(0).normal(size=(60, 3))
    model = ek.Mixture(family)
    components = family.pooled(ek.ArraySource(x).profile, 3)
    assert model.coordinates(ek.MixtureParams(np.ones(3) / 3, components)).size == free


def record(objective, status=Status.CONVERGED, start=START):
    return Record(start, START, objective, objective, Outcome(status, "."), 1, 2, ())


def test_the_best_run_is_the_highest_that_did_not_fail():
    runs = Restarts((record(-5.0), record(-1.0, Status.DEGENERATE), record(-3.0), record(-3.0 - 1e-9, Status.BUDGET)))
    assert runs.best.objective == -3.0
    assert runs.reached_best() == 1  # the last one ran out of budget: it has not arrived
    assert runs.maxima() == [(-3.0, 1), (-5.0, 1)]
    failed = Restarts((record(-5.0, Status.DECREASED), record(-2.0, Status.DEGENERATE)))
    assert failed.best.objective == -2.0


def test_starts_that_cannot_be_evaluated_are_told_of_unless_none_can():
    def fit(start):
        if start < 0:
            raise ek.ParameterError(f"start {start} is impossible")
        return record(-float(start))

    found = best_of(fit, [-1, 2, 1])
    assert [run.objective for run in found.runs] == [-np.inf, -2.0, -1.0]
    assert found.runs[0].outcome == ek.Outcome(Status.DEGENERATE, "not begun: start -1 is impossible")
    assert found.best.objective == -1.0
    with pytest.raises(ek.ParameterError, match="start -2 is impossible"):
        best_of(fit, [-1, -2])
    with pytest.raises(ValueError, match="no starts"):
        best_of(fit, [])


def test_every_run_of_several_starts_is_kept_in_order():
    others = [ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[a], [b]])) for a, b in ((2.0, 2.0), (1.0, 6.0))]
    result = ek.fit(MODEL, COUNTS, [*others, START], escape=False)
    assert [run.start for run in result.starts().runs] == [*others, START]
    assert result.starts().runs[0].outcome.status is Status.STATIONARY_SADDLE
    assert result.starts().reached_best() == 2


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_any_number_of_threads_gives_the_same_run(n_jobs):
    x = np.random.default_rng(0).poisson(np.repeat([1.0, 6.0], 300))
    source = ek.ArraySource(x + 0.0, chunk_rows=50)
    one, many = (ek.fit(ek.Mixture(ek.Exponential()), source, EXPONENTIAL, n_jobs=n) for n in (1, n_jobs))
    assert one.history == many.history
    assert np.array_equal(one.params.components.rates, many.params.components.rates)


EXPONENTIAL = ek.MixtureParams([0.5, 0.5], ek.ExponentialParams([[1.0], [0.2]]))
