"""Sequences in lanes, side by side: against the plain roads, and chains for which lanes are no way to go."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.families.linear import frozen
from emkit.kernels.forgetting import agreed
from emkit.kernels.lane_steps import SIDE_BY_SIDE
from emkit.kernels.lanes import lay_out
from emkit.models import chains
from emkit.models.chain_passes import Room, smoothed_in_lanes
from emkit.models.lanes import in_lanes

LENGTHS = {"one": [2_501], "many": [24] * 105, "mixed": [1_000, 30, 3_000, 1, *[7] * 50], "odd": [1_300, 1_300, 401]}


def chunk_of(lengths, weights=None):
    groups = np.repeat(np.arange(len(lengths)), lengths)
    source = ek.ArraySource(np.zeros((sum(lengths), 1)), weights, groups=groups, chunk_rows=10**6)
    (chunk,) = source.chunks()
    return chunk


def laid(table, rows):
    out = np.empty((rows.steps * SIDE_BY_SIDE, table.shape[1]))
    lay_out(frozen(table), rows.heads, out)
    return out


def through_lanes(initial, transitions, log_density, chunk, before=None, behind=None):
    """Weighted shares (n, K) in the order of the rows, and what else there is; None if lanes are no way to go."""
    rows = in_lanes(chunk, SIDE_BY_SIDE, before is not None, behind is not None)
    scores = np.ascontiguousarray(laid(log_density, rows).T)
    found = smoothed_in_lanes(initial, transitions, scores, rows, Room.of(rows, len(initial)), before, behind)
    if found is None:
        return None
    shares = np.full(log_density.shape, np.nan)
    step, lane = np.divmod(np.arange(scores.shape[1]), SIDE_BY_SIDE)
    there = step < np.diff(rows.heads)[lane]
    shares[(rows.heads[lane] + step)[there]] = scores.T[there]
    assert not scores.T[~there].any(), "rows beyond the end of a lane count"
    return shares, found.moves, found.log_likelihood


def chain_of(kind, rng, k):
    initial, transitions = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k), k)
    if kind == "sticky":
        transitions = 0.6 * np.eye(k) + 0.4 / k
    if kind == "left to right":
        initial, transitions = np.eye(k)[0], np.triu(transitions) / np.triu(transitions).sum(axis=1, keepdims=True)
    if kind == "round":
        transitions = 0.9 * np.eye(k) + 0.1 * np.roll(np.eye(k), 1, axis=1)
    return initial, transitions


def assert_right(found, wanted, chunk):
    shares, moves, log_likelihood = found
    np.testing.assert_allclose(shares, wanted.shares * chunk.weights[:, None], atol=1e-12 * chunk.weights.max())
    np.testing.assert_allclose(log_likelihood, wanted.log_likelihood @ chunk.group_weights, rtol=1e-13)
    np.testing.assert_allclose(moves.moves, wanted.pairs, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(moves.starts, wanted.moves(chunk).starts, rtol=1e-12, atol=1e-12)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("kind", ["any", "sticky"])
@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_lanes_agree_with_the_plain_road(lengths, kind, spread, rng):
    for k in (1, 2, 3, 5, 9):
        (initial, transitions), chunk = chain_of(kind, rng, k), chunk_of(lengths, rng.integers(1, 4, len(lengths)))
        log_density = rng.normal(0, spread, (len(chunk.x), k))
        found = through_lanes(initial, transitions, log_density, chunk)
        assert found is not None
        assert_right(found, chains.plainly_smoothed(initial, transitions, log_density, chunk), chunk)


@pytest.mark.parametrize("kind", ["left to right", "round"])
def test_lanes_keep_zeros_where_sequences_are_short(kind, rng):
    initial, transitions = chain_of(kind, rng, 4)
    chunk, log_density = chunk_of(LENGTHS["many"]), rng.normal(size=(sum(LENGTHS["many"]), 4))
    found = through_lanes(initial, transitions, log_density, chunk)
    assert found is not None
    assert_right(found, chains.in_logs(initial, transitions, log_density, chunk), chunk)
    assert not found[1].moves[transitions == 0].any()


def test_lanes_that_disagree_are_no_way_to_go(rng):
    """The less a chain forgets, the less a lane can tell from its neighbour's nearest rows; what it tells is right."""
    chunk, told = chunk_of([4_000]), []
    log_density = rng.normal(0, 0.01, (4_000, 3))
    for stay in 1 - np.logspace(-0.3, -8, 8):
        transitions = stay * np.eye(3) + (1 - stay) / 3
        found = through_lanes(np.full(3, 1 / 3), transitions, log_density, chunk)
        told.append(found is not None)
        if found is not None:
            assert_right(found, chains.plainly_smoothed(np.full(3, 1 / 3), transitions, log_density, chunk), chunk)
    assert told[0]
    assert not any(told[3:])


def test_lanes_of_a_permutation_are_no_way_to_go(rng):
    log_density = rng.normal(0, 0.01, (4_000, 3))
    assert through_lanes(np.array([0.5, 0.3, 0.2]), np.roll(np.eye(3), 1, axis=1), log_density, chunk_of([4_000])) is None


@pytest.mark.parametrize("step", [-400.0, -1e5])
def test_a_state_that_was_lost_and_is_the_only_way_on_is_noticed(step, rng):
    """Two states that are never left, in one of many sequences: the second is far behind at first, and ahead in the end."""
    lengths = [20] * 120
    log_density, chunk = rng.normal(size=(sum(lengths), 2)), chunk_of(lengths)
    assert through_lanes(np.array([0.5, 0.5]), np.eye(2), log_density, chunk) is not None
    log_density[1_002:1_006] = [[0.0, step], [0.0, step], [2 * step, 0.0], [3 * step, 0.0]]
    assert through_lanes(np.array([0.5, 0.5]), np.eye(2), log_density, chunk) is None


def test_transitions_that_may_underflow_and_impossible_rows_are_left_to_others(rng):
    log_density, chunk = rng.normal(size=(2_400, 2)), chunk_of([40] * 60)
    assert through_lanes(np.array([1.0, 0.0]), np.array([[1.0, 1e-250], [0.0, 1.0]]), log_density, chunk) is None
    log_density[1_111] = -1e300
    assert through_lanes(np.array([0.5, 0.5]), np.full((2, 2), 0.5), log_density, chunk) is None


def test_a_piece_of_a_sequence_has_the_shares_of_the_whole(rng):
    initial, transitions = chain_of("any", rng, 4)
    log_density, whole = rng.normal(size=(6_000, 4)), chunk_of([6_000])
    wanted = chains.plainly_smoothed(initial, transitions, log_density, whole).shares
    before, behind = np.empty(4), np.empty(4)
    assert agreed(transitions, log_density[1_700:2_000], True, before)
    assert agreed(np.ascontiguousarray(transitions.T), log_density[4_500:4_800][::-1].copy(), True, behind)
    shares, moves, _ = through_lanes(initial, transitions, log_density[2_000:4_500], chunk_of([2_500]), before, behind)
    np.testing.assert_allclose(shares, wanted[2_000:4_500], atol=1e-12)
    assert moves.starts.tolist() == [0.0] * 4
    assert moves.moves.sum() == pytest.approx(2_500, rel=1e-13)  # the move out of the piece, and none into it


def test_rows_that_do_not_tell_the_state_do_not_agree(rng):
    found, flat = np.empty(3), np.zeros((200, 3))
    assert not agreed(np.eye(3), flat, False, found)
    assert not agreed(0.999 * np.eye(3) + 0.001 / 3, flat, True, found)
    assert agreed(np.full((3, 3), 1 / 3), flat, True, found)
    np.testing.assert_allclose(found, 1 / 3, rtol=1e-15)
    assert agreed(np.full((3, 3), 1 / 3), np.tile([0.0, -1.0, -2.0], (5, 1)), True, found)
    np.testing.assert_allclose(found, np.exp([0.0, -1.0, -2.0]) / np.exp([0.0, -1.0, -2.0]).sum(), rtol=1e-14)


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_lanes_have_every_row_once_and_are_cut_between_sequences_that_end_nearby(lengths):
    chunk = chunk_of(lengths)
    rows = in_lanes(chunk, SIDE_BY_SIDE)
    assert rows.heads[0] == 0
    assert rows.heads[-1] == sum(lengths)
    assert (np.diff(rows.heads) > 0).all()
    assert rows.joined.any() == (max(lengths) > 100)
    assert len(rows.begins) == len(lengths) == (~rows.joins).sum()
    assert rows.joins.sum() == rows.joined.sum()


def test_rows_are_laid_out_in_any_layout_and_precision(rng):
    x, rows = rng.normal(size=(2_501, 3)), in_lanes(chunk_of([2_501]), SIDE_BY_SIDE)
    wanted = laid(x, rows)
    for other in (np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2]):
        np.testing.assert_array_equal(laid(other, rows), wanted)
    np.testing.assert_array_equal(laid(x.astype(np.float32), rows), wanted.astype(np.float32))
