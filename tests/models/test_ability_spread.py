"""Spreads of ability that are estimated: the likelihood is right however narrow they are, and 0 is an estimate on the edge."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_expit

import emkit as ek
from emkit.models.most_likely import most_likely
from tests.laws import maxima

RASCH = ek.ItemsModel([ek.PartialCredit()] * 4)
SHARES = np.array([0.3, 0.5, 0.6, 0.7])
ALONE = (np.random.default_rng(1).random((500, 4)) < SHARES).astype(float)
SOURCE = ek.ArraySource(ALONE)
SOLVERS = {"plain": ek.solvers.Plain(), "anderson": ek.solvers.Anderson(), "squarem": ek.solvers.Squarem()}


def independent(x):
    """The log-likelihood of items that have nothing in common, at their shares."""
    share = x.mean(axis=0)
    return float((x * np.log(share) + (1 - x) * np.log(1 - share)).sum())


@pytest.mark.parametrize("spread", [1.0, 0.1, 1e-2, 1e-4, 0.0])
def test_the_likelihood_is_right_for_any_spread(spread):
    """Beside Gauss and Hermite's rule, which is right to rounding for what is so even."""
    params = RASCH.params(RASCH.start(SOURCE.profile).items, spreads=[spread])
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    logits = np.array([item.intercepts[0] for item in params.items])[:, None] + spread * nodes
    each = np.exp(ALONE @ log_expit(logits) + (1 - ALONE) @ log_expit(-logits)) @ (weights / weights.sum())
    np.testing.assert_allclose(RASCH.row_objectives(params, ek.Chunk(ALONE, np.ones(500))), np.log(each), rtol=1e-9)


@pytest.mark.parametrize("solver", [pytest.param("plain", marks=pytest.mark.slow), "anderson", "squarem"])
def test_answers_that_have_nothing_in_common_have_a_spread_of_none(solver):
    fit = ek.fit(RASCH, SOURCE, RASCH.start(SOURCE.profile), solver=solver)
    assert fit.converged
    assert fit.params.abilities.spreads[0] == 0.0
    assert fit.boundary == ("abilities.spreads[0]",)
    assert fit.log_likelihood == pytest.approx(independent(ALONE), abs=1e-9)


def test_a_spread_of_none_is_told_by_the_estimator():
    fit = ek.ItemResponse(items="rasch", scores="map").fit(ALONE)
    assert fit.spreads_[0] == 0.0
    assert any(line.split() == ["ability", "spread", "0.000", "nan"] for line in fit.summary().splitlines())
    np.testing.assert_array_equal(fit.transform(ALONE[:3]).ravel(), 0.0)
    np.testing.assert_array_equal(fit.ability_scores(ALONE[:3])[1], 0.0)
    assert "spread of group 1" in str(fit.result_.summary())


def test_a_group_of_people_who_are_alike_has_a_spread_of_none():
    """Of whom all have about as many items right."""
    model = ek.ItemsModel([ek.GeneralisedPartialCredit()] * 5, groups=2)
    items = [ek.SlopedItem([a], 1.2) for a in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    x = model.draw(model.params(items, [0.0, 0.3], [1.0, 0.5]), np.random.default_rng(2), 1200)
    middle = np.isin(x[:, :5].sum(axis=1), (2, 3))
    both = ek.ArraySource(x[(x[:, -1] == 0) | middle])
    fit = ek.fit(model, both, model.start(both.profile), solver="anderson")
    assert fit.converged
    assert fit.params.abilities.spreads[1] == 0.0
    there = model.params(fit.params.items, fit.params.abilities.means, [1.0, 1e-2])
    assert ek.EMMap(model, both, there).objective(there) < fit.log_likelihood


def test_runs_ascend_to_the_edge():
    for solver in SOLVERS.values():
        start = RASCH.params(RASCH.start(SOURCE.profile).items, spreads=[0.02])
        maxima.assert_ascends(RASCH, SOURCE, start, solver, 30)


def test_abilities_that_are_known_before_are_not_learned():
    """A spread of 0 is certain: the score is the mean."""
    params = RASCH.params(RASCH.start(SOURCE.profile).items)
    before = np.array([0.3, 0.0]), np.array([0.0, 1.0])
    scores, errors = most_likely(RASCH, params, ALONE[:2], before)
    assert (scores[0], errors[0]) == (0.3, 0.0)
    assert errors[1] > 0


def test_the_spreads_of_all_groups_go_as_far_as_they_have_to():
    """A group far off was cut where sums ended; now its places are about its own mean."""
    model = ek.ItemsModel([ek.GeneralisedPartialCredit()] * 4, groups=2)
    items = [ek.SlopedItem([-20.0 + a], 1.0) for a in (-1.0, 0.0, 0.5, 1.0)]
    near = model.params([ek.SlopedItem([item.intercepts[0] + 20.0], 1.0) for item in items], [0.0, 0.0], [1.0, 2.0])
    far = model.params(items, [0.0, 20.0], [1.0, 2.0])
    x = model.draw(near, np.random.default_rng(0), 200)
    x = x[x[:, -1] == 1]
    chunk = ek.Chunk(x, np.ones(len(x)))
    np.testing.assert_allclose(model.row_objectives(far, chunk), model.row_objectives(near, chunk), rtol=1e-9)
