"""Tasks among processes: in order, the same for any number of them."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest

import emkit as ek
from emkit.core.mapreduce import one_thread, threads
from emkit.selection import workers
from emkit.selection.workers import MOST_SEED, each_of, seed_from, to_send


def drawn(seed: int) -> float:
    return float(np.random.default_rng(seed).normal())


@pytest.mark.parametrize("n_jobs", [None, 1, pytest.param(2, marks=pytest.mark.slow), pytest.param(-1, marks=pytest.mark.slow)])
def test_results_come_in_the_order_of_the_tasks(n_jobs):
    assert list(each_of(drawn, range(7), n_jobs)) == [drawn(seed) for seed in range(7)]


@pytest.mark.parametrize("lot", [1, 3, 7, 100])
def test_an_executor_gives_them_in_the_same_order(lot, monkeypatch):
    monkeypatch.setattr(workers, "LOT", lot)
    for executor in (one_thread, partial(threads, 3)):
        assert list(each_of(drawn, range(7), executor)) == [drawn(seed) for seed in range(7)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parametric", "case", "bayesian"])
def test_replicates_are_the_same_bits_by_any_executor(kind):
    rng = np.random.default_rng(0)
    fit = (
        ek.GaussianMixture(2, random_state=0)
        .fit(np.concatenate([rng.normal(size=60), 4 + rng.normal(size=40)])[:, None])
        .result_
    )
    here = fit.bootstrap(30, kind=kind, random_state=1)
    for executor in (partial(threads, 2), ek.Processes(2)):
        there = fit.bootstrap(20, kind=kind, random_state=1, n_jobs=executor).more(10, n_jobs=executor)
        assert np.array_equal(there.replicates, here.replicates)
        assert np.array_equal(there.log_likelihoods, here.log_likelihoods)


def test_the_test_of_one_component_more_is_the_same_by_an_executor():
    x = np.random.default_rng(0).poisson(np.repeat([1, 6], 40))[:, None]
    asked = {"number": 5, "random_state": 0}
    here, there = (
        ek.bootstrap_lrt(ek.MixtureModel("poisson", random_state=0), x, 1, n_jobs=n_jobs, **asked)
        for n_jobs in (None, partial(threads, 2))
    )
    assert np.array_equal(here.replicates, there.replicates)


def test_the_first_error_of_a_task_is_raised_by_an_executor():
    def fails(number: int) -> int:
        if number > 2:
            raise ek.DataError(f"{number} is too many")
        return number

    with pytest.raises(ek.DataError, match="3 is too many"):
        list(each_of(fails, range(7), partial(threads, 2)))


def test_tasks_are_begun_when_they_are_asked_for():
    begun: list[int] = []
    stream = each_of(begun.append, range(5), None)
    next(stream)
    assert begun == [0]


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, "two"])
def test_a_number_of_processes_that_cannot_be_is_refused(n_jobs):
    with pytest.raises(ek.ModelError, match=r"n_jobs is .*; it must be a whole number >= 1, or -1 for all cores"):
        list(each_of(drawn, [1], n_jobs))


def test_one_state_gives_one_seed():
    assert seed_from(7) == seed_from(7) == seed_from(np.random.default_rng(7))
    assert seed_from(7) != seed_from(8)
    assert seed_from(None) != seed_from(None)
    generator = np.random.default_rng(0)
    assert seed_from(generator) != seed_from(generator)
    assert 0 <= seed_from(np.random.RandomState(3)) < MOST_SEED


@pytest.mark.parametrize("state", [-1, "zero", 1.5])
def test_what_is_no_randomness_is_refused(state):
    with pytest.raises(ek.ModelError, match=r"random_state is .*; it must be None, a whole number >= 0, or a generator"):
        seed_from(state)


def test_what_is_sent_is_the_best_run_and_the_rows_that_passes_go_over():
    x = np.random.default_rng(0).poisson(np.repeat([1, 8], 200))[:, None]
    fit = ek.MixtureModel("poisson", 2, random_state=0).fit(x).result_
    sent = to_send(fit)
    assert (len(sent.runs.runs), sent.runs.left, sent.executor) == (1, (), one_thread)
    assert sent.source.rows == fit.passes.rows < fit.source.rows
    assert sent.params is fit.params
    assert len(pickle.dumps(sent)) < len(pickle.dumps(fit))
