"""Curves of items: the answers to be expected, and what they tell, at abilities worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.plots.kinds import drawable
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


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: ek.Frozen(model, "proportions")])
def test_classes_have_curves_of_their_own(wrap):
    """Those of the items as each class is asked them, one class after the other."""
    from tests.continuous import MIXTURES

    model, params = MIXTURES["shared"]
    fit = ek.fit(wrap(model), model.draw(params, np.random.default_rng(0), 200)[0], params, max_evaluations=1)
    view, one = item_curves(fit), item_curves(fit, "x2")
    assert (view.classes, len(view.names), view.names[4]) == (2, 6, "x1, class 2")
    np.testing.assert_array_equal(view.curves[0], view.curves[3])  # the shared item
    for k, own in enumerate(fit.params.classes):
        item = own.items[1]
        right = 1 / (1 + np.exp(-item.intercepts[0] - item.slope * view.at))
        np.testing.assert_allclose(view.curves[3 * k + 2], right)
        np.testing.assert_allclose(one.curves[2 * k + 1], right)
        told = information_curves(fit)
        np.testing.assert_allclose(told.curves[4 * k + 2], item.slope**2 * right * (1 - right))
        np.testing.assert_allclose(told.curves[4 * k : 4 * k + 3].sum(axis=0), told.curves[4 * k + 3])
    assert one.names == ("0, class 1", "1, class 1", "0, class 2", "1, class 2")
    assert {"items", "information"} <= set(drawable(fit))
    for kind, lines in (("items", 6), ("information", 8)):
        ax = fit.plot(kind)
        assert len(ax.lines) == lines
        assert len({line.get_linestyle() for line in ax.lines}) == 2


def test_what_has_no_items_is_refused():
    fit = ek.fit(ek.Mixture("poisson"), [1, 2, 4], ek.MixtureParams([1.0], ek.PoissonParams([[1.0]])))
    with pytest.raises(ek.ModelError, match="items are those of a model of answers"):
        item_curves(fit)
