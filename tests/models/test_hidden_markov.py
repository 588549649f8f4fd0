"""Hidden Markov chains as models: what is fitted, what is held, what is refused, and what is told of the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import entropy, poisson

import emkit as ek
from emkit.core.parameters import replace_at
from emkit.inference.differences import curvature_steps, hessian, jacobian
from emkit.models.assignment import Assignment
from emkit.models.reassigned import with_assignment

DATA = Path(__file__).parents[1] / "oracles" / "data" / "earthquakes.csv"
CHAIN = ek.HiddenMarkovChain("poisson")
LEFT_RIGHT = [[0.9, 0.1, 0.0], [0.0, 0.8, 0.2], [0.0, 0.0, 1.0]]


def params_of(rates, stay=0.9):
    k = len(rates)
    return ek.HiddenMarkovParams(
        np.full(k, 1 / k),
        np.full((k, k), (1 - stay) / (k - 1)) + (stay - (1 - stay) / (k - 1)) * np.eye(k),
        ek.PoissonParams(np.array(rates)[:, None]),
    )


@pytest.fixture(scope="module")
def counts():
    """Major earthquakes of each year, 1900 to 2006 (Zucchini & MacDonald 2009, table 1.1)."""
    return np.loadtxt(DATA, delimiter=",", skiprows=1)[:, 1:]


@pytest.fixture(scope="module")
def fitted(counts):
    return ek.fit(CHAIN, counts, params_of([15.0, 25.0]), solver="anderson", tol=1e-12)


def test_rows_in_no_groups_are_one_sequence(counts, fitted):
    grouped = ek.fit(CHAIN, counts, params_of([15.0, 25.0]), groups=np.zeros(107), solver="anderson", tol=1e-12)
    assert grouped.history == fitted.history
    assert fitted.source.groups.tolist() == [0, 107]
    assert fitted.log_likelihood == pytest.approx(-341.8787010117196, abs=1e-8)
    assert fitted.posterior(counts).log_likelihood == pytest.approx(fitted.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(fitted.predict_proba(counts), fitted.predict_proba(fitted.source), atol=1e-15)


def test_a_search_finds_the_maximum_from_starts_of_the_model(counts, fitted):
    starts = CHAIN.starts(CHAIN.admitted(ek.ArraySource(counts)).profile, 2, range(4))
    found = ek.fit(CHAIN, counts, starts, solver="squarem").in_order()
    assert found.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-6)
    assert found.params.components.rates[0, 0] < found.params.components.rates[1, 0]


def test_weights_are_of_sequences(counts):
    weights = np.ones(107)
    weights[50] = 2.0
    with pytest.raises(ek.DataError, match=r"row 50 has weight 2, unlike others.*a weight is of a sequence"):
        ek.fit(CHAIN, counts, params_of([15.0, 25.0]), weights=weights)
    twice = ek.fit(CHAIN, counts, params_of([15.0, 25.0]), weights=np.full(107, 2.0), max_evaluations=3)
    assert twice.log_likelihood == pytest.approx(
        2 * ek.fit(CHAIN, counts, params_of([15.0, 25.0]), max_evaluations=3).log_likelihood, rel=1e-13
    )


def test_sequences_of_one_row_are_a_mixture(counts):
    start = replace_at(params_of([15.0, 25.0]), {"initial": [0.3, 0.7]})
    rows = ek.fit(CHAIN, counts, start, groups=np.arange(107), max_evaluations=20)
    plain = ek.fit(ek.Mixture("poisson"), counts, ek.MixtureParams([0.3, 0.7], start.components), max_evaluations=20)
    assert rows.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(rows.params.initial, plain.params.proportions, rtol=1e-10)
    np.testing.assert_array_equal(rows.params.transitions, start.transitions)


def test_a_row_that_was_not_seen_is_a_step(counts):
    """The chain moves on through it: as if transitions were squared there."""
    x = counts[:9].copy()
    x[4] = np.nan
    params = params_of([15.0, 25.0], 0.8)
    found = ek.fit(CHAIN, x, params, max_evaluations=1).log_likelihood
    share, height = params.initial, 0.0
    for t, count in enumerate(x[:, 0]):
        share = share if t == 0 else share @ params.transitions
        if np.isfinite(count):
            joint = share * poisson.pmf(count, params.components.rates[:, 0])
            height += np.log(joint.sum())
            share = joint / joint.sum()
    assert found == pytest.approx(height, rel=1e-13)


def test_a_cell_that_was_not_seen_says_nothing_of_the_state():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 2))
    x[rng.random(x.shape) < 0.2] = np.nan
    chain = ek.HiddenMarkovChain("gaussian-diag")
    start = ek.HiddenMarkovParams(
        [0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], ek.DiagonalGaussianParams([[-0.5, 0.0], [0.5, 0.0]], np.ones((2, 2)))
    )
    run = ek.fit(chain, x, start, max_evaluations=30)
    heights = [entry.log_likelihood for entry in run.history]
    assert np.all(np.diff(heights) >= -1e-9)
    assert "E-step" in str(ek.check_model(chain, x, start))


def test_a_left_right_chain_keeps_its_zeros_and_counts_its_free_parameters(counts):
    start = replace_at(params_of([12.0, 18.0, 28.0]), {"initial": [1.0, 0.0, 0.0], "transitions": LEFT_RIGHT})
    zeros = [f"transitions[{i}, {k}]" for i, k in ((0, 2), (1, 0), (2, 0), (2, 1))]
    held = ek.fit(ek.Frozen(CHAIN, "initial", *zeros), counts, start, solver="squarem")
    assert held.converged
    assert held.free_parameters == 2 + 3
    assert (held.params.transitions[np.array(LEFT_RIGHT) == 0] == 0).all()
    assert held.params.initial.tolist() == [1.0, 0.0, 0.0]
    assert (np.diff(held.model.model.decode(held.params, next(held.source.chunks())).states) >= 0).all()


def test_a_state_that_no_sequence_comes_to_is_told(counts):
    start = replace_at(
        params_of([12.0, 18.0, 28.0]),
        {"initial": [1.0, 0.0, 0.0], "transitions": [[0.5, 0.5, 0], [0.5, 0.5, 0], [0.1, 0.1, 0.8]]},
    )
    with pytest.warns(ek.DegenerateFitWarning):
        result = ek.fit(CHAIN, counts, start, solver="squarem")
    assert result.degenerate == (2,)
    errors = result.standard_errors()
    assert np.isnan(errors["components.rates[2, 0]"])
    assert np.isfinite(errors["components.rates[0, 0]"])


def test_of_sequences_that_no_path_explains_nothing_is_learned(counts):
    start = params_of([0.0, 0.0])
    (chunk,) = ek.ArraySource(counts).as_one_group().chunks()
    total = CHAIN.e_steps([start], start.components, chunk)
    assert total.log_likelihood.tolist() == [-np.inf]
    (moved,) = CHAIN.each_moved([start], total.belonging)
    np.testing.assert_array_equal(moved.initial, start.initial)
    np.testing.assert_array_equal(moved.transitions, start.transitions)


def test_standard_errors_are_those_of_the_curvature(fitted):
    """By Fisher's identity; what lies on an edge has none, and the others are given it."""
    errors = fitted.standard_errors()
    inner = ek.fit(ek.Frozen(CHAIN, "initial"), fitted.source, fitted.params, solver="anderson", tol=1e-12)
    with inner.em() as em:
        there = em.coordinates.pack(inner.params)
        height = lambda v: em.objective(em.coordinates.unpack(v, inner.params))  # noqa: E731
        covariance = np.linalg.inv(-hessian(height, there, curvature_steps(height, there)))
        seen = lambda v: em.coordinates.entries(em.coordinates.unpack(v, inner.params))  # noqa: E731
        slope = jacobian(seen, there, np.full(len(there), 1e-3))
        names = em.coordinates.entry_names(inner.params)
    wanted = np.sqrt(np.diag(slope @ covariance @ slope.T))
    np.testing.assert_allclose([errors[name] for name in names], wanted, rtol=1e-5)
    for k in range(2):
        assert "boundary" in errors.reasons[f"initial[{k}]"]


THREE = params_of([13.0, 20.0, 30.0])
NEVER_BACK = np.array([[0.9, 0.03, 0.07], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]])


def belonging(result):
    return ek.EMMap(result.model, result.source, result.params).expectation(result.params).statistics.belonging


def test_a_prior_counts_like_moves_and_starts_seen_before(counts, tmp_path):
    sticky = 1.5 + 9 * np.eye(3)
    priors = {"transitions": ek.DirichletPrior(sticky), "initial": ek.DirichletPrior(2.0)}
    result = ek.fit(ek.WithPrior(CHAIN, priors), counts, THREE, solver="anderson", tol=1e-12)
    seen = belonging(result)
    moves, starts = seen.moves + sticky - 1, seen.starts + 1
    np.testing.assert_allclose(result.params.transitions, moves / moves.sum(axis=1, keepdims=True), atol=1e-7)
    np.testing.assert_allclose(result.params.initial, starts / starts.sum(), atol=1e-7)
    assert not result.boundary
    result.save(tmp_path / "sticky.emk")
    assert ek.load(tmp_path / "sticky.emk").objective == result.objective


@pytest.mark.parametrize(
    "priors", [{}, {"transitions": ek.DirichletPrior(1 + 2 * (NEVER_BACK > 0))}], ids=["likelihood", "prior"]
)
def test_single_transitions_are_held_while_others_share_what_is_left(counts, priors):
    start = replace_at(THREE, {"transitions": NEVER_BACK})
    model = ek.WithPrior(ek.Frozen(CHAIN, "transitions[0, 1]", "transitions[2, 0]"), priors)
    result = ek.fit(model, counts, start, solver="anderson", tol=1e-12)
    assert result.converged
    assert result.free_parameters == 3 + 2 + (6 - 2)
    assert result.params.transitions[0, 1] == 0.03
    assert result.params.transitions[2, 0] == 0.0
    moves = belonging(result).moves + (2.0 if priors else 0.0)
    kept, stayed, left = moves[0, [0, 2]], *result.params.transitions[0, [0, 2]]
    np.testing.assert_allclose([stayed, left], 0.97 * kept / kept.sum(), atol=1e-6)


def test_states_share_what_is_tied(counts):
    tied = ek.HiddenMarkovChain(ek.Tied(ek.DiagonalGaussian(), "variances"))
    start = ek.HiddenMarkovParams(
        [0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], tied.family.tied(ek.DiagonalGaussianParams([[15.0], [27.0]], [[20.0], [20.0]]))
    )
    result = ek.fit(tied, counts, start, solver="anderson", tol=1e-12)
    assert result.free_parameters == 1 + 2 + 2 + 1
    shares, means = result.predict_proba(counts), result.params.components.means[:, 0]
    within = (shares * (counts - means) ** 2).sum() / len(counts)
    assert result.params.components.variances[0] == pytest.approx(within, rel=1e-6)


def test_states_may_be_mixtures_themselves():
    """Which part belongs to which state is told by the order of the rows alone: parts lie side by side."""
    family = ek.MixtureOf("gaussian-diag", 2)
    parts = [ek.DiagonalGaussianParams(np.array(m)[:, None], np.ones((2, 1))) for m in ([-8.0, 4.0], [-2.0, 9.0])]
    truth = ek.HiddenMarkovParams([0.5, 0.5], [[0.95, 0.05], [0.05, 0.95]], ek.MixtureOfParams([[0.5, 0.5]] * 2, tuple(parts)))
    x, states = ek.HiddenMarkovChain(family).draw(truth, np.random.default_rng(0), 200)
    found = ek.HiddenMarkov(family, 2, n_init=4, random_state=0).fit(x)
    best = ek.fit(ek.HiddenMarkovChain(family), x, truth, solver="anderson")
    assert found.result_.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-5)
    assert not found.degenerate_
    same = np.mean(found.predict(x) == states)
    assert max(same, 1 - same) > 0.97
    means = np.sort(np.concatenate([part.means for part in found.components_.parts], axis=1), axis=1)
    np.testing.assert_allclose(means[means[:, 0].argsort()], [[-8.0, -2.0], [4.0, 9.0]], atol=0.6)
    assert "mixture-of-2 gaussian-diag states" in str(found.result_.summary())


def test_viterbi_training_ascends_its_own_objective(counts):
    hard = ek.HiddenMarkovChain("poisson", ek.Hard())
    result = ek.fit(hard, counts, params_of([15.0, 25.0]))
    assert result.converged
    assert np.all(np.diff([entry.objective for entry in result.history]) >= -1e-9)
    (chunk,) = result.source.chunks()
    path = hard.decode(result.params, chunk)
    assert result.objective == pytest.approx(path.log_joint[0], rel=1e-12)
    assert result.log_likelihood > result.objective
    assert with_assignment(CHAIN, ek.Hard()) == hard


def test_paths_that_are_drawn_wander_about_the_maximum(counts, fitted):
    drawn = ek.HiddenMarkovChain("poisson", ek.Sampled(1))
    result = ek.fit(drawn, counts, params_of([15.0, 25.0]), max_evaluations=60)
    assert result.outcome.status is ek.Status.BUDGET
    values = [entry.log_likelihood for entry in result.history]
    assert min(np.diff(values)) < 0
    assert max(values) == result.log_likelihood < fitted.log_likelihood
    assert result.log_likelihood > fitted.log_likelihood - 1
    assert with_assignment(CHAIN, ek.Sampled(1)) == drawn


class DrawsNothing(Assignment):
    ascends = True

    def assign(self, log_joint, weights, start):
        raise NotImplementedError


def test_an_assignment_of_rows_alone_is_refused(counts):
    with pytest.raises(ek.ModelError, match="does not assign paths"):
        ek.fit(ek.HiddenMarkovChain("poisson", DrawsNothing()), counts, params_of([15.0, 25.0]))


def test_rows_drawn_have_the_moves_of_the_chain():
    params = replace_at(params_of([2.0, 20.0]), {"transitions": [[0.95, 0.05], [0.2, 0.8]], "initial": [0.0, 1.0]})
    x, states = CHAIN.draw(params, np.random.default_rng(0), 40_000)
    assert x.shape == (40_000, 1)
    assert states[0] == 1
    for i in range(2):
        left = states[1:][states[:-1] == i]
        assert np.mean(left == i) == pytest.approx(params.transitions[i, i], abs=0.01)
        assert x[states == i].mean() == pytest.approx(params.components.rates[i, 0], rel=0.02)


def test_parameters_are_recovered_from_rows_drawn():
    params = replace_at(params_of([2.0, 9.0]), {"transitions": [[0.95, 0.05], [0.2, 0.8]]})
    x, states = CHAIN.draw(params, np.random.default_rng(1), 6_000)
    found = ek.fit(CHAIN, x, params_of([4.0, 6.0]), solver="anderson").in_order()
    np.testing.assert_allclose(found.params.transitions, params.transitions, atol=0.03)
    np.testing.assert_allclose(found.params.components.rates, params.components.rates, rtol=0.03)
    (chunk,) = found.source.chunks()
    assert np.mean(CHAIN.decode(found.params, chunk).states == states) > 0.97


def test_what_is_known_of_rows_is_refused(counts):
    with pytest.raises(ek.ModelError, match="labels are for mixtures"):
        ek.fit(CHAIN, counts, params_of([15.0, 25.0]), labels=np.zeros(107, dtype=int))


def test_states_of_unlike_numbers_are_refused(counts):
    odd = replace_at(params_of([15.0, 25.0]), {"initial": [0.2, 0.3, 0.5]})
    with pytest.raises(ek.ParameterError, match="initial are for 3 components but transitions for 2"):
        ek.fit(CHAIN, counts, odd)


def test_a_fit_is_stored_and_says_the_same_of_other_rows(counts, fitted, tmp_path):
    fitted.save(tmp_path / "quakes.emk")
    again = ek.load(tmp_path / "quakes.emk")
    np.testing.assert_array_equal(again.predict(counts), fitted.predict(counts))
    assert again.log_likelihood == fitted.log_likelihood
    assert "Hidden Markov chain of 2 poisson states" in str(again.summary())


def test_bootstrapped_sequences_are_drawn_whole(counts):
    groups = np.repeat(np.arange(10), [10] * 9 + [17])
    result = ek.fit(CHAIN, counts, params_of([15.0, 25.0]), groups=groups, solver="anderson")
    for kind in ("case", "parametric"):
        found = result.bootstrap(20, kind=kind, random_state=0).standard_errors()
        assert 0.1 < found["components.rates[0, 0]"] < 10


def test_every_row_has_a_state_of_its_own(fitted, counts):
    shares = fitted.predict_proba(counts)
    assert fitted.entropy == pytest.approx(entropy(shares, axis=1).sum(), rel=1e-12)
    assert fitted.classification().table.shape == (2, 2)
