"""`HiddenMarkov`: sequences by lengths or groups, paths, forecasts, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import emkit as ek
from tests.models.test_hidden_markov import DATA


@pytest.fixture(scope="module")
def counts():
    return np.loadtxt(DATA, delimiter=",", skiprows=1)[:, 1:]


@pytest.fixture(scope="module")
def quakes(counts):
    return ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts)


def test_the_best_known_maximum_of_four_states_is_found(counts):
    for seed in range(3):
        model = ek.HiddenMarkov("poisson", 4, random_state=seed).fit(counts)
        assert model.result_.log_likelihood == pytest.approx(-326.2850, abs=1e-3)


def test_estimates_have_the_names_of_hmmlearn(quakes):
    assert quakes.converged_
    np.testing.assert_allclose(quakes.startprob_, [1.0, 0.0], atol=1e-8)
    np.testing.assert_allclose(quakes.transmat_, [[0.9284, 0.0716], [0.1190, 0.8810]], atol=1e-4)
    np.testing.assert_allclose(quakes.components_.rates, [[15.4208], [26.0182]], atol=1e-3)
    stationary = quakes.get_stationary_distribution()
    np.testing.assert_allclose(stationary @ quakes.transmat_, stationary, atol=1e-14)


def test_lengths_and_groups_say_the_same(counts):
    lengths = [50, 57]
    by_lengths = ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts, lengths=lengths)
    by_groups = ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts, groups=np.repeat(["a", "b"], lengths))
    np.testing.assert_array_equal(by_lengths.transmat_, by_groups.transmat_)
    assert by_lengths.score(counts, lengths) == pytest.approx(by_lengths.result_.log_likelihood, rel=1e-13)
    each = by_lengths.score_samples(counts, lengths)
    assert each.shape == (2,)
    assert each[0] == pytest.approx(by_lengths.score(counts[:50]), rel=1e-13)
    apart = np.concatenate([by_lengths.predict(counts[:50]), by_lengths.predict(counts[50:])])
    np.testing.assert_array_equal(by_lengths.predict(counts, lengths), apart)
    np.testing.assert_allclose(
        by_lengths.predict_proba(counts, lengths)[:50], by_lengths.predict_proba(counts[:50]), rtol=1e-12
    )


def test_a_weight_is_of_a_sequence(counts):
    once = ek.HiddenMarkov("poisson", 2, random_state=0).fit(counts, lengths=[50, 57], sample_weight=[2.0, 1.0])
    twice = ek.HiddenMarkov("poisson", 2, random_state=0).fit(np.vstack([counts[:50], counts]), lengths=[50, 50, 57])
    assert once.result_.log_likelihood == pytest.approx(twice.result_.log_likelihood, rel=1e-9)


def test_paths_and_posteriors_are_two_answers(quakes, counts):
    joint, path = quakes.decode(counts)
    best, each = quakes.decode(counts, algorithm="map")
    shares = quakes.predict_proba(counts)
    np.testing.assert_array_equal(path, quakes.predict(counts))
    np.testing.assert_array_equal(each, shares.argmax(axis=1))
    np.testing.assert_array_equal(each, quakes.predict(counts, algorithm="map"))
    assert best == pytest.approx(shares.max(axis=1).sum())
    assert joint < quakes.score(counts)
    log_density = ek.Poisson().log_density(quakes.components_, counts)
    moves = np.log(quakes.transmat_[path[:-1], path[1:]]).sum()
    assert joint == pytest.approx(np.log(quakes.startprob_[path[0]]) + moves + log_density[range(107), path].sum(), rel=1e-12)


def test_a_forecast_moves_on_from_the_last_row(quakes, counts):
    ahead = quakes.forecast(counts, steps=400)
    assert ahead.shape == (400, 2)
    np.testing.assert_allclose(ahead[0], quakes.predict_proba(counts)[-1] @ quakes.transmat_, rtol=1e-14)
    np.testing.assert_allclose(ahead[-1], quakes.get_stationary_distribution(), atol=1e-12)
    later = quakes.predict_proba(np.vstack([counts, np.full((3, 1), np.nan)]))
    np.testing.assert_allclose(later[-3:], ahead[:3], rtol=1e-12)


def test_a_filter_knows_the_rows_so_far_and_no_more(quakes, counts):
    seen = np.where(np.arange(107)[:, None] % 9 == 4, np.nan, counts)
    found = quakes.filter(seen)
    prefixes = [quakes.predict_proba(seen[: t + 1])[-1] for t in range(len(seen))]
    np.testing.assert_allclose(found, prefixes, rtol=1e-10, atol=1e-14)
    lengths = [50, 57]
    apart = np.vstack([quakes.filter(seen[:50]), quakes.filter(seen[50:])])
    np.testing.assert_allclose(quakes.filter(seen, lengths), apart, rtol=1e-12)


def test_a_filter_goes_on_row_by_row_and_for_several_sequences(quakes, counts):
    whole, share = quakes.filter(counts), None
    for t in range(30):
        share = quakes.filter(counts[[t]], before=share)[-1]
        np.testing.assert_allclose(share, whole[t], rtol=1e-12)
    two = quakes.filter(counts, lengths=[50, 57])
    rows = [*range(20, 50), *range(60, 107)]
    went_on = quakes.filter(counts[rows], lengths=[30, 47], before=two[[19, 59]])
    np.testing.assert_allclose(went_on, two[rows], rtol=1e-12)


def test_a_filter_over_many_sequences_takes_what_is_before_each(quakes, counts):
    many, before = np.tile(counts[:5], (4_000, 1)), np.random.default_rng(0).dirichlet([1, 1], 4_000)
    found = quakes.filter(many, lengths=[5] * 4_000, before=before)
    np.testing.assert_allclose(found[-5:], quakes.filter(counts[:5], before=before[-1]), rtol=1e-12)


@pytest.mark.parametrize(
    ("before", "complaint"),
    [
        ([0.5, 0.3, 0.2], r"shape \(3,\); give the probabilities of the 2 states"),
        ([[0.5, 0.5], [0.5, 0.5]], r"shape \(2, 2\)"),
        ("far", "give the probabilities"),
        ([0.5, 0.6], "sums to 1"),
        ([1.5, -0.5], "sums to 1"),
        ([np.nan, 1.0], "sums to 1"),
    ],
)
def test_what_is_no_distribution_before_a_row_is_refused(quakes, counts, before, complaint):
    with pytest.raises(ek.ParameterError, match=complaint):
        quakes.filter(counts, before=before)


def test_left_right_chains_are_cut_and_keep_their_zeros(counts):
    model = ek.HiddenMarkov("poisson", 3, topology="left-right").fit(counts, lengths=[60, 47])
    assert model.startprob_.tolist() == [1.0, 0.0, 0.0]
    assert (model.transmat_[np.tri(3, k=-1) > 0] == 0).all()
    assert model.transmat_[0, 2] == 0
    assert model.result_.free_parameters == 2 + 3
    for path in np.split(model.predict(counts, lengths=[60, 47]), [60]):
        assert (np.diff(path) >= 0).all()


def test_the_first_state_may_be_any(counts):
    model = ek.HiddenMarkov("poisson", 2, initial="uniform", random_state=0).fit(counts)
    assert model.startprob_.tolist() == [0.5, 0.5]
    assert model.result_.free_parameters == 2 + 2


def test_what_is_drawn_is_one_sequence(quakes):
    x, states = quakes.sample(500)
    assert x.shape == (500, 1)
    assert np.mean(states[1:] == states[:-1]) > 0.8


def test_columns_of_several_families_with_names():
    rng = np.random.default_rng(0)
    states = np.repeat([0, 1, 0, 1], 40)
    frame = {
        "calls": rng.poisson([3.0, 12.0], (160, 2))[range(160), states].tolist(),
        "mood": [("low", "high")[int(rng.random() < (0.2, 0.8)[s])] for s in states],
    }
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(frame)
    model = ek.HiddenMarkov({"calls": "poisson", "mood": "categorical"}, 2, random_state=0).fit(frame)
    assert np.mean(model.predict(frame) == states) > 0.95


def test_a_fitted_model_travels_without_its_rows(quakes, counts, tmp_path):
    again = pickle.loads(pickle.dumps(quakes))
    np.testing.assert_array_equal(again.predict(counts), quakes.predict(counts))
    quakes.result_.save(tmp_path / "quakes.emk")
    np.testing.assert_allclose(ek.load(tmp_path / "quakes.emk").predict_proba(counts), quakes.predict_proba(counts), rtol=1e-12)


@pytest.mark.parametrize(
    ("lengths", "complaint"),
    [
        ([50, 50], "the lengths sum to 100, but there are 107 rows"),
        ([], "as a list"),
        ([107, 0], "whole numbers >= 1"),
        ([50.5, 56.5], "whole numbers >= 1"),
        (107, "as a list"),
        (["a"], "as a list"),
        ([[50, 50], [7]], "as a list"),
        ([2**63 - 1, 2**63 - 1, 109], "the lengths sum to 18,446,744,073,709,551,723, but there are 107 rows"),
    ],
)
def test_lengths_that_cannot_be_are_refused(counts, lengths, complaint):
    with pytest.raises(ek.DataError, match=complaint):
        ek.HiddenMarkov("poisson", 2).fit(counts, lengths=lengths)


@pytest.mark.parametrize("weights", [[1.0, 2.0], np.ones(106)])
def test_weights_of_neither_sequences_nor_rows_are_refused(counts, weights):
    with pytest.raises(ek.DataError, match=f"107 rows in 3 groups but the weights have shape \\({len(weights)},\\)"):
        ek.HiddenMarkov("poisson", 2).fit(counts, lengths=[30, 30, 47], sample_weight=weights)


def test_sequences_that_no_path_explains_are_named():
    heads = ek.HiddenMarkov("bernoulli", 1).fit(np.ones((20, 1)))
    rows = [[1.0], [1.0], [1.0], [0.0]]
    assert np.isneginf(heads.score_samples(rows, lengths=[2, 2])).tolist() == [False, True]
    for ask in (heads.predict, heads.predict_proba):
        with pytest.raises(ek.DataError, match="the group of rows that begins with row 2 is impossible"):
            ask(rows, lengths=[2, 2])
    with pytest.raises(ek.DataError, match="row 3 is impossible in every state, given the rows before it"):
        heads.filter(rows, lengths=[2, 2])


def test_nothing_is_told_before_a_fit(counts):
    model = ek.HiddenMarkov("poisson", 2)
    for ask in (model.predict, model.predict_proba, model.filter, model.score, model.forecast):
        with pytest.raises(NotFittedError):
            ask(counts)


def test_settings_that_cannot_be_are_refused(counts, quakes):
    with pytest.raises(ek.ParameterError, match="topology is 'ring'"):
        ek.HiddenMarkov("poisson", 2, topology="ring").fit(counts)
    with pytest.raises(ek.ParameterError, match="algorithm is 'best'"):
        quakes.decode(counts, algorithm="best")
    with pytest.raises(ek.DataError, match="give one of the two"):
        quakes.predict(counts, lengths=[107], groups=np.zeros(107))
    with pytest.raises(ek.ParameterError, match="HiddenMarkovParams"):
        ek.HiddenMarkov("poisson", 2, start=ek.MixtureParams([0.5, 0.5], quakes.components_)).fit(counts)
    stuck = ek.HiddenMarkov("poisson", 2, start=ek.HiddenMarkovParams([0.5, 0.5], np.eye(2), quakes.components_))
    stuck.fit(counts, lengths=[30, 30, 47])
    with pytest.raises(ek.ParameterError, match="no one stationary distribution"):
        stuck.get_stationary_distribution()


@pytest.fixture(scope="module")
def stays(counts):
    return ek.HiddenMarkov("poisson", 2, durations="poisson", longest=30, n_init=3, random_state=0).fit(counts)


def test_states_last_as_a_law_says(counts, stays):
    model = stays.result_.model
    assert model == ek.HiddenSemiMarkovChain("poisson", durations="poisson", longest=30)
    assert stays.result_.free_parameters == 1 + 2 + 2
    np.testing.assert_allclose(stays.durations_.sum(axis=1), 1.0)
    assert stays.durations_.shape == (2, 30)
    assert stays.predict(counts).shape == (107,)


def test_forecasts_of_several_sequences_are_those_of_each(counts, quakes, stays):
    for model in (quakes, stays):
        each = [model.forecast(part, steps=3) for part in (counts[:40], counts[40:])]
        np.testing.assert_allclose(model.forecast(counts, steps=3, lengths=[40, 67]), each, rtol=1e-12)
        assert model.forecast(counts, 2, lengths=[107]).shape == (1, 2, len(each[0][0]))


def test_forecasts_know_how_long_the_last_stay_has_lasted(counts, stays):
    """As the states of rows that follow, at which nothing was seen."""
    source = ek.ArraySource(np.vstack([counts, np.zeros((3, 1))]), groups=np.zeros(110))
    (chunk,) = source.chunks()
    density = stays.result_.model.family.log_density(stays.params_.components, chunk.x)
    density[107:] = 0.0
    shares = stays.result_.model.assign(stays.params_, density, chunk).responsibilities[107:]
    np.testing.assert_allclose(stays.forecast(counts, steps=3), shares, rtol=1e-9)


def test_the_long_run_is_that_of_rows(stays):
    states = stays.sample(40_000)[1]
    assert states.mean() == pytest.approx(stays.get_stationary_distribution()[1], abs=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"durations": "poisson"}, "durations and longest go together"),
        ({"longest": 9}, "durations and longest go together"),
        ({"durations": "poisson", "longest": 9, "initial": "stationary"}, "a sequence begins with a stay"),
        ({"durations": "poisson", "longest": 9, "topology": "left-right"}, "each state is left for another"),
        ({"durations": "gaussian", "longest": 9}, "no law of durations"),
        ({"durations": "poisson", "longest": 0}, "the longest stay is 0"),
    ],
)
def test_durations_that_cannot_be_are_refused(counts, options, message):
    with pytest.raises(ek.ParameterError, match=message):
        ek.HiddenMarkov("poisson", 2, **options).fit(counts)


@pytest.fixture(scope="module")
def short():
    """Forty short sequences of two states, and their lengths."""
    drawn = np.random.default_rng(5)
    lengths = [12] * 40
    states = np.concatenate([(np.cumsum(drawn.random(12) < 0.2) + drawn.integers(2)) % 2 for _ in lengths])
    return drawn.poisson(np.where(states, 9.0, 2.0)).astype(float)[:, None], lengths


def test_a_number_of_states_is_chosen_among_sequences(short):
    x, lengths = short
    chosen = ek.select(ek.HiddenMarkov("poisson", random_state=0, n_init=4), x, [2, 3], lengths=lengths)
    assert chosen.choice.best.cell.components == 2
    assert chosen[2].bic(x, lengths) == pytest.approx(chosen.choice[2].value("bic"), rel=1e-9)
    test = chosen.test(1, number=3, random_state=0)
    assert test.components == (1, 2)
    assert test.p_value == 0.25  # none of three is as high


@pytest.mark.parametrize("kind", ["parametric", "case", "bayesian"])
def test_sequences_are_bootstrapped_and_agree_with_the_information(short, kind):
    x, lengths = short
    result = ek.HiddenMarkov("poisson", 2, random_state=0, n_init=4).fit(x, lengths=lengths).result_
    found, known = result.bootstrap(60, kind=kind, random_state=1), result.standard_errors()
    assert found.failed == 0
    for name in ("components.rates[0, 0]", "components.rates[1, 0]", "transitions[0, 1]", "initial[0]"):
        assert found.standard_errors()[name] == pytest.approx(known[name], rel=0.45)


def test_one_sequence_has_no_other_to_be_left_out_for(quakes, counts):
    with pytest.raises(ek.ModelError, match="there is one group of rows"):
        quakes.result_.bootstrap(2, kind="case")
    with pytest.raises(ek.ModelError, match="so none is left to fit to"):
        ek.select(ek.HiddenMarkov("poisson", random_state=0, n_init=2), counts, 1, criterion="cv")


def test_lengths_in_the_place_of_y_are_not_ignored(counts):
    with pytest.raises(ek.DataError, match="y is ignored, and has 2 entries for 107 rows; are these lengths"):
        ek.HiddenMarkov("poisson", 2).fit(counts, [50, 57])


def test_one_state_is_left_for_none(counts):
    with pytest.raises(ek.ParameterError, match="n_components must be 2 or more"):
        ek.HiddenMarkov("poisson", 1, durations="poisson", longest=9).fit(counts)
