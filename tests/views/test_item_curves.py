"""Curves of items: the answers to be expected, and what they tell, at abilities worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.views import information_curves, item_curves


@pytest.fixture(scope="module")
def fit():
    model = ek.ItemsModel([ek.GradedResponse(3), ek.GeneralisedPartialCredit(), ek.GeneralisedPartialCredit()])
    params = model.params((ek.GradedItem([-1.0, 1.0], 1.5), ek.SlopedItem([0.5], 1.0), ek.SlopedItem([-0.5], 2.0)))
    return ek.fit(model, model.draw(params, np.random.default_rng(0), 200), params, max_evaluations=2)


def test_shares_lie_between_no_answer_and_the_highest(fit):
    view = item_curves(fit)
    middle = len(view.at) // 2
    assert view.names == ("x0", "x1", "x2")
    item = fit.params.items[1]
    assert view.curves[1, middle] == pytest.approx(1 / (1 + np.exp(-item.intercepts[0])))
    assert (np.diff(view.curves, axis=1) > 0).all()
    assert view.to_dict()["of"] == ""


def test_answers_to_one_item_are_all_that_there_are(fit):
    view = item_curves(fit, "x0")
    assert (view.names, view.of) == (("0", "1", "2"), "x0")
    np.testing.assert_allclose(view.curves.sum(axis=0), 1.0)
    np.testing.assert_array_equal(view.curves, item_curves(fit, 0).curves)
    for item in ("y", 3, -1):
        with pytest.raises(ek.ModelError, match="there is no item"):
            item_curves(fit, item)


def test_information_is_how_fast_chances_change(fit):
    view, item = information_curves(fit), fit.params.items[2]
    chance = 1 / (1 + np.exp(-item.intercepts[0] - item.slope * view.at))
    np.testing.assert_allclose(view.curves[2], item.slope**2 * chance * (1 - chance))
    np.testing.assert_allclose(view.curves[:3].sum(axis=0), view.curves[3])
    assert view.names[-1] == "test"
    answers = item_curves(fit, 0)  # squares of slopes of all answers, over their chances
    slopes = np.gradient(answers.curves, answers.at, axis=1)
    np.testing.assert_allclose((slopes**2 / answers.curves).sum(axis=0)[5:-5], view.curves[0, 5:-5], rtol=5e-3)


def test_what_has_no_items_is_refused():
    fit = ek.fit(ek.Mixture("poisson"), [1, 2, 4], ek.MixtureParams([1.0], ek.PoissonParams([[1.0]])))
    with pytest.raises(ek.ModelError, match="items are those of a model of answers"):
        item_curves(fit)
