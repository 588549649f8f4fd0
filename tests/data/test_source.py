"""Sources and chunks: how they are cut, and how they travel to other processes."""

import heapq
import pickle

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.data.chunk_sizes import SHARED, TASK, TASK_ROWS, even_rows
from emkit.fitting import row_work
from emkit.search import spread_start
from tests.cases import CASE


@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")  # of 80 rows, seven may lie close together
@pytest.mark.parametrize("name", CASE)
def test_what_was_worked_out_once_travels_with_the_rows(name):
    case = CASE[name]
    source = ek.ArraySource(case.draw(np.random.default_rng(4), 80))
    model = ek.Mixture(case.family)
    result = ek.fit(model, source, spread_start(model, source, case.several(2), 0), max_evaluations=20)
    chunk = next(source.chunks())
    assert chunk.total_weight == pickle.loads(pickle.dumps(chunk)).total_weight == 80.0
    there = pickle.loads(pickle.dumps(source))
    assert there.memory.keys() == source.memory.keys() != set()
    again = ek.fit(model, there, result.record.start, max_evaluations=20)
    assert again.log_likelihood == pytest.approx(result.log_likelihood, rel=1e-12)
    assert pickle.loads(pickle.dumps(result)).bic == result.bic


def full(n_components, d):
    covariances = np.broadcast_to(np.eye(d), (n_components, d, d))
    shares = np.full(n_components, 1 / n_components)
    return ek.MixtureParams(shares, ek.FullGaussianParams(np.zeros((n_components, d)), covariances))


def busy_share(sizes, workers):
    """The share of their time in which workers work who take chunks of these sizes one after the other, until all are done."""
    done = [0] * workers
    for size in sizes:
        heapq.heappush(done, heapq.heappop(done) + size)
    return sum(sizes) / (workers * max(done))


@pytest.mark.parametrize(
    ("rows", "columns", "n_components", "at_least"),
    [(4_000_000, 8, 8, 62), (1_000_000, 2, 4, 16), (400_000, 64, 16, 63), (100_000, 64, 16, 16), (100_000, 16, 32, 8)],
)
def test_much_work_is_cut_so_that_many_threads_are_busy_to_the_end(rows, columns, n_components, at_least):
    most = even_rows(rows, columns, row_work(full(n_components, columns)))
    sizes = [min(most, rows - start) for start in range(0, rows, most)]
    assert len(sizes) >= at_least
    for workers in (2, 4, 8, 16):
        assert busy_share(sizes, workers) > 0.96 or workers > at_least


@pytest.mark.parametrize("columns", [1, 2, 8, 64])
@pytest.mark.parametrize("n_components", [1, 3, 40])
def test_no_chunk_is_cut_so_small_that_its_own_cost_counts(columns, n_components):
    numbers = row_work(full(n_components, columns))
    for rows in np.geomspace(10, 3e6, 60).astype(int).tolist():
        few, most = even_rows(rows, columns), even_rows(rows, columns, numbers)
        assert most <= few
        if most < few:
            assert most >= TASK_ROWS
            assert most * numbers >= TASK
            assert -(-rows // most) <= max(SHARED, -(-rows // few))


def test_a_fit_cuts_rows_by_what_is_done_with_them_whatever_the_threads():
    x = np.random.default_rng(0).normal(size=(60_000, 16))
    model, source = ek.Mixture(ek.FullGaussian()), ek.ArraySource(x)
    start = spread_start(model, source, 40, 0)
    fits = [ek.fit(model, source, start, max_evaluations=2, n_jobs=number) for number in (1, 2, 7)]
    assert {len(list(fit.passes.chunks())) for fit in fits} == {8}
    assert len(list(source.chunks())) == 4
    for fit in fits[1:]:
        for one, other in zip(leaves(fit.params), leaves(fits[0].params), strict=True):
            np.testing.assert_array_equal(one.value, other.value)


def test_rows_that_were_cut_by_hand_stay_as_they_are():
    source = ek.ArraySource(np.random.default_rng(0).normal(size=(60_000, 8)), chunk_rows=25_000)
    assert source.shared_out(10**6) is source
