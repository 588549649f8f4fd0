"""Bootstraps of models whose latent variables are continuous."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

GROUPS, ROWS = 60, 5
TIMES = 150


@pytest.fixture(scope="module")
def factors():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 1)) @ [[1.0, 0.8, -0.6, 0.9]] + 0.7 * rng.standard_normal((300, 4))
    model = ek.FactorModel(1)
    source = ek.ArraySource(x)
    return ek.fit(model, source, model.start(source.profile), solver="anderson")


def spreads(fit, kind):
    return fit.bootstrap(TIMES, kind=kind, random_state=0).standard_errors().errors


@pytest.mark.parametrize("kind", ["case", "bayesian", "parametric"])
def test_factors_spread_as_their_information_says(factors, kind):
    """Passes go over ten rows that stand for 300, of which nothing may be drawn."""
    assert factors.passes.rows < 20
    assert factors.occurring.rows == 300
    wanted = factors.standard_errors("information" if kind == "parametric" else "robust").errors
    np.testing.assert_allclose(spreads(factors, kind), wanted, rtol=0.3)


def test_other_processes_draw_the_same_rows(factors):
    one, two = (factors.bootstrap(4, kind="case", random_state=0, n_jobs=jobs) for jobs in (None, 2))
    np.testing.assert_array_equal([each.entries for each in one.made], [each.entries for each in two.made])


@pytest.mark.parametrize("model", [ek.MixedModel(0, (1,)), ek.RestrictedMixedModel(0, (1,))], ids=["ml", "reml"])
def test_mixed_models_spread_as_their_information_says(model):
    rng, group, x = np.random.default_rng(1), np.repeat(np.arange(GROUPS), ROWS), np.tile(np.arange(5.0), GROUPS)
    y = 1 + 0.5 * x + 1.2 * rng.standard_normal(GROUPS)[group] + rng.standard_normal(len(group))
    source = ek.ArraySource(np.column_stack([y, x]), groups=group)
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
    np.testing.assert_allclose(spreads(fit, "parametric"), fit.standard_errors().errors, rtol=0.3)


def test_a_series_is_drawn_from_the_model():
    """One series cannot be drawn with replacement."""
    rng = np.random.default_rng(2)
    y = np.cumsum(rng.standard_normal(200)) + rng.standard_normal(200)
    model, source = ek.local_level(), ek.ArraySource(y[:, None])
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
    np.testing.assert_allclose(spreads(fit, "parametric"), fit.standard_errors().errors, rtol=0.3)
    with pytest.raises(ek.ModelError, match="there is one group of rows"):
        fit.bootstrap(2, kind="case")


def test_answers_are_drawn_in_the_groups_of_people():
    model = ek.ItemsModel([ek.GradedResponse(3), ek.GradedResponse(2), ek.GradedResponse(2)], groups=2)
    rng = np.random.default_rng(3)
    first = model.draw(
        model.params([kind.start(np.arange(1.0, kind.levels) / kind.levels, 1.0) for kind in model.kinds]), rng, 300
    )
    source = ek.ArraySource(first)
    fit = ek.fit(model, source, model.start(source.profile), solver="anderson")
    again = fit.model.redrawn(fit.params, rng, first)
    np.testing.assert_array_equal(again[:, -1], first[:, -1])
    assert fit.bootstrap(3, kind="parametric", random_state=0).made[0].log_likelihood < 0
