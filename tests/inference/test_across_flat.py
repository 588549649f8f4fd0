"""Where the likelihood is flat along some directions, what does not move along them has standard errors nevertheless."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek


def yes_or_no():
    """Two classes of one yes-no item, 20 of 50 yes: the share of a yes is all that there is to tell."""
    x = np.repeat([[0.0], [1.0]], [30, 20], axis=0)
    start = ek.MixtureParams([0.4, 0.6], ek.SuccessParams([[0.3], [0.6]]))
    return ek.fit(ek.Mixture(ek.Bernoulli()), x, start)


def share(params):
    return params.proportions @ params.components.probabilities[:, 0]


@pytest.mark.parametrize(("kind", "exact"), [("information", 0.24 / 50), ("robust", 0.24 / 49)])
def test_what_the_data_tell_of_parameters_that_they_do_not(kind, exact):
    """Of a share, the variance p (1 - p) / n; as a sandwich, of n - 1."""
    found = yes_or_no().delta(share, kind=kind)
    assert found.estimate == pytest.approx(0.4, abs=1e-9)
    assert found.error == pytest.approx(np.sqrt(exact), rel=1e-5)
    assert found.reason == ""


def test_what_they_do_not_tell_has_none_and_says_why():
    result = yes_or_no()
    both = result.delta(lambda params: [share(params), params.proportions[0]])
    assert np.isfinite(both.error[0])
    assert np.isnan(both.error[1])
    assert "singular: see identifiability()" in both.reason
    errors = result.standard_errors()
    assert np.isnan(errors.errors).all()
    assert errors.reasons.keys() == set(errors.names)


@pytest.fixture(scope="module")
def unlinked():
    """Two groups of people without an item in common: how far abilities of the second spread, nothing tells."""
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 200)
    ability = np.where(group, 0.5, 0.0) + np.where(group, 1.3, 1.0) * rng.standard_normal(400)
    right = rng.random((400, 6)) < 1 / (1 + np.exp(np.linspace(-1, 1, 6) - ability[:, None]))
    answers = np.where(group[:, None] == (np.arange(6) >= 3), right, np.nan)
    return answers, group, ek.ItemResponse(nodes=41).fit(answers, groups=group)


def test_items_of_the_first_group_have_the_errors_that_they_have_alone(unlinked):
    answers, group, fit = unlinked
    alone = ek.ItemResponse(nodes=41, items="graded").fit(answers[group == 0, :3]).result_.standard_errors()
    together = fit.result_.standard_errors()
    first = [name for name in together.names if np.isfinite(together[name])]
    assert first == [f"items.{j}.{what}" for j in range(3) for what in ("intercepts[0]", "slope")]
    np.testing.assert_allclose([together[name] for name in first], alone.errors, rtol=1e-3)


def test_a_summary_says_which_have_none_and_why(unlinked):
    text = " ".join(unlinked[2].summary().split())
    assert "Without a standard error: intercept of x3, step 1; slope of x3;" in text
    assert "and 2 more; the information matrix is singular: see identifiability()." in text
    assert "abilities.spreads[1]" in str(unlinked[2].result_.identifiability())
