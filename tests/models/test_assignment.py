"""Soft, hard and sampled E-steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import emkit as ek
from emkit import lessons
from tests.laws.chains import LENGTHS, labels

LOG_JOINT = np.log(
    [[0.1, 0.3], [0.2, 0.2], [0.05, 0.0], [1e-300, 1e-301]], where=[[1, 1], [1, 1], [1, 0], [1, 1]], out=np.full((4, 2), -1e300)
)
ONES = np.ones(4)


def test_soft_shares_a_row_by_its_posterior():
    assigned = ek.Soft().assign(LOG_JOINT, ONES, 0)
    np.testing.assert_allclose(assigned.responsibilities, [[0.25, 0.75], [0.5, 0.5], [1, 0], [10 / 11, 1 / 11]], rtol=1e-12)
    np.testing.assert_allclose(assigned.log_likelihood, np.log([0.4, 0.4, 0.05, 1.1e-300]), rtol=1e-12)
    assert assigned.gap is None
    assert assigned.total_gap(np.ones(4)) == 0


def test_soft_neither_under_nor_overflows():
    assigned = ek.Soft().assign(np.array([[-2000.0, -2001.0], [2000.0, 1999.0]]), np.ones(2), 0)
    np.testing.assert_allclose(assigned.responsibilities[:, 0], 1 / (1 + np.exp(-1)), rtol=1e-12)
    np.testing.assert_allclose(assigned.log_likelihood, np.log1p(np.exp(-1)) + np.array([-2000, 2000]), rtol=1e-15)


def test_hard_gives_a_row_to_the_likeliest_the_first_of_equals():
    assigned = ek.Hard().assign(LOG_JOINT, ONES, 0)
    assert assigned.responsibilities.tolist() == [[0, 1], [1, 0], [1, 0], [1, 0]]
    np.testing.assert_allclose(assigned.gap, np.log([0.4 / 0.3, 2.0, 1.0, 1.1]), atol=1e-12)


def test_hard_em_lands_on_the_coins_that_were_really_so():
    lesson = lessons.two_coins()
    hard = ek.Frozen(ek.Mixture(ek.Binomial(trials=10, ordered=True), ek.Hard()), "proportions")
    result = ek.fit(hard, lesson.source, lesson.start)
    assert result.converged
    np.testing.assert_allclose(result.params.components.probabilities.ravel(), [0.8, 0.45], rtol=1e-15)


def test_sampled_draws_one_state_a_row_and_the_same_for_the_same_seed():
    sampled = ek.Sampled(seed=3)
    first = sampled.assign(LOG_JOINT, ONES, 0).responsibilities
    assert set(first.ravel()) == {0.0, 1.0}
    assert first.sum(axis=1).tolist() == [1, 1, 1, 1]
    assert np.array_equal(first, sampled.assign(LOG_JOINT, ONES, 0).responsibilities)


def test_sampled_frequencies_are_the_posterior():
    drawn = ek.Sampled(seed=1).assign(np.repeat(LOG_JOINT[:1], 20_000, axis=0), np.ones(20_000), 0).responsibilities
    assert abs(drawn[:, 0].mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 20_000)


def test_a_row_of_weight_five_draws_five_times():
    joint = np.repeat(LOG_JOINT[:1], 4000, axis=0)
    drawn = ek.Sampled(seed=2).assign(joint, np.full(4000, 5.0), 0).responsibilities[:, 0]
    assert set(np.round(5 * drawn)) == {0, 1, 2, 3, 4, 5}
    assert abs(drawn.var() - 0.25 * 0.75 / 5) < 0.1 * 0.25 * 0.75 / 5


def test_chunks_and_seeds_draw_different_lots():
    joint = np.zeros((64, 2))
    lots = {
        ek.Sampled(seed).assign(joint, np.ones(64), start).responsibilities.tobytes() for seed in (0, 1) for start in (0, 64)
    }
    assert len(lots) == 4


def test_a_sampled_run_wanders_ends_with_its_budget_and_keeps_its_best_place():
    lesson = lessons.two_coins()
    model = ek.Frozen(ek.Mixture(ek.Binomial(trials=10, ordered=True), ek.Sampled(seed=1)), "proportions")
    result = ek.fit(model, lesson.source, lesson.start, max_evaluations=40)
    values = [moment.objective for moment in result.history]
    assert result.outcome.status is ek.Status.BUDGET
    assert min(np.diff(values)) < 0
    assert result.objective == max(values)


@pytest.mark.parametrize("assignment", [ek.Soft(), ek.Hard(), ek.Sampled()])
def test_an_impossible_row_has_no_responsibilities_and_is_an_error_of_the_e_step(assignment):
    found = assignment.assign(np.array([[-1e300, -1e300], [0.0, -1.0]]), np.ones(2), 0)
    assert np.isneginf(found.log_likelihood).tolist() == [True, False]
    assert np.isnan(found.responsibilities[0]).all()
    model, params = ek.Mixture(ek.Bernoulli(), assignment), ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.0], [0.0]]))
    with pytest.raises(ek.ParameterError, match="probability 0 under every latent state"):
        model.e_step(params, next(ek.ArraySource([0.0, 1.0]).chunks()))


MOVES = np.array([[0.8, 0.2, 0.0], [0.1, 0.6, 0.3], [0.0, 0.5, 0.5]])


def paths_of(assignment, weights):
    log_density = np.random.default_rng(2).normal(0, 1.5, (sum(LENGTHS), 3))
    (chunk,) = ek.ArraySource(np.zeros((sum(LENGTHS), 1)), weights, groups=labels(LENGTHS)).chunks()
    return assignment.assign_paths(np.array([0.5, 0.5, 0.0]), MOVES, log_density, chunk)


def test_a_path_is_drawn_as_a_whole():
    for seed in range(20):
        found = paths_of(ek.Sampled(seed), np.ones(len(LENGTHS)))
        assert set(found.responsibilities.ravel()) == {0.0, 1.0}
        states, moved = found.responsibilities.argmax(axis=1), np.zeros((3, 3))
        for first, end in pairwise(np.cumsum([0, *LENGTHS])):
            assert states[first] != 2
            for pair in pairwise(states[first:end]):
                moved[pair] += 1
        np.testing.assert_array_equal(found.latent.moves, moved)
        assert not moved[MOVES == 0].any()
        np.testing.assert_array_equal(found.latent.starts, np.bincount(states[np.cumsum([0, *LENGTHS[:-1]])], minlength=3))


def test_paths_that_are_drawn_average_to_the_soft_ones():
    times = 40_000.0
    soft, drawn = (paths_of(each, np.full(len(LENGTHS), times)) for each in (ek.Soft(), ek.Sampled(3)))
    np.testing.assert_allclose(drawn.log_likelihood, soft.log_likelihood, rtol=1e-13)
    for ours, theirs, most in (
        (drawn.responsibilities, soft.responsibilities, 1.0),
        (drawn.latent.moves / times, soft.latent.moves / times, 3.0),
        (drawn.latent.starts / times, soft.latent.starts / times, len(LENGTHS)),
    ):
        assert np.abs(ours - theirs).max() < 5 * most * 0.5 / np.sqrt(times)
    shares = paths_of(ek.Sampled(3), np.full(len(LENGTHS), times + 0.5)).responsibilities  # drawn once
    assert set(shares.ravel()) == {0.0, 1.0}
