"""Weights that are fractions of a whole: the same estimates, and one warning of what they leave open."""

import warnings

import numpy as np
import pytest

import emkit as ek

X = np.random.default_rng(0).normal(size=(200, 1)) + np.repeat([[0.0], [6.0]], 100, axis=0)
GRID = np.linspace(-4, 4, 161)[:, None]
DENSITY = np.exp(-(GRID[:, 0] ** 2) / 2) / np.sqrt(2 * np.pi)
MODEL = ek.Mixture(ek.FullGaussian())
START = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[-1.0], [3.0]], [[[1.0]], [[1.0]]]))


def fitted(x, weights):
    """The estimates, and what was warned of."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        result = ek.fit(MODEL, ek.ArraySource(x, weights), START)
    return result.params.components.means, [w for w in warned if issubclass(w.category, ek.WeightsWarning)]


@pytest.mark.parametrize(("x", "weights"), [(X, np.full(200, 1 / 200)), (GRID, DENSITY), (GRID, DENSITY / DENSITY.sum())])
def test_fractions_are_warned_of_once_and_change_no_estimate(x, weights):
    means, warned = fitted(x, weights)
    assert len(warned) == 1
    assert str(warned[0].message) == (
        f"the weights sum to {weights.sum():.6g} over {len(x)} rows. Estimates are the same for any scale of the weights, but "
        "BIC and standard errors take that sum for the number of rows: scale the weights so that they sum to as many rows as "
        "were observed."
    )
    others, none = fitted(x, weights * len(x) / weights.sum())
    assert none == []
    np.testing.assert_allclose(means, others, atol=1e-3)


def test_an_estimator_warns_once_too():
    with pytest.warns(ek.WeightsWarning, match=r"^the weights sum to 1 over 200 rows") as warned:
        ek.GaussianMixture(2, random_state=0).fit(X, sample_weight=np.full(200, 1 / 200))
    assert len(warned) == 1


@pytest.mark.parametrize("weights", [None, np.ones(200), np.arange(200) % 3, np.arange(200), np.linspace(0.5, 1.5, 200)])
def test_counts_and_weights_about_1_are_not_warned_of(weights):
    assert fitted(X, weights)[1] == []
