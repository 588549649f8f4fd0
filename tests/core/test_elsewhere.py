"""Executors beyond this process: other processes, and a real Dask cluster."""

from __future__ import annotations

import os
import pickle
import signal
import time
from functools import partial
from threading import Timer

import numpy as np
import pytest
from sklearn.base import clone

import emkit as ek
from emkit.core.mapreduce import threads
from emkit.core.processes import in_tasks, joined, worked
from emkit.core.statistics import add_up
from tests.data.files_of_rows import PROBLEMS, assert_same_fit, normal


@pytest.fixture(scope="module")
def cluster():
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as made, Client(made) as client:
        yield client


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    made = {}
    for name, problem in PROBLEMS.items():
        made[name] = problem(tmp_path_factory.mktemp(name))
    return made


FEW = {"max_evaluations": 9}


class Number:
    """A cut that is a number, or fails."""

    def __init__(self, value: int) -> None:
        self.value = value

    def load(self) -> float:
        if self.value < 0:
            time.sleep(0.05 * (6 + self.value))  # the foremost that fails is not the first to fail
            raise ek.DataError(f"{self.value} is below 0")
        return 0.1 * self.value


class Numbers:
    """A source of numbers."""

    def __init__(self, values: list[int]) -> None:
        self.values = values

    def cuts(self):
        return map(Number, self.values)


def itself(number: float) -> float:
    return number


@pytest.mark.parametrize("number", [1, 2, 3, 7, 8, 33, 100, 257])
def test_parts_of_the_tree_join_to_the_same_bits(number):
    source = Numbers(list(range(number)))
    whole = add_up(cut.load() for cut in source.cuts())
    for workers in (1, 2, 3, 5):
        tasks = in_tasks(list(source.cuts()), workers)
        assert len({len(task) for task in tasks[:-1]}) <= 1
        assert joined(worked(itself, task) for task in tasks) == whole


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_cluster_gives_the_bits_of_memory(name, problems, cluster):
    problem = problems[name]
    here = ek.fit(problem.model, problem.sources["memory"], problem.start, **FEW)
    for source in problem.sources.values():
        assert_same_fit(here, ek.fit(problem.model, source, problem.start, executor=ek.Dask(cluster), **FEW))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_processes_give_the_bits_of_memory(name, problems):
    problem = problems[name]
    here = ek.fit(problem.model, problem.sources["memory"], problem.start, **FEW)
    for source in problem.sources.values():
        assert_same_fit(here, ek.fit(problem.model, source, problem.start, executor=ek.Processes(2), **FEW))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::emkit.ConvergenceWarning")
def test_searches_of_estimators_use_an_executor(problems, cluster):
    source = problems["normal"].sources["Parquet"]
    here = ek.GaussianMixture(2, random_state=0, n_init=2, max_iter=5).fit(source)
    there = clone(ek.GaussianMixture(2, random_state=0, n_init=2, max_iter=5, n_jobs=ek.Dask(cluster))).fit(source)
    assert_same_fit(here.result_, there.result_)
    with pytest.raises(ek.ParameterError, match="or an executor such as"):
        ek.GaussianMixture(2, n_jobs=0).fit(source)


@pytest.mark.slow
def test_a_cluster_makes_the_same_replicates(cluster):
    x = np.random.default_rng(0).poisson(np.repeat([1, 8], 40))[:, None]
    fit = ek.MixtureModel("poisson", 2, random_state=0).fit(x).result_
    here, there = (fit.bootstrap(12, random_state=0, n_jobs=n_jobs) for n_jobs in (None, ek.Dask(cluster)))
    assert np.array_equal(here.replicates, there.replicates)


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["processes", "cluster", "threads"])
def test_an_error_is_the_one_of_the_foremost_cut(executor, cluster):
    made = {"processes": ek.Processes(2), "cluster": ek.Dask(cluster), "threads": partial(threads, 2)}[executor]
    with made() as map_reduce, pytest.raises(ek.DataError, match="-3 is below 0"):
        map_reduce(itself, Numbers([1, 2, -3, 4, -5, 6]))
    with made() as map_reduce:
        assert map_reduce(itself, Numbers([1, 2, 3])) == add_up([0.1, 0.2, 0.1 * 3])


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "victims"), [("memory", 1), ("Parquet", 1), ("Parquet", 2)])
def test_workers_that_are_killed_change_no_bit(kind, victims, cluster, tmp_path):
    """Of all that are killed at once, too: those that come later go on."""
    problem = normal(tmp_path)
    source, start = problem.sources[kind], problem.start
    here = ek.fit(problem.model, problem.sources["memory"], start, solver="plain", tol=0, max_evaluations=20)
    cluster.wait_for_workers(2)
    killers = [Timer(0.3, os.kill, (victim, signal.SIGKILL)) for victim in [*cluster.run(os.getpid).values()][:victims]]
    for killer in killers:
        killer.start()
    try:
        there = ek.fit(problem.model, source, start, solver="plain", tol=0, max_evaluations=20, executor=ek.Dask(cluster))
    finally:
        for killer in killers:
            killer.join()
    assert_same_fit(here, there)


@pytest.mark.slow
def test_a_client_that_is_closed_is_refused_in_words(cluster):
    from distributed import Client

    with Client(cluster.scheduler.address, set_as_default=False) as client:
        executor = ek.Dask(client)
    with pytest.raises(ek.ModelError, match="the Dask client is closed"), executor():
        pass


def test_what_is_no_client_is_refused_in_words():
    with pytest.raises(ek.ModelError, match=r"ek\.Dask\(Client\(\)\)"):
        ek.Dask("127.0.0.1:8786")
    with pytest.raises(ek.ModelError, match="or -1 for all cores"):
        ek.Processes(0)


def test_rows_of_a_mapped_file_travel_as_their_place(tmp_path):
    source = normal(tmp_path).sources["mapped"]
    cut = list(source.cuts())[3]
    sent = pickle.dumps(cut)
    assert len(sent) < 1_000
    np.testing.assert_array_equal(pickle.loads(sent).load().x, cut.x)
    np.save(tmp_path / "x.npy", np.zeros((5, 3)))
    os.utime(tmp_path / "x.npy", (1, 1))
    with pytest.raises(ek.DataError, match="has changed since the fit began"):
        pickle.loads(sent)
