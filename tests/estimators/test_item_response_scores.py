"""Item response as an estimator: scores, what is told of items, and slopes that run off."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

import emkit as ek

MODEL = ek.ItemResponseModel()
PARAMS = MODEL.params([0.5, -1.0, 0.2, 1.5, -0.4], [1.0, 1.6, 0.7, 1.3, 0.9])


@pytest.fixture(scope="module")
def answers():
    x = MODEL.draw(PARAMS, np.random.default_rng(0), 600)
    return pd.DataFrame(x, columns=list("abcde"))


@pytest.fixture(scope="module")
def fitted(answers):
    return ek.ItemResponse().fit(answers)


def test_the_estimates_are_those_of_the_model(fitted, answers):
    source = ek.ArraySource(answers.to_numpy())
    there = ek.fit(MODEL, source, MODEL.start(source.profile), tol=1e-12)
    np.testing.assert_allclose(fitted.slopes_, there.params.slopes, rtol=1e-3)
    np.testing.assert_allclose(fitted.difficulties_, -fitted.intercepts_ / fitted.slopes_)
    assert fitted.score(answers) == pytest.approx(fitted.result_.log_likelihood / 600)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(answers), fitted.transform(answers))
    lines = fitted.summary().splitlines()
    assert lines[0].startswith("5 items, free slopes: 600 rows, log-likelihood -")
    assert [line.split()[0] for line in lines if line.startswith("  ")] == ["item", *"abcde"]
    assert max(map(len, lines)) <= 80


def test_most_likely_abilities_are_most_likely(fitted, answers):
    ml = ek.ItemResponse(scores="ml").fit(answers)
    rows = np.array(
        [[1, 0, 1, 1, 0], [0, 0, 1, np.nan, 0], [1] * 5, [0] * 5, [np.nan] * 5, [1, np.nan, np.nan, np.nan, np.nan]]
    )
    scores, errors = ml.ability_scores(pd.DataFrame(rows, columns=list("abcde")))
    for row, score, error in zip(rows[:2], scores, errors, strict=False):

        def depth(ability, row=row):
            chance = ml.predict_proba([ability])[0]
            return -np.nansum(np.log(np.where(row == 1, chance, np.where(row == 0, 1 - chance, np.nan))))

        assert score == pytest.approx(
            minimize_scalar(depth, bounds=(-6, 6), method="bounded", options={"xatol": 1e-9}).x, abs=1e-5
        )
        told = ml.information([score])[0][~np.isnan(row)].sum()
        assert error == pytest.approx(1 / np.sqrt(told), rel=1e-6)
    np.testing.assert_array_equal(scores[2:], [np.inf, -np.inf, np.nan, np.inf])
    np.testing.assert_array_equal(errors[2:], [np.inf, np.inf, np.nan, np.inf])
    means, spreads = fitted.ability_scores(pd.DataFrame(rows, columns=list("abcde")))
    assert (means[4], spreads[4]) == pytest.approx((0.0, 1.0), abs=1e-9)
    assert means[2] == means.max()


def test_scores_with_the_prior_are_between(answers):
    """The mode of the posterior density, by brute force; where nothing is answered, 0 with an error of 1."""
    found = ek.ItemResponse(scores="map").fit(answers)
    rows = pd.DataFrame([[1.0] * 5, [1, 0, np.nan, 1, 0], [np.nan] * 5], columns=list("abcde"))
    scores, errors = found.ability_scores(rows)
    at = np.linspace(-4, 4, 8001)
    chances = found.predict_proba(at)
    for row, score in zip(rows.to_numpy()[:2], scores, strict=False):
        depth = np.nansum(np.log(np.where(row == 1, chances, np.where(row == 0, 1 - chances, np.nan))), axis=1) - at**2 / 2
        assert score == pytest.approx(at[depth.argmax()], abs=1e-3)
    assert (scores[2], errors[2]) == pytest.approx((0.0, 1.0), abs=1e-9)


def test_slopes_that_run_off_are_named():
    x = MODEL.draw(PARAMS, np.random.default_rng(1), 20)
    with pytest.warns(ek.SeparationWarning, match=r"slopes run off: 'x\d' \("):
        ek.ItemResponse().fit(x)


def test_too_few_places_are_told():
    many = MODEL.params(np.linspace(-2, 2, 40), np.full(40, 2.0))
    x = MODEL.draw(many, np.random.default_rng(1), 300)
    with pytest.warns(ek.EmkitWarning, match=r"set nodes=\d+ or more"):
        few = ek.ItemResponse("equal", nodes=41).fit(x)
    enough = ek.ItemResponse("equal", nodes=161).fit(x)
    assert few.n_iter_ > 0
    assert enough.result_.log_likelihood == pytest.approx(
        ek.ItemResponse("equal", nodes=241).fit(x).result_.log_likelihood, abs=1e-6
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"slopes": "some"}, "slopes"), ({"scores": "mode"}, "scores"), ({"nodes": 2}, "nodes"), ({"tol": -1}, "tol")],
)
def test_settings_that_cannot_be_are_refused(settings, sentence, answers):
    with pytest.raises(ek.ParameterError, match=sentence):
        ek.ItemResponse(**settings).fit(answers)


def test_a_fit_that_fails_leaves_the_one_before(answers):
    model = ek.ItemResponse().fit(answers)
    before = model.slopes_
    with pytest.raises(ek.DataError, match="always"):
        model.fit(answers.assign(a=1.0))
    assert model.slopes_ is before
    with pytest.raises(ek.DataError, match=r"there are 4 columns|feature names should match"):
        model.transform(answers[list("abcd")])


def test_a_slope_of_0_has_no_difficulty():
    """Of answers that have nothing to do with each other: the table had said three millions."""
    x = np.random.default_rng(5).random((400, 6)) < [0.2, 0.4, 0.5, 0.6, 0.8, 0.5]
    fit = ek.ItemResponse("equal").fit(x)
    assert abs(fit.slopes_[0]) < 1e-4
    assert np.isnan(fit.difficulties_).all()
    assert "ability decides no item" in " ".join(fit.summary().split())
    some = ek.ItemResponseParams([1.0, 2.0], [0.0, -1.0])
    np.testing.assert_array_equal(some.difficulties, [np.nan, 2.0])


def test_places_get_nearer_to_each_other_where_abilities_are_known_well():
    many = MODEL.params(np.linspace(-2, 2, 80), np.full(80, 2.5))
    x = MODEL.draw(many, np.random.default_rng(1), 200)
    finer = ek.ItemResponse("equal").fit(x)
    assert finer.result_.model.nodes > 81
    fine = ek.ItemResponseModel(equal=True, nodes=801)
    wanted = fine.row_objectives(finer.result_.params, ek.Chunk(x, np.ones(200)))
    np.testing.assert_allclose(finer.score_samples(x), wanted, atol=2e-6)
    coarse = ek.ItemResponseModel(equal=True).row_objectives(finer.result_.params, ek.Chunk(x, np.ones(200)))
    assert np.abs(coarse - wanted).max() > 1e-5
