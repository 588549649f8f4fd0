"""Rows shared out beforehand: what the model maximises, worked out by hand, and the laws that no posterior is needed for."""

import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import poisson

import emkit as ek
from emkit.models.given_shares import GivenShares
from tests.laws import sums

BLOCKS = {0: "poisson", 1: ek.Covariates(), (2, 3): ek.Covariates()}
MODEL = GivenShares(BLOCKS, 1, shares=(2, 3))
PARTS = (ek.PoissonParams([[1.0], [6.0]]), ek.CovariatesParams(), ek.CovariatesParams())
PARAMS = ek.GatedMixtureParams([[0.0, 0.0], [0.5, -1.0]], ek.ProductParams(PARTS, ((0,), (1,), (2, 3))))


def drawn(rng, n=60):
    """Counts, a covariate, and shares of two classes, some of them beyond 0 and 1."""
    shares = rng.choice([-0.2, 0.1, 0.7, 1.2], n)
    counts = rng.poisson(1 + 5 * np.clip(shares, 0, 1))
    return np.column_stack([counts, rng.choice([-1.0, 0.5, 2.0], n), 1 - shares, shares]).astype(float)


def test_the_objective_is_the_sum_by_the_shares():
    x = drawn(np.random.default_rng(0))
    gate = log_softmax(np.column_stack([np.zeros(60), 0.5 - x[:, 1]]), axis=1)
    expected = (x[:, 2:] * (gate + poisson.logpmf(x[:, :1], [1.0, 6.0]))).sum()
    assert ek.EMMap(MODEL, ek.ArraySource(x), PARAMS).objective(PARAMS) == pytest.approx(expected, rel=1e-12)


def test_rows_add_up_in_any_order_and_weigh_what_they_weigh():
    rng = np.random.default_rng(1)
    x = drawn(rng)
    sums.assert_adds_up(MODEL, PARAMS, x)
    sums.assert_weights_are_copies(MODEL, PARAMS, x, rng)
    sums.assert_rows_permute(MODEL, PARAMS, x, rng)


def test_the_score_is_the_slope_of_the_objective():
    x = drawn(np.random.default_rng(2))
    fit = ek.fit(MODEL, x, PARAMS, solver="anderson")
    assert fit.converged
    mass, counts = x[:, 2:].sum(axis=0), x[:, 2:].T @ x[:, 0]
    np.testing.assert_allclose(fit.params.components.parts[0].rates[:, 0], counts / mass, rtol=1e-9)
    em = ek.EMMap(MODEL, ek.ArraySource(x), fit.params)
    maximum = em.objective(fit.params)
    for way in np.eye(2):
        for size in (1e-3, -1e-3):
            moved = ek.GatedMixtureParams(fit.params.gates + size * np.array([[0, 0], way]), fit.params.components)
            assert em.objective(moved) < maximum


def test_what_cannot_be_is_refused_in_words():
    with pytest.raises(ek.ModelError, match="shares are the places"):
        GivenShares(BLOCKS, 1)
    with pytest.raises(ek.ModelError, match="one row for each group"):
        ek.fit(MODEL, [[1.0, 0.5, 0.2, 0.8], [2.0, 0.5, 0.2, 0.8], [3.0, 1.0, 0.9, 0.1]], PARAMS, groups=[0, 0, 1])
    with pytest.raises(ek.ModelError, match="shared out beforehand"):
        MODEL.complete(PARAMS, ek.ArraySource(drawn(np.random.default_rng(0), 4)).whole)
