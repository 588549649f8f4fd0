"""Stepwise EM: the average of statistics, its steps, and what a block may be."""

from __future__ import annotations

import gc
import pickle
import weakref
from itertools import count, islice

import numpy as np
import pytest

import emkit as ek
from emkit.core.incremental import OneCut
from emkit.core.online import Decay, OnlineState, after_block
from emkit.core.protocols import Loaded
from tests.laws.sums import numbers

MODEL = ek.Mixture(ek.Poisson())
START = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [5.0]]))
NORMALS = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[-1.0, 0.0], [1.0, 0.0]], [np.eye(2)] * 2))


def counts(seed: int, rows: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(np.where(rng.random((rows, 1)) < 0.3, 2.0, 9.0)).astype(float)


def points(seed: int, rows: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 2)) + np.where(rng.random((rows, 1)) < 0.4, -3.0, 3.0)


def stepped(blocks, decay):
    state = OnlineState(START)
    for block in blocks:
        state = after_block(ek.EMMap(MODEL, ek.ArraySource(block), START), state, decay)
    return state


def test_it_is_the_recursion_written_out():
    rates, shares, average = np.array([1.0, 5.0]), np.array([0.5, 0.5]), None
    for t in (1, 2, 3):
        x = counts(t)
        joint = shares * np.exp(-rates) * rates**x
        r = joint / joint.sum(axis=1, keepdims=True)
        own = np.stack([r.mean(axis=0), (r * x).mean(axis=0)])
        step = (t + 2.0) ** -0.7
        average = own if average is None else (1 - step) * average + step * own
        shares, rates = average[0], average[1] / average[0]
    found = stepped([counts(t) for t in (1, 2, 3)], Decay(0.7, 2.0))
    np.testing.assert_allclose(found.params.proportions, shares, rtol=1e-12)
    np.testing.assert_allclose(found.params.components.rates.ravel(), rates, rtol=1e-12)
    assert (found.blocks, found.rows) == (3, 900)


@pytest.mark.parametrize(("alpha", "t0"), [(0.5, 0), (1.01, 0), (np.nan, 0), ("1", 0), (0.6, -1), (0.6, np.inf)])
def test_steps_that_cannot_be(alpha, t0):
    with pytest.raises(ek.ParameterError, match=r"^(alpha|t0) is .*; it must be a number"):
        ek.fit_online(MODEL, [counts(0)], START, alpha=alpha, t0=t0)


def test_moments_about_moving_means_lose_nothing():
    """With a step of 1 / t all blocks count alike, and at parameters that hardly move the average is the batch's."""
    blocks = [points(t) for t in range(4)]
    model = ek.Mixture(ek.FullGaussian())
    best = ek.fit(model, np.concatenate(blocks), NORMALS, tol=1e-12).params
    found = ek.fit_online(model, blocks, best, alpha=1.0, passes=2).params.components
    np.testing.assert_allclose(found.means, best.components.means, atol=1e-3)
    np.testing.assert_allclose(found.covariances, best.components.covariances, atol=3e-3)


def test_an_endless_stream_in_parts_is_the_stream():
    whole = ek.fit_online(MODEL, islice(map(counts, count()), 6), START)
    stream = map(counts, count())
    begun = ek.fit_online(MODEL, islice(stream, 2), START)
    parts = pickle.loads(pickle.dumps(begun)).more(islice(stream, 4))
    assert np.array_equal(numbers(parts.params), numbers(whole.params))
    assert (parts.blocks, parts.rows) == (6, 1800)
    assert begun.blocks == 2
    assert parts.score == whole.score


def test_a_source_is_read_cut_by_cut_and_again():
    x = np.concatenate([counts(t) for t in range(3)])
    source = ek.ArraySource(x, chunk_rows=300)
    listed = [x[:300], x[300:600], x[600:]]
    found = [ek.fit_online(MODEL, blocks, START, passes=2) for blocks in (source, listed, lambda: iter(listed))]
    assert len({numbers(each.params).tobytes() for each in found}) == 1
    assert found[0].blocks == 6
    result = found[0].full_pass(source)
    assert result.log_likelihood == ek.EMMap(MODEL, source, START).objective(found[0].params)
    assert (result.evaluations, result.converged) == (1, False)
    assert result.outcome.sentence.startswith(
        "not converged: these are the parameters after 6 blocks (1,800 rows) of stepwise EM"
    )
    assert ek.fit(MODEL, x, result.params).converged


def test_a_prior_stands_beside_all_rows_so_far():
    x = [counts(1)] * 40
    strong = ek.WithPrior(MODEL, {"components.rates": ek.GammaPrior(4000.0, 1000.0)})
    first, last = (ek.fit_online(strong, x[:n], START).params.components.rates.ravel() for n in (1, 40))
    assert np.ptp(first) < 3 < np.ptp(last)


def test_weights_groups_and_executors_belong_to_blocks():
    groups = np.repeat(np.arange(30), 10)
    chain = ek.HiddenMarkovChain(ek.Poisson())
    start = ek.HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], START.components)
    found = ek.fit_online(chain, [ek.ArraySource(counts(t), groups=groups) for t in range(3)], start)
    assert (found.blocks, found.rows) == (3, 900)
    doubled = ek.fit_online(MODEL, [ek.ArraySource(counts(1), np.full(300, 2.0))] * 2, START, executor=ek.Processes(1))
    assert doubled.rows == 1200
    np.testing.assert_allclose(
        doubled.params.components.rates, ek.fit_online(MODEL, [counts(1)] * 2, START).params.components.rates, rtol=1e-12
    )


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([counts(1), np.empty((0, 1))], r"^block 2: "),
        ([counts(1), counts(1)[:, [0, 0]]], r"^block 2: there are 2 columns, but the fit is of 1 "),
        ([counts(1), [[2.0], [np.nan]]], r"^block 2: row 1, column 'x0' is nan; the rows by which"),
        ([counts(1), [[2.0], [-1.0]]], r"^block 2: row 1, column 'x0' is -1"),
        ([], r"^there are no blocks"),
        (iter([]), r"^there are no blocks"),
        (counts(1), r"^blocks are one table\. Give several"),
        (3, r"^blocks are int; they must be tables"),
    ],
)
def test_blocks_that_cannot_be(blocks, said):
    with pytest.raises(ek.DataError, match=said):
        ek.fit_online(MODEL, blocks, START)


def test_a_block_without_rows_of_a_source_of_ones_own():
    empty = OneCut(Loaded(ek.Chunk(np.empty((0, 1)), np.empty(0))))
    with pytest.raises(ek.DataError, match="there are no rows of a positive weight"):
        after_block(ek.EMMap(MODEL, empty, START), OnlineState(START), Decay())


def test_what_can_be_read_once_is_read_once():
    with pytest.raises(ek.DataError, match=r"2 passes are asked for, but generator can be read once\. Give a source"):
        ek.fit_online(MODEL, (counts(t) for t in range(3)), START, passes=2)


def test_gaps_are_taken_where_rows_say_that_there_are_some():
    x = counts(1)
    x[3] = np.nan
    with pytest.raises(ek.DataError, match=r"^block 2: row 3, column 'x0' is nan.*like=rows"):
        ek.fit_online(MODEL, [counts(2), x], START)
    assert ek.fit_online(MODEL, [counts(2), x], START, like=x).blocks == 2
    assert ek.fit_online(MODEL, [x, counts(2)], START).blocks == 2


def test_levels_are_those_of_the_first_block():
    answers = {"wet": ["yes", "no", "no", "yes"] * 20}
    model = ek.Mixture(ek.Categorical())
    start = model.starts(model.recoded(ek.ArraySource([[0.0], [1.0]])).profile, 1, [0])[0]
    assert ek.fit_online(model, [answers, {"wet": ["no", "yes"]}], start).blocks == 2
    with pytest.raises(ek.DataError, match=r"^block 2: row 1, column 'wet' is 'perhaps'; its levels are no, yes"):
        ek.fit_online(model, [answers, {"wet": ["no", "perhaps"]}], start)


@pytest.mark.parametrize("model", [MODEL, ek.Mixture(ek.Categorical())])
def test_no_block_is_kept(model):
    seen = []

    def stream():
        for t in range(5):
            block = np.minimum(counts(t), 5.0)
            seen.append(weakref.ref(block))
            yield block
            del block
            assert sum(each() is not None for each in seen) <= 1

    x = np.arange(6.0)[:, None]
    start = START if model is MODEL else model.starts(model.recoded(ek.ArraySource(x)).profile, 2, [0])[0]
    gc.disable()  # what is freed is freed at once
    try:
        assert ek.fit_online(model, stream(), start, like=x).blocks == 5
    finally:
        gc.enable()


def test_statistics_that_do_not_add_up():
    family = ek.StudentT()
    start = ek.MixtureParams([1.0], family.pooled(ek.ArraySource(points(1)).profile, 1))
    with pytest.raises(ek.ModelError, match=r"StudentT cannot be fitted block by block.*write carried\(stats, before, now\)"):
        ek.fit_online(ek.Mixture(family), [points(1)], start)


def test_what_is_no_executor_is_refused_in_words():
    assert ek.fit_online(MODEL, [counts(1)], START, executor=None).blocks == 1
    for fit in (ek.fit_online, ek.fit_incremental):
        with pytest.raises(ek.ModelError, match="executor is 2; it must be a function without arguments"):
            fit(MODEL, [counts(1)], START, executor=2)
