"""What leads a hidden Markov chain out of a poor maximum: states exchanged, and put elsewhere."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

import emkit as ek
from emkit.data.subsample import SUBSAMPLE
from emkit.models.chain_moves import relocations, split_merges
from emkit.search.rank import is_spike
from tests.laws.chains import labels

CHAIN = ek.HiddenMarkovChain(ek.SphericalGaussian())
CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [30.0, 30.0]])
STATES = np.repeat(np.random.default_rng(0).permutation(np.arange(40) % 4), 8)
X = CENTRES[STATES] + np.random.default_rng(1).normal(size=(320, 2))
LENGTHS = (100, 20, 200)
SOURCE = ek.ArraySource(X, groups=labels(LENGTHS))
EVEN = np.full((4, 4), 0.1) + 0.6 * np.eye(4)


def fitted(centres, variances, transitions=EVEN, initial=(0.25,) * 4):
    start = ek.HiddenMarkovParams(initial, transitions, ek.SphericalGaussianParams(centres, variances))
    return ek.fit(CHAIN, SOURCE, start, solver="anderson")


@pytest.fixture(scope="module")
def right():
    return fitted(CENTRES, np.ones(4))


@pytest.fixture(scope="module")
def stuck():
    """Two states share the rows about one centre, and one state has those about two others."""
    return fitted(np.array([[5.0, 0.0], [0.0, 10.0], [29.7, 30.3], [30.3, 29.7]]), [26.0, 1.0, 1.0, 1.0])


def test_two_states_at_one_place_and_one_across_two_are_set_right(right, stuck):
    assert stuck.log_likelihood < right.log_likelihood - 100
    first = next(split_merges(CHAIN, stuck.params, SOURCE.profile))
    freed = ek.fit(CHAIN, SOURCE, first, solver="anderson")
    assert freed.log_likelihood == pytest.approx(right.log_likelihood, abs=1e-6)


def test_nothing_is_exchanged_where_every_place_has_its_state(right):
    assert list(split_merges(CHAIN, right.params, SOURCE.profile)) == []


def test_some_relocations_lead_to_the_best(right, stuck):
    starts = islice(relocations(CHAIN, stuck.params, SOURCE.profile, 0), 100)
    near = [start for start in starts if all(np.abs(start.components.means - c).sum(axis=1).min() < 4 for c in CENTRES)]
    assert 0 < len(near) < 50
    freed = ek.fit(CHAIN, SOURCE, near[0], solver="anderson")
    assert freed.log_likelihood == pytest.approx(right.log_likelihood, abs=1e-6)


def test_relocations_follow_their_seed(stuck):
    one, same, other = (
        [start.transitions for start in islice(relocations(CHAIN, stuck.params, SOURCE.profile, seed), 8)] for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_moves_are_the_same_however_sequences_are_cut(stuck):
    cut = ek.ArraySource(X, groups=labels(LENGTHS), chunk_rows=50)
    assert len(list(cut.chunks())) > 1
    for one, other in zip(
        (*split_merges(CHAIN, stuck.params, SOURCE.profile), *islice(relocations(CHAIN, stuck.params, SOURCE.profile, 0), 8)),
        (*split_merges(CHAIN, stuck.params, cut.profile), *islice(relocations(CHAIN, stuck.params, cut.profile, 0), 8)),
        strict=True,
    ):
        np.testing.assert_allclose(other.transitions, one.transitions, rtol=1e-12, atol=1e-15)


def test_what_is_held_to_be_impossible_stays_so():
    onwards = np.tri(4, k=1) * np.tri(4).T
    left_right = onwards / onwards.sum(axis=1, keepdims=True)
    zeros = [f"transitions[{i}, {k}]" for i, k in np.argwhere(left_right == 0)]
    held = ek.Frozen(CHAIN, "initial", *zeros)
    end = fitted(CENTRES + 5.0, np.full(4, 90.0), left_right, [1.0, 0.0, 0.0, 0.0])
    found = islice(held.relocations(end.params, SOURCE.profile, 0), 8)
    for start in (*held.moves(end.params, SOURCE.profile), *found):
        assert start.initial.tolist() == end.params.initial.tolist()
        assert not start.transitions[left_right == 0].any()


def test_moves_that_a_poor_maximum_never_makes_are_possible_again(stuck):
    assert not stuck.params.transitions.all()
    for start in split_merges(CHAIN, stuck.params, SOURCE.profile):
        assert start.transitions.all()


def test_held_transitions_stay_where_they_are(stuck):
    held = ek.Frozen(CHAIN, "transitions")
    for start in islice(held.relocations(stuck.params, SOURCE.profile, 0), 4):
        np.testing.assert_array_equal(start.transitions, stuck.params.transitions)


def test_there_are_no_moves_of_one_state_nor_of_states_of_unlike_families_nor_of_many_rows(stuck):
    alone = CHAIN.even(SOURCE.profile, 1)
    unlike = ek.HiddenMarkovChain([ek.Poisson(), ek.Geometric()])
    counts = ek.ArraySource(np.arange(40)[:, None] % 7 + 1).as_one_group()
    kinds = ek.HiddenMarkovParams([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], unlike.even(counts.profile, 2).components)
    many = ek.ArraySource(np.resize(X, (SUBSAMPLE + 1, 2))).as_one_group()
    for model, params, source in ((CHAIN, alone, SOURCE), (unlike, kinds, counts), (CHAIN, stuck.params, many)):
        assert list(split_merges(model, params, source.profile)) == []
        assert list(islice(relocations(model, params, source.profile, 0), 1)) == []


def test_rows_of_states_are_those_that_are_expected(right):
    assert CHAIN.rows_of(right.params, SOURCE.profile) == pytest.approx(np.bincount(STATES), rel=0.15)
    onwards = ek.HiddenMarkovParams([1, 0], [[0.5, 0.5], [0, 1]], ek.SphericalGaussianParams([[0, 0], [1, 1]], [1, 1]))
    one_row_each = ek.ArraySource(X, groups=np.arange(len(X))).profile
    assert CHAIN.rows_of(onwards, one_row_each).tolist() == [320.0, 0.0]
    assert CHAIN.rows_of(onwards, SOURCE.profile) == pytest.approx([320 / 64, 320 * (1 - 1 / 64)])


def test_a_search_takes_a_state_of_few_close_rows_for_a_sliver():
    x = np.random.default_rng(5).normal(size=(200, 1)) + 4 * np.repeat([[0.0], [1.0], [0.0], [1.0]], 50, axis=0)
    source, chain = ek.ArraySource(x).as_one_group(), ek.HiddenMarkovChain("gaussian")
    for variance, found in ((1e-8, (2,)), (1.0, ())):
        params = ek.HiddenMarkovParams(
            [0.5, 0.5, 0.0],
            [[0.95, 0.03, 0.02], [0.03, 0.95, 0.02], [0.5, 0.5, 0.0]],
            ek.FullGaussianParams([[0.0], [4.0], [2.0]], [[[1.0]], [[1.0]], [[variance]]]),
        )
        assert chain.slivers(params, source.profile) == found
        assert is_spike(params, chain, source) == bool(found)
