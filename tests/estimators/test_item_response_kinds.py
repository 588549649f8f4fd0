"""Item response as an estimator: kinds of items by name, groups of people, and items that differ between them."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import emkit as ek

KINDS = [ek.GradedResponse(4), ek.GeneralisedPartialCredit(3), ek.GeneralisedPartialCredit(), ek.GeneralisedPartialCredit()]
ITEMS = (
    ek.GradedItem([-1.0, 0.3, 1.2], 1.5),
    ek.SlopedItem([0.4, -0.3], 0.9),
    ek.SlopedItem([0.5], 1.3),
    ek.SlopedItem([-0.5], 1.0),
)
NAMES = ["graded", "gpcm", "2pl", "2pl"]


def drawn(n, seed=0, groups=1):
    model = ek.ItemsModel(KINDS, groups)
    params = model.params(ITEMS, [0.0, 0.6][:groups], [1.0, 1.3][:groups])
    return model.draw(params, np.random.default_rng(seed), n)


@pytest.fixture(scope="module")
def several():
    x = drawn(1500, groups=2)
    return pd.DataFrame(x[:, :4], columns=list("abcd")), np.where(x[:, 4] == 1, "south", "north")


@pytest.fixture(scope="module")
def fitted(several):
    return ek.ItemResponse(items=NAMES).fit(several[0], groups=several[1])


def test_groups_are_told_by_their_labels(fitted, several):
    assert fitted.groups_ == ("north", "south")
    assert (fitted.means_[0], fitted.spreads_[0]) == (0.0, 1.0)
    assert fitted.means_[1] == pytest.approx(0.6, abs=0.25)
    lines = fitted.summary().splitlines()
    assert "2 groups" in lines[0]
    assert any(line.split()[:2] == ["south", "mean"] for line in lines)
    assert not any(line.split()[:2] == ["north", "mean"] for line in lines)
    assert [line.split()[1] for line in lines if line.split()[:1] == ["a"]] == ["cuts[0]", "cuts[1]", "cuts[2]", "slope"]
    x, labels = several
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.ability_scores(x, labels)[0], fitted.ability_scores(x, labels)[0])


def test_scores_lean_on_the_group(fitted):
    x = pd.DataFrame([[1, 1, 1, 0]] * 2, columns=list("abcd"))
    scores, spreads = fitted.ability_scores(x, ["north", "south"])
    assert scores[1] > scores[0]
    assert (spreads > 0.3).all()
    nothing = x.assign(a=np.nan, b=np.nan, c=np.nan, d=np.nan)
    np.testing.assert_allclose(fitted.ability_scores(nothing, ["north", "south"])[0], fitted.means_, atol=1e-9)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda fit, x: fit.transform(x), "give groups, a label of"),
        (lambda fit, x: fit.ability_scores(x, ["east"] * len(x)), "'east' is none of them"),
        (lambda fit, x: fit.ability_scores(x, ["north"]), "one label for each"),
        (lambda fit, x: fit.ability_scores(x, [None] * len(x)), r"groups\[0\] is missing"),
        (lambda fit, x: ek.ItemResponse(items=NAMES).fit(x, groups=["north"] * len(x)), "one group, 'north'"),
        (lambda fit, x: ek.ItemResponse(items=NAMES[:2]).fit(x), "items names 2 kinds; there are 4 columns"),
        (lambda fit, x: ek.ItemResponse(items="3pl").fit(x), "some are higher: 'a', 'b'"),
        (lambda fit, x: ek.ItemResponse(items="4pl").fit(x), "items is '4pl'; it must be None, one of 'rasch'"),
        (lambda fit, x: ek.ItemResponse(items=[]).fit(x), "items is"),
        (lambda fit, x: ek.ItemResponse(items=3).fit(x), "items is 3"),
        (lambda fit, x: fit.item_fit(), "more levels"),
        (lambda fit, x: ek.ItemResponse(items=NAMES).fit(x).differential_items(), "this fit is of one"),
    ],
)
def test_what_does_not_fit_groups_and_kinds_is_refused(fitted, several, ask, sentence):
    with pytest.raises((ek.DataError, ek.ParameterError, ek.ModelError), match=sentence):
        ask(fitted, several[0])


def test_chances_are_those_of_all_answers(fitted):
    chances = fitted.predict_proba([-1.0, 0.0, 2.0])
    assert [each.shape for each in chances] == [(3, 4), (3, 3), (3, 2), (3, 2)]
    for each in chances:
        np.testing.assert_allclose(each.sum(axis=1), 1.0)
    assert fitted.information([-1.0, 0.0]).shape == (2, 4)


@pytest.mark.slow
def test_an_item_that_differs_is_found():
    """One of five is harder in the south; where none is, few are called different."""
    model = ek.ItemResponseModel()
    rng = np.random.default_rng(0)
    north, south = model.params([0.0, 0.5, -0.5, 0.2, 0.4], [1.2] * 5), model.params([0.0, 0.5, -1.7, 0.2, 0.4], [1.2] * 5)
    x = np.concatenate([model.draw(north, rng, 400), model.draw(south, rng, 400)])
    fit = ek.ItemResponse().fit(x, groups=np.repeat(["north", "south"], 400))
    found = fit.differential_items()
    assert [one.item for one in found] == ["x0", "x1", "x2", "x3", "x4"]
    assert [one.df for one in found] == [2] * 5
    assert found[2].p_value == min(one.p_value for one in found) < 1e-4
    assert min(one.statistic for one in found) > -1e-6


@pytest.mark.slow
def test_two_ways_to_the_same_model_agree():
    x = drawn(400)[:, 2:]
    x = np.column_stack([x, drawn(400)[:, 0] > 1])
    lines, kinds = ek.ItemResponse().fit(x), ek.ItemResponse(items="2pl").fit(x)
    assert kinds.result_.log_likelihood == pytest.approx(lines.result_.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(kinds.transform(x), lines.transform(x), atol=2e-3)
    for scores in ("ml", "map"):
        ways = [ek.ItemResponse(items=items, scores=scores).fit(x).ability_scores(x[:40]) for items in (None, "2pl")]
        np.testing.assert_allclose(*ways, atol=5e-3)


def test_rows_of_groups_are_told_with_their_labels_everywhere(fitted, several):
    x, labels = several
    np.testing.assert_array_equal(fitted.transform(x, groups=labels).ravel(), fitted.ability_scores(x, labels)[0])
    assert fitted.score_samples(x, groups=labels).sum() == pytest.approx(fitted.result_.log_likelihood, rel=1e-12)
    assert fitted.score(x, groups=labels) == pytest.approx(fitted.result_.log_likelihood / len(x), rel=1e-12)
    wanted = [item.slope for item in fitted.result_.params.items]
    np.testing.assert_array_equal(fitted.slopes_, wanted)
    with pytest.raises(ek.DataError, match="this fit is of one group: leave groups out"):
        ek.ItemResponse(items=NAMES).fit(x).score_samples(x, groups=labels)


def test_groups_of_drawn_answers_stand_beside_them():
    answers = (np.random.default_rng(0).normal(size=(200, 1)) + np.random.default_rng(1).normal(size=(200, 5)) > 0).astype(
        float
    )
    model = ek.ItemResponse(random_state=0).fit(answers, groups=np.repeat(["a", "b"], 100))
    drawn, groups = model.sample(50)
    assert drawn.shape == (50, 5)
    assert set(groups) == {"a", "b"}
    assert np.isfinite(model.score(drawn, groups=groups))
    assert ek.ItemResponse(random_state=0).fit(answers).sample(50).shape == (50, 5)
