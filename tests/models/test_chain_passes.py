"""Passes over sequences: lanes, pieces and threads give what rows in order give."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.core.mapreduce import threads
from emkit.models.pieces import HardlyForgetsError, InPieces, Piece
from emkit.models.together import can_go_together
from tests.laws.chains import labels
from tests.laws.sums import assert_same_bits, numbers

ROWS = 33_000  # of one sequence: enough for pieces
APART, TOGETHER = [[0.0, 0.0], [2.0, 1.0], [-1.0, 3.0]], [[0.0, 0.0], [0.01, 0.0], [0.0, 0.01]]
STICKY = 0.97 * np.eye(3) + 0.01


def chain(means=APART, transitions=STICKY):
    components = ek.FullGaussianParams(means, [np.eye(2)] * 3)
    return ek.HiddenMarkovChain(ek.FullGaussian()), ek.HiddenMarkovParams([0.2, 0.3, 0.5], transitions, components)


@pytest.fixture(scope="module")
def x():
    model, params = chain()
    return model.draw(params, np.random.default_rng(5), ROWS)[0]


def assert_close(found, wanted, rows):
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-12)
    for one, other in zip(numbers(found), numbers(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12 * rows)


def whole(x, **options):
    (chunk,) = ek.ArraySource(x, chunk_rows=len(x), **{"groups": np.zeros(len(x)), **options}).chunks()
    return chunk


@pytest.mark.parametrize("family", [ek.FullGaussian(), ek.TiedGaussian(), ek.Laplace()], ids=["full", "tied", "no linear form"])
@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_a_chunk_in_lanes_has_the_statistics_of_the_plain_e_step(family, precision, x):
    lengths, (_, params) = [10_000, 1, 3_000, *[100] * 100], chain()
    chunk = whole(x[: sum(lengths)].astype(precision), weights=np.linspace(0.5, 3, len(lengths)), groups=labels(lengths))
    model = ek.HiddenMarkovChain(family)
    start = model.starts(ek.ArraySource(x[:500]).as_one_group().profile, 3, [0])[0]
    start = ek.HiddenMarkovParams(params.initial, params.transitions, start.components)
    assert_close(model.e_step(start, chunk), model.plain_e_step(start, chunk), ROWS)


def test_rows_with_gaps_go_in_lanes_and_pieces(x):
    some = x.copy()
    some[::7, 0] = some[::5, 1] = some[1_000:1_100] = some[-3:] = np.nan
    source = ek.ArraySource(some).as_one_group()
    model, params = chain()
    model = model.settled(source.profile)
    wanted = model.plain_e_step(params, whole(some))
    assert len(list(InPieces(source).chunks())) > 1
    assert_close(ek.EMMap(model, source, params).expectation(params), wanted, ROWS)
    assert_close(model.e_step(params, whole(some)), wanted, ROWS)


def test_a_long_sequence_in_pieces_is_the_same_bits_for_any_number_of_threads(x):
    (model, params), source = chain(), ek.ArraySource(x).as_one_group()
    pieces = list(InPieces(source).chunks())
    assert [isinstance(piece, Piece) for piece in pieces] == [True] * 4
    assert np.shares_memory(pieces[1].chunk.x, source.x)
    found = []
    for number in (1, 2, 3):
        with threads(number) as map_reduce:
            found.append(ek.EMMap(model, source, params, map_reduce).expectation(params))
    assert_same_bits(found[0], found[1], "two threads")
    assert_same_bits(found[0], found[2], "three threads")
    assert_close(found[0], model.plain_e_step(params, whole(x)), ROWS)


def test_a_long_sequence_of_a_chain_that_hardly_forgets_is_gone_through_whole(x):
    model, params = chain(TOGETHER, (1 - 1e-9) * np.eye(3) + 1e-9 / 3)
    source = ek.ArraySource(x).as_one_group()
    with pytest.raises(HardlyForgetsError):
        model._piece_step(params, next(iter(InPieces(source).chunks())))
    assert_close(ek.EMMap(model, source, params).expectation(params), model.plain_e_step(params, whole(x)), ROWS)


@pytest.mark.parametrize("transitions", [np.eye(3), np.roll(np.eye(3), 1, axis=1), np.triu(np.ones((3, 3))) / [[3], [2], [1]]])
def test_a_long_sequence_of_a_chain_with_zeros_keeps_them(transitions, x):
    (model, params), source = chain(TOGETHER, transitions), ek.ArraySource(x).as_one_group()
    found = ek.EMMap(model, source, params).expectation(params)
    assert_close(found, model.plain_e_step(params, whole(x)), ROWS)
    assert not found.statistics.belonging.moves[transitions == 0].any()


@pytest.mark.parametrize("row", [0, 20_000])
def test_an_impossible_row_of_a_long_sequence_is_told(row):
    model, source = ek.HiddenMarkovChain(ek.Poisson()), ek.ArraySource(np.eye(1, ROWS, row).T).as_one_group()
    params = ek.HiddenMarkovParams([0.5, 0.5], np.full((2, 2), 0.5), ek.PoissonParams([[0.0], [0.0]]))
    with pytest.raises(ek.ParameterError, match="probability 0 under every latent state"):
        ek.EMMap(model, source, params).expectation(params)


def test_runs_still_race_side_by_side():
    model, params = chain()
    assert can_go_together(model, params)


def test_viterbi_training_looks_at_whole_sequences(x):
    _, params = chain()
    model, source = ek.HiddenMarkovChain(ek.FullGaussian(), ek.Hard()), ek.ArraySource(x).as_one_group()
    found, wanted = ek.EMMap(model, source, params).expectation(params), model.plain_e_step(params, whole(x))
    assert_close(found, wanted, ROWS)
    assert found.gap > 0


def test_sequences_that_come_by_themselves_are_no_pieces(x):
    source = ek.ArraySource(x, groups=np.arange(ROWS) // 100)
    assert list(InPieces(source).chunks()) == list(source.chunks())


class Doubtful(ek.HiddenMarkovChain):
    """Rows tell a tenth of what they say."""

    def assign(self, params, log_density, chunk):
        return super().assign(params, 0.1 * log_density, chunk)


def test_whoever_assigns_rows_otherwise_does_so_in_long_sequences_too():
    rng = np.random.default_rng(0)
    x = rng.poisson(np.repeat(rng.choice([2.0, 9.0], 40), 75))[:, None].astype(float)
    params = ek.HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], ek.PoissonParams([[2.0], [9.0]]))
    own, (chunk,) = Doubtful("poisson"), ek.ArraySource(x, groups=np.zeros(3_000)).chunks()
    assert not own.goes_in_lanes
    assert own.e_step(params, chunk).log_likelihood == pytest.approx(own.posterior(params, chunk).log_likelihood.sum())
    assert ek.HiddenMarkovChain("poisson").goes_in_lanes
