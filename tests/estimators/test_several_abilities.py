"""Items that ask several abilities, as an estimator: what it says, what does not go together, and integrals too coarse."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import emkit as ek
from emkit.estimators.place_sums import PlaceSums

LOADS = np.column_stack([np.ones(9), np.repeat(np.eye(3), 3, axis=0)])
MODEL = ek.AbilitiesModel(loads=LOADS)
TRUE = MODEL.params(np.linspace(-1, 1, 9), LOADS * [-1.2, 1.0, 0.8, 1.2])
X = pd.DataFrame(MODEL.draw(TRUE, np.random.default_rng(0), 1200), columns=list("abcdefghi"))


@pytest.fixture(scope="module")
def bifactor():
    return ek.ItemResponse(loadings=LOADS).fit(X)


@pytest.fixture(scope="module")
def two():
    return ek.ItemResponse(n_abilities=2).fit(X)


def test_what_is_asked_is_told(bifactor):
    assert bifactor.slopes_.shape == (9, 4)
    assert (bifactor.slopes_[LOADS == 0] == 0).all()
    assert (bifactor.slopes_.sum(axis=0) > 0).all()
    lines = bifactor.summary().splitlines()
    assert lines[0].startswith("9 items, 4 abilities: 1,200 rows")
    assert max(map(len, lines)) <= 80
    asked = [line.split() for line in lines if line.split() and line.split()[0] in [*X.columns]]
    assert [len(line) for line in asked[:9]] == [5, 5, 5, 5, 5, 5, 4, 4, 4]
    assert bifactor.get_feature_names_out().tolist() == ["itemresponse0", "itemresponse1", "itemresponse2", "itemresponse3"]
    again = pickle.loads(pickle.dumps(bifactor))
    np.testing.assert_array_equal(again.transform(X), bifactor.transform(X))


@pytest.mark.parametrize("name", ["bifactor", "two"])
def test_scores_turn_with_the_slopes(name, request):
    """What is told of rows is the same however abilities are called: logits, and how well they are known."""
    fit = request.getfixturevalue(name)
    model, params = fit.result_.model, fit.result_.params
    means, _ = model.latent(params, ek.Chunk(X.to_numpy(), np.ones(1200)))
    scores, spreads = fit.ability_scores(X)
    np.testing.assert_allclose(scores @ fit.slopes_.T, means @ params.slopes.T, atol=1e-9)
    np.testing.assert_allclose(fit.predict_proba(scores), model.chances(params, means), atol=1e-9)
    assert scores.shape == spreads.shape == fit.transform(X).shape
    assert ((spreads > 0) & (spreads < 1)).all()
    np.testing.assert_allclose(fit.ability_scores(X * np.nan)[0], 0.0, atol=1e-9)
    assert fit.score(X) == pytest.approx(fit.result_.log_likelihood / 1200)


def of_attributes(fit):
    return {name for name in vars(fit) if name in ("intercepts_", "slopes_", "difficulties_", "means_", "ability_correlation_")}


@pytest.mark.filterwarnings("ignore::emkit.errors.EmkitWarning")
def test_right_and_wrong_answers_have_intercepts_whatever_model_they_are_of(bifactor):
    """At abilities of 0, P(right) is the logistic of the intercept, and of graded answers there is none."""
    sides = np.repeat(np.eye(3), 3, axis=0)
    wanted = {"intercepts_", "slopes_", "ability_correlation_"}
    fits = [ek.ItemResponse(loadings=sides, nodes=11, max_iter=30, tol=1e-2, **how)
            for how in ({"correlated": True}, {"items": "2pl"}, {"items": "graded"}, {"correlated": False})]  # fmt: skip
    for fit in (*(each.fit(X) for each in fits), bifactor):
        assert of_attributes(fit) == wanted
        right = fit.predict_proba(np.zeros((1, fit.slopes_.shape[1])))
        right = np.array([each[0, 1] for each in right]) if isinstance(right, list) else right[0]
        np.testing.assert_allclose(1 / (1 + np.exp(-fit.intercepts_)), right, rtol=1e-9)
    again = fits[1].set_params(items=["2pl"] * 8 + ["3pl"]).fit(X)
    assert of_attributes(again) == {"slopes_", "ability_correlation_"}


@pytest.mark.filterwarnings("ignore::emkit.errors.EmkitWarning")
def test_so_have_those_of_one_ability_whose_people_are_in_groups():
    groups = np.arange(len(X)) % 2
    fit = ek.ItemResponse(tol=1e-3).fit(X, groups=groups)
    assert of_attributes(fit) == {"intercepts_", "slopes_", "difficulties_", "means_"}
    right = np.array([each[0, 1] for each in fit.predict_proba([0.0])])
    np.testing.assert_allclose(1 / (1 + np.exp(-fit.intercepts_)), right, rtol=1e-9)
    halves = [fit.predict_proba([at])[j][0, 1] for j, at in enumerate(fit.difficulties_)]
    np.testing.assert_allclose(halves, 0.5, rtol=1e-9)
    again = fit.set_params(n_abilities=2, nodes=11).fit(X)
    assert of_attributes(again) == {"intercepts_", "slopes_", "ability_correlation_"}


def test_abilities_of_all_items_lie_along_the_largest_slopes(two):
    lengths = (two.slopes_**2).sum(axis=0)
    assert lengths[0] > lengths[1]
    assert two.result_.free_parameters == 9 + 18 - 1


def test_a_pattern_may_be_a_frame(bifactor):
    named = ek.ItemResponse(loadings=pd.DataFrame(LOADS.astype(int)), n_abilities=4).fit(X)
    np.testing.assert_array_equal(named.slopes_, bifactor.slopes_)


def test_an_index_of_names_is_one_of_items(bifactor):
    frame = pd.DataFrame(LOADS.astype(int), index=list("abcdefghi"))
    turned = ek.ItemResponse(loadings=frame.iloc[::-1]).fit(X)
    np.testing.assert_array_equal(turned.slopes_, bifactor.slopes_)
    with pytest.raises(ek.ParameterError, match="the index of loadings and the items differ in i"):
        ek.ItemResponse(loadings=frame.rename(index={"i": "z"})).fit(X)


@pytest.mark.parametrize(
    ("settings", "named", "sentence"),
    [
        ({"n_abilities": 0}, {}, "n_abilities"),
        ({"n_abilities": 2, "items": "rasch"}, {}, "of several, slopes are estimated"),
        ({"n_abilities": 2, "items": "4pl"}, {}, "items is '4pl'"),
        ({"correlated": True}, {}, "one ability has none to correlate with"),
        ({"n_abilities": 2, "correlated": True}, {}, "can be turned, and with them how they correlate"),
        ({"loadings": LOADS, "correlated": True}, {}, "slopes and the correlations open"),
        ({"loadings": LOADS, "correlated": "yes"}, {}, "correlated is 'yes'; it must be True or False"),
        ({"n_abilities": 2, "slopes": "equal"}, {}, "leave out slopes='equal'"),
        ({"n_abilities": 2, "scores": "ml"}, {}, "leave out scores='ml'"),
        ({"n_abilities": 2}, {"groups": ["a"] * 1200}, "all rows belong to one group, 'a'"),
        ({"n_abilities": 2, "loadings": LOADS}, {}, "loads have 4 columns"),
        ({"n_abilities": 1, "loadings": LOADS}, {}, "loads have 4 columns"),
        ({"items": "2pl", "slopes": "equal"}, {}, "leave slopes out"),
        ({"loadings": LOADS[:8]}, {}, "asked by 2 items"),
        ({"loadings": "bifactor"}, {}, "a row of 0 and 1 for each item"),
        ({"loadings": np.vstack([LOADS, LOADS])}, {}, "9 columns, and `loads` say of 18"),
        ({"n_abilities": 6, "nodes": 5}, {}, "9 items have 36 pairs"),
        ({"n_abilities": 9}, {}, "too many"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, named, sentence):
    with pytest.raises((ek.ParameterError, ek.ModelError, ek.DataError), match=sentence):
        ek.ItemResponse(**settings).fit(X, **named)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda fit: fit.item_fit(), "of one ability"),
        (lambda fit: fit.pair_fit(), "of one ability"),
        (lambda fit: fit.information([0.0]), "of one ability"),
        (lambda fit: fit.differential_items(), "this fit is of one"),
        (lambda fit: fit.predict_proba([0.0, 1.0]), "give 4 numbers a row"),
        (lambda fit: fit.transform(X + 1), "the answers there are 0, 1"),
        (lambda fit: fit.result_.plot("items"), "items are those of a model of answers"),
    ],
)
def test_what_is_told_of_one_ability_is_refused(bifactor, ask, sentence):
    with pytest.raises((ek.ParameterError, ek.ModelError, ek.DataError), match=sentence):
        ask(bifactor)


@pytest.mark.slow
def test_places_too_far_apart_and_slopes_that_run_off_are_told():
    with pytest.warns(ek.EmkitWarning, match="set nodes="):
        ek.ItemResponse(loadings=LOADS, nodes=13).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ek.ItemResponse(loadings=LOADS).fit(X)
    twice = X.assign(c=X["a"])
    with pytest.warns(ek.SeparationWarning, match="slopes run off: 'a'.*Use fewer abilities"):
        ek.ItemResponse(loadings=LOADS).fit(twice)


def test_places_become_finer_by_themselves_and_the_rest_is_told():
    """Two abilities that 12 steep items tell each: beside a grid that is finer by far."""
    sides = np.repeat(np.eye(2), 12, axis=0)
    model = ek.AbilitiesModel(loads=sides)
    x = model.draw(model.params(np.tile(np.linspace(-2, 2, 12), 2), 3.0 * sides), np.random.default_rng(0), 150)

    def height(found, nodes):
        rows = ek.Chunk(x, np.ones(len(x)))
        return model.with_nodes(nodes).row_objectives(found.result_.params, rows).sum()

    with pytest.warns(ek.EmkitWarning, match=r"set nodes=\d+ or more") as told:
        coarse = ek.ItemResponse(loadings=sides, nodes=21).fit(x)
    assert told[0].filename == __file__
    assert coarse.integral_error_ == pytest.approx(abs(coarse.result_.log_likelihood - height(coarse, 151)), rel=0.2)
    finer = ek.ItemResponse(loadings=sides).fit(x)
    assert finer.result_.model.grid.nodes > 41
    assert finer.result_.log_likelihood == pytest.approx(height(finer, 151), abs=5e-5)  # as it is told
    assert finer.integral_error_ < 5e-5
    assert "finer ones would change the log-likelihood by" in " ".join(finer.summary().split())


def test_more_places_than_there_may_be_are_not_asked_for():
    sums = PlaceSums(["a"], np.array([0.1]), 0.3, 40, lambda: 0.1, "Use fewer abilities", most=46)
    assert sums.enough == 46
    with pytest.warns(ek.EmkitWarning, match=r"set nodes=46 or more \(it would take 108 places along each ability"):
        sums.warn()
    with pytest.warns(ek.EmkitWarning, match=r"use fewer abilities \(it would take 125 places"):
        replace(sums, nodes=46).warn()


SIDES = np.repeat(np.eye(2), 4, axis=0)
GRADED = ek.ItemPlanesModel([ek.GradedResponse(3)] * 8, loads=SIDES, correlated=True, nodes=21)
APART = GRADED.params([ek.GradedPlane([-1.0, 1.0], own) for own in SIDES * [1.2, -1.0]], [[1.0, -0.6], [-0.6, 1.0]])
GRADES = pd.DataFrame(GRADED.draw(APART, np.random.default_rng(0), 600), columns=list("abcdefgh"))


@pytest.fixture(scope="module")
def correlated():
    return ek.ItemResponse(items="graded", loadings=SIDES, correlated=True, nodes=31).fit(GRADES)


def test_abilities_that_correlate_have_signs_of_their_slopes(correlated):
    """Slopes sum to more than 0, and correlations are those of the abilities that are shown."""
    assert (correlated.slopes_.sum(axis=0) > 0).all()
    assert correlated.ability_correlation_[0, 1] == pytest.approx(0.6, abs=0.15)
    np.testing.assert_allclose(np.diag(correlated.ability_correlation_), 1.0)
    scores, spreads = correlated.ability_scores(GRADES)
    assert scores.shape == spreads.shape == (600, 2)
    assert np.corrcoef(scores.T)[0, 1] > 0
    chances = correlated.predict_proba(scores)
    assert [each.shape for each in chances] == [(600, 3)] * 8
    model, params = correlated.result_.model, correlated.result_.params
    means = model.latent(params, ek.Chunk(GRADES.to_numpy(), np.ones(600)))[0]
    for one, other in zip(chances, model.chances(params, means), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)
    said = correlated.summary()
    assert "8 items, 2 abilities: 600 rows" in said
    assert "correlation" in said
    assert f"{correlated.ability_correlation_[1, 0]:.3f}" in said
    assert max(map(len, said.splitlines())) <= 80


def test_kinds_of_independent_abilities():
    free = ek.ItemResponse(items="graded", n_abilities=2, nodes=31).fit(GRADES)
    np.testing.assert_allclose(free.ability_correlation_, np.eye(2), atol=1e-9)
    assert free.slopes_.shape == (8, 2)
    lengths = (free.slopes_**2).sum(axis=0)
    assert lengths[0] > lengths[1]
    assert free.result_.free_parameters == 8 * 2 + 8 * 2 - 1
    again = pickle.loads(pickle.dumps(free))
    np.testing.assert_array_equal(again.transform(GRADES), free.transform(GRADES))
