"""Every law that asks for no components, over every model whose latent variables are continuous."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from tests import cases, continuous
from tests.laws import chains, contract, draws, maxima, sums

over = pytest.mark.parametrize("case", continuous.MODELS, ids=lambda case: case.name)
of_whole = pytest.mark.parametrize("case", [*continuous.MODELS, *continuous.OF_ALL_ROWS], ids=lambda case: case.name)
of_rows = pytest.mark.parametrize("case", continuous.OF_ROWS, ids=lambda case: case.name)
of_groups = pytest.mark.parametrize("case", continuous.OF_GROUPS, ids=lambda case: case.name)
solvers = pytest.mark.parametrize("solver", cases.SOLVERS.values(), ids=cases.SOLVERS)


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


def grouped(x, weights=None):
    """Rows in groups of five, and a weight for each group."""
    return ek.ArraySource(x, None if weights is None else np.repeat(weights, 5), groups=np.arange(len(x)) // 5)


def test_every_model_is_on_a_list():
    public = (getattr(ek, name) for name in ek.__all__)
    models = {value for value in public if isinstance(value, type) and ek.LatentModel in value.__mro__}
    met = {type(case.model) for case in [*cases.MODELS, *continuous.MODELS, *continuous.OF_ALL_ROWS]}
    assert models - met == {ek.LatentModel, ek.Components}, "a model meets no laws"  # what others are made of


@of_whole
def test_steps_belong_together(case, rng):
    x, weights = case.draw(rng, 60), rng.integers(1, 4, 12).astype(float)
    exact = case.name not in continuous.STEPPING
    said = str(ek.check_model(case.model, grouped(x, weights), case.params, exact=exact))
    assert "no slope left" in said or not exact


@over
def test_updates_are_admissible(case, rng):
    contract.assert_updates_are_admissible(case.model, case.params, case.draw(rng, 40), rng.random(40) + 0.1)


@over
def test_statistics_add_up(case, rng):
    sums.assert_adds_up(case.model, case.params, case.draw(rng, 24), (1, 7))


@over
def test_any_number_of_threads_gives_the_same_bits(case, rng):
    sums.assert_executors_agree(case.model, case.params, case.draw(rng, 61))


@over
def test_weight_two_is_two_copies(case, rng):
    sums.assert_weights_are_copies(case.model, case.params, case.draw(rng, 24), rng)


@over
def test_weight_zero_is_absence(case, rng):
    x = case.draw(rng, 24)
    sums.assert_weight_zero_is_absence(case.model, case.params, x[:-1], x[-1])


@over
def test_rows_permute(case, rng):
    sums.assert_rows_permute(case.model, case.params, case.draw(rng, 24), rng)


@of_whole
def test_packing_is_undone_by_unpacking(case, rng):
    maxima.assert_round_trip(case.model, case.params, rng)


@over
def test_estimate_beats_its_neighbours(case, rng):
    weights = rng.integers(1, 4, 24).astype(float)
    if case.name in continuous.IN_TURN:
        maxima.assert_each_link_beats_its_neighbours(case.model, case.params, case.draw(rng, 24), weights, inside=True)
        return
    if case.name in continuous.STEPPING:
        many = rng.integers(1, 4, 80).astype(float)  # by themselves, few rows tell no class with variances of its own
        maxima.assert_estimate_is_on_the_way(case.model, case.params, case.draw(rng, 80), rng, many, inside=True)
        return
    maxima.assert_estimate_beats_neighbours(case.model, case.params, case.draw(rng, 24), rng, weights, inside=True)


@solvers
@of_whole
def test_objective_never_falls(case, solver, rng):
    start = maxima.random_point(case.model, case.params, rng, 0.7)
    maxima.assert_ascends(case.model, grouped(case.draw(rng, 40)), start, solver, 15)


@over
def test_an_empty_chunk_is_neutral(case, rng):
    contract.assert_an_empty_chunk_is_neutral(case.model, case.params, case.draw(rng, 20))


@of_rows
def test_chunks_and_profile_are_enough(case, rng):
    contract.assert_chunks_are_enough(case.model, case.params, case.draw(rng, 60), 1e-14)


@of_whole
def test_redrawn_rows_lean_nowhere(case, rng):
    draws.assert_redrawn_rows_lean_nowhere(case.model, case.params, case.draw(rng, 60), np.full(12, 5), rng)


@over
def test_a_pass_can_be_sent_elsewhere(case, rng):
    contract.assert_travels(case.model, case.params, case.draw(rng, 40))


@of_groups
def test_groups_add_up(case, rng):
    lengths = rng.multinomial(28, np.ones(12) / 12) + 1
    chains.assert_sequences_add_up(case.model, case.params, case.draw(rng, 40), lengths, rng)


@of_groups
def test_chunks_of_groups_and_profile_are_enough(case, rng):
    chains.assert_sequences_in_chunks_are_enough(case.model, case.params, case.draw(rng, 60), np.full(12, 5))
