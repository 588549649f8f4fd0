"""Forward and backward on every road: scaled, in logarithms and compiled, against all paths, and where shares underflow."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.models import chains
from tests.laws.chains import LENGTHS, labels, listed

ROADS = {"plain": chains.plainly_smoothed, "logs": chains.in_logs, "compiled": chains.compiled}
STUCK = np.array([[1.0, 0.0], [0.0, 1.0]])  # states that are never left


def chunk_of(lengths, weights=None):
    source = ek.ArraySource(np.zeros((sum(lengths), 1)), weights, groups=labels(lengths))
    (chunk,) = source.chunks()
    return chunk


def chain_of(kind, rng, k=3):
    initial, transitions = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k), k)
    if kind == "left to right":
        transitions = np.triu(transitions) / np.triu(transitions).sum(axis=1, keepdims=True)
    return (np.eye(k)[0] if kind == "one first state" else initial), transitions


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
@pytest.mark.parametrize("kind", ["any", "left to right", "one first state"])
@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_every_road_agrees_with_all_paths(road, kind, spread, rng):
    for _ in range(5):
        initial, transitions = chain_of(kind, rng)
        log_density, weights = rng.normal(0, spread, (sum(LENGTHS), 3)), rng.integers(1, 4, len(LENGTHS)).astype(float)
        found = road(initial, transitions, log_density, chunk_of(LENGTHS, weights))
        wanted = listed(initial, transitions, log_density, LENGTHS, weights)
        for ours, theirs in zip(found, wanted, strict=False):
            assert np.abs(ours - theirs).max() <= 1e-13 * (1 + np.abs(theirs).max())


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
@pytest.mark.parametrize("step", [-400.0, -900.0, -1e5])
def test_a_state_that_is_far_behind_may_be_the_only_way_on(road, step):
    """Two states that are never left: the second is behind by more than any number at first, and ahead in the end."""
    log_density = np.array([[0.0, step], [0.0, step], [2 * step, 0.0], [3 * step, 0.0]])
    found = road(np.array([0.5, 0.5]), STUCK, log_density, chunk_of((4,)))
    np.testing.assert_allclose(found.shares, [[0.0, 1.0]] * 4, atol=1e-100)
    assert found.log_likelihood[0] == pytest.approx(2 * step + np.log(0.5), rel=1e-14)
    np.testing.assert_allclose(found.pairs, [[0.0, 0.0], [0.0, 3.0]], atol=1e-100)


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_a_transition_too_small_to_multiply_is_kept(road):
    """Only over a transition of 1e-250 can the rows be explained."""
    transitions = np.array([[1.0, 1e-250], [0.0, 1.0]])
    log_density = np.array([[0.0, -1e4], [-150.0, -150.0 - 1e3], [-1e4, 0.0], [-1e4, 0.0]])
    found = road(np.array([1.0, 0.0]), transitions, log_density, chunk_of((4,)))
    assert found.log_likelihood[0] == pytest.approx(-150.0 - 250 * np.log(10), rel=1e-13)
    np.testing.assert_allclose(found.shares, [[1, 0], [1, 0], [0, 1], [0, 1]], atol=1e-100)


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_a_state_that_cannot_be_reached_has_no_share_however_well_it_explains_the_rows(road):
    log_density = np.tile([0.0, 900.0], (6, 1))
    found = road(np.array([1.0, 0.0]), STUCK, log_density, chunk_of((6,)))
    np.testing.assert_array_equal(found.shares, [[1.0, 0.0]] * 6)
    assert found.log_likelihood[0] == 0.0


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_a_sequence_that_no_path_explains_is_told_beside_those_that_are(road, rng):
    log_density = rng.normal(size=(9, 2))
    log_density[4] = -1e300
    found = road(np.array([0.5, 0.5]), np.full((2, 2), 0.5), log_density, chunk_of((3, 3, 3)))
    assert np.isneginf(found.log_likelihood).tolist() == [False, True, False]
    assert np.isnan(found.shares).all(axis=1).tolist() == [False] * 3 + [True] * 3 + [False] * 3
    assert found.pairs.sum() == pytest.approx(4.0, rel=1e-14)


@pytest.mark.parametrize("length", [1_999, 2_001, 50_000])
def test_a_long_sequence_has_the_likelihood_of_the_other_road(length, rng):
    initial, transitions = chain_of("any", rng)
    log_density, chunk = rng.normal(0, 3, (length, 3)), chunk_of((length,))
    found = chains.smoothed(initial, transitions, log_density, chunk)
    other = chains.plainly_smoothed(initial, transitions, log_density, chunk)
    np.testing.assert_allclose(found.log_likelihood, other.log_likelihood, rtol=1e-13)
    np.testing.assert_allclose(found.shares, other.shares, atol=1e-12)
    np.testing.assert_allclose(found.pairs, other.pairs, rtol=1e-12)
    assert np.abs(found.shares.sum(axis=1) - 1).max() < 1e-12


def test_both_roads_to_the_likeliest_path_lead_to_one(rng):
    initial, transitions = chain_of("left to right", rng)
    lengths = rng.integers(1, 40, 100)
    log_density, chunk = rng.normal(0, 3, (lengths.sum(), 3)), chunk_of(lengths)
    one, other = (road(initial, transitions, log_density, chunk) for road in (chains.plainly_likeliest, chains.decoded))
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_allclose(one.log_joint, other.log_joint, rtol=1e-14)


def test_no_rows_have_no_paths():
    empty = chunk_of((2,)).__class__(np.zeros((0, 1)), np.zeros(0))
    found = chains.smoothed(np.array([0.5, 0.5]), np.full((2, 2), 0.5), np.zeros((0, 2)), empty)
    assert found.shares.shape == (0, 2)
    assert not found.moves(empty).starts.any()
