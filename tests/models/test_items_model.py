"""Items of several kinds, and groups of people: laws, integrals by brute force, slopes, and what the kinds reduce to."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

import emkit as ek
from emkit.core.evaluation import EMMap
from emkit.inference.scores import score
from tests.continuous import ITEMS, KINDS, TESTS
from tests.laws import maxima, streams

over_models = pytest.mark.parametrize("name", TESTS)


def told(name):
    return TESTS[name]


def rows(name, n, share=0.0, seed=3):
    model, params = told(name)
    rng = np.random.default_rng(seed)
    x = model.draw(params, rng, n)
    gaps = rng.random(x.shape) < share
    gaps[:, len(params.items) :] = False
    return np.where(gaps, np.nan, x)


@over_models
def test_items_can_be_held_and_what_is_carried_tells_the_same(name):
    x, (model, params) = rows(name, 40, 0.2), told(name)
    streams.assert_carried_statistics_tell_the_same(model, params, x)
    maxima.assert_held_stay(ek.Frozen(model, "items.1"), params, ("items.1",), x, ek.solvers.Plain())


def chances(item, ability):
    """Of each answer, by the textbook's formulas."""
    match item:
        case ek.GradedItem(cuts=cuts, slope=slope):
            return np.diff(np.concatenate([[0.0], expit(cuts - slope * ability), [1.0]]))
        case ek.SlopedItem(intercepts=intercepts, slope=slope):
            odds = np.exp(np.concatenate([[0.0], intercepts]) + slope * ability * np.arange(len(intercepts) + 1))
        case ek.UnitSlopeItem(intercepts=intercepts):
            odds = np.exp(np.concatenate([[0.0], intercepts]) + ability * np.arange(len(intercepts) + 1))
        case ek.GuessedItem(intercept=intercept, slope=slope, guess=guess):
            right = guess + (1 - guess) * expit(intercept + slope * ability)
            return np.array([1 - right, right])
    return odds / odds.sum()


@over_models
def test_log_likelihood_is_the_integral_over_ability(name):
    model, params = told(name)
    x, number = rows(name, 8, 0.2), len(params.items)

    def density(ability, row):
        group = int(row[-1]) if model.groups > 1 else 0
        found = norm.pdf(ability, params.abilities.means[group], params.abilities.spreads[group])
        for item, answer in zip(params.items, row[:number], strict=True):
            found *= 1.0 if np.isnan(answer) else chances(item, ability)[int(answer)]
        return found

    wanted = [np.log(quad(density, -12, 12, args=(row,), epsabs=1e-14, epsrel=1e-12, limit=200)[0]) for row in x]
    np.testing.assert_allclose(model.row_objectives(params, ek.Chunk(x, np.ones(8))), wanted, rtol=1e-8)


@over_models
def test_probabilities_of_all_patterns_sum_to_one(name):
    model, params = told(name)
    patterns = np.array(list(itertools.product(*(range(kind.levels) for kind in model.kinds))), dtype=float)
    for group in range(model.groups):
        x = np.column_stack([patterns, np.full(len(patterns), group)]) if model.groups > 1 else patterns
        heights = model.row_objectives(params, ek.Chunk(x, np.ones(len(x))))
        assert np.exp(heights).sum() == pytest.approx(1.0, abs=1e-9)


@over_models
def test_slopes_of_the_log_likelihood_follow_from_what_is_expected(name):
    """Fisher's identity, beside differences of the objective."""
    model, params = told(name)
    source = ek.ArraySource(rows(name, 60, 0.1))
    em = EMMap(model, source, params)
    coordinates = model.coordinates(params)
    here, step = coordinates.pack(params), 1e-5
    moves = step * np.eye(len(here))
    ends = [[em.objective(coordinates.unpack(here + sign * move, params)) for sign in (1, -1)] for move in moves]
    np.testing.assert_allclose(score(em, params), [(up - down) / (2 * step) for up, down in ends], atol=2e-5)


@over_models
def test_compiled_and_plain_passes_agree(name):
    """Of many rows in one chunk, and of few in each."""
    model, params = told(name)
    x = rows(name, 3000, 0.1)
    weights = np.random.default_rng(0).integers(1, 4, 3000).astype(float)
    whole = model.e_step(params, ek.Chunk(x, weights))
    parts = [model.e_step(params, ek.Chunk(x[i : i + 500], weights[i : i + 500], i)) for i in range(0, 3000, 500)]
    assert whole.log_likelihood == pytest.approx(sum(part.log_likelihood for part in parts), rel=1e-12)
    np.testing.assert_allclose(whole.statistics.answers, sum(part.statistics.answers for part in parts), rtol=1e-9, atol=1e-12)


def test_rows_of_small_likelihood_keep_their_digits():
    """Of 200 steep items answered at random, likelihoods are beyond what is multiplied: they are made by logarithms."""
    model = ek.ItemResponseModel()
    rng = np.random.default_rng(0)
    params = model.params(rng.normal(size=200), np.full(200, 4.0))
    x = rng.integers(0, 2, (1000, 200)).astype(float)
    whole = model.row_objectives(params, ek.Chunk(x, np.ones(1000)))
    parts = [model.row_objectives(params, ek.Chunk(x[i : i + 100], np.ones(100))) for i in range(0, 1000, 100)]
    np.testing.assert_allclose(whole, np.concatenate(parts), rtol=1e-12)


@pytest.mark.parametrize("kind", [ek.GeneralisedPartialCredit(2), ek.GradedResponse(2), ek.Guessing(prior=None)])
def test_of_two_levels_every_kind_is_the_logistic_model(kind):
    x = rows("kinds", 300)[:, [2, 3]]
    x = np.column_stack([x, rows("kinds", 300, seed=4)[:, [2, 3]], rows("kinds", 300)[:, 0] > 1])
    lines = ek.ItemResponseModel().params([0.2, -0.4, 0.1, 0.3, 1.0], [1.0, 0.5, 1.5, 0.8, 2.0])
    wanted = ek.ItemResponseModel().row_objectives(lines, ek.Chunk(x, np.ones(300)))
    made = {
        "GeneralisedPartialCredit": lambda a, b: ek.SlopedItem([a], b),
        "GradedResponse": lambda a, b: ek.GradedItem([-a], b),
        "Guessing": lambda a, b: ek.GuessedItem(a, b, 1e-12),
    }[type(kind).__name__]
    model = ek.ItemsModel([kind] * 5)
    params = model.params([made(a, b) for a, b in zip(lines.intercepts, lines.slopes, strict=True)])
    np.testing.assert_allclose(model.row_objectives(params, ek.Chunk(x, np.ones(300))), wanted, rtol=1e-9)


@pytest.mark.slow
def test_partial_credit_of_two_levels_is_the_model_of_rasch():
    from tests.oracles import answers

    source = answers.patterns_of("irt_lsat6")
    model = ek.ItemsModel([ek.PartialCredit()] * 5)
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-10)
    rasch = ek.ItemResponseModel(equal=True)
    other = ek.fit(rasch, source, rasch.start(source.profile), solver="anderson", tol=1e-10)
    assert fit.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)
    assert fit.params.abilities.spreads[0] == pytest.approx(float(other.params.slopes), rel=1e-4)
    assert fit.free_parameters == 6


@pytest.mark.slow
def test_a_prior_keeps_guesses_from_the_edge():
    model = ek.ItemsModel([ek.Guessing()] * 5)
    x = ek.ItemResponseModel().draw(
        ek.ItemResponseModel().params([1.0, 0.5, 0.0, -0.5, -1.0], [1.0] * 5), np.random.default_rng(0), 500
    )
    source = ek.ArraySource(x)
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert fit.converged
    assert fit.objective < fit.log_likelihood + 5 * ek.BetaPrior(5, 17).height(np.array(4 / 20)) + 1e-9
    assert all(0.02 < item.guess < 0.5 for item in fit.params.items)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_runs_of_several_kinds_ascend_from_wild_starts(seed):
    name = list(TESTS)[seed % 3]
    model, _ = told(name)
    source = ek.ArraySource(rows(name, 60, 0.1 * (seed % 2), seed))
    for start in model.starts(source.profile, 1, [seed, seed + 6]):
        maxima.assert_ascends(model, source, start, ek.solvers.Plain(), 8)
        maxima.assert_ascends(model, source, start, ek.solvers.Anderson(), 8)


@pytest.mark.slow
def test_groups_differ_by_what_was_drawn():
    model, params = told("groups")
    source = ek.ArraySource(model.draw(params, np.random.default_rng(0), 6000))
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
    errors = dict(zip(*(getattr(fit.standard_errors(), each) for each in ("names", "errors")), strict=True))
    assert abs(fit.params.abilities.means[1] - 0.5) < 4 * errors["abilities.means[1]"]
    assert abs(fit.params.abilities.spreads[1] - 1.3) < 4 * errors["abilities.spreads[1]"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ek.ItemsModel([]), "there are none"),
        (lambda: ek.ItemsModel(["graded"]), "'graded' is none: give one for each item"),
        (lambda: ek.GradedResponse(1), "levels"),
        (lambda: ek.Guessing(3), "they have 2 levels, not 3"),
        (lambda: ek.ItemsModel(KINDS, groups=0), "groups"),
        (lambda: ek.ItemsModel(KINDS).params(ITEMS[:2]), "of 2 items, but the model has 4"),
        (lambda: ek.ItemsModel(KINDS).params(ITEMS[::-1]), r"items\[0\] is SlopedItem"),
        (lambda: ek.ItemsModel(KINDS).params((ek.GradedItem([0.0], 1.0), *ITEMS[1:])), r"items\[0\] is GradedItem"),
        (lambda: ek.ItemsModel(KINDS).params(ITEMS, [0.0, 1.0]), "of 1 groups"),
        (lambda: ek.ItemsModel(KINDS).params(ITEMS, [0.5]), "first group say where 0 and 1 are"),
        (lambda: ek.ItemsModel(KINDS).params(ITEMS, spreads=[2.0]), "first group say where 0 and 1 are"),
        (lambda: ek.GradedItem([1.0, 0.0], 1.0), "must not fall"),
        (lambda: ek.GuessedItem(0.0, 1.0, 1.0), "between 0 and 1"),
    ],
)
def test_models_and_parameters_that_cannot_be_are_refused(make, sentence):
    with pytest.raises((ek.ModelError, ek.ParameterError), match=sentence):
        make()
