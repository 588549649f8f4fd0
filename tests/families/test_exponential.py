"""Exponential columns."""

import numpy as np
import pytest
from scipy.stats import expon

import emkit as ek
from tests.cases import estimate

X = np.array([[0.5, 2.0], [1.5, 0.0], [4.0, 1.0]])


def test_density_is_scipys():
    rates = np.array([[0.5, 2.0], [3.0, 0.1]])
    found = ek.Exponential().log_density(ek.ExponentialParams(rates), X)
    expected = np.stack([expon.logpdf(X, scale=1 / r).sum(axis=1) for r in rates], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_estimate_is_rows_over_time():
    params = ek.ExponentialParams([[1.0, 1.0]])
    weights = np.array([[1.0], [2.0], [0.5]])
    found = estimate(ek.Exponential(), ek.Exponential().statistics(params, X, weights), params)
    np.testing.assert_allclose(found.rates, [[3.5 / 5.5, 3.5 / 2.5]], rtol=1e-15)


def test_mixture_recovers_two_rates():
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.exponential(1.0, 3000), rng.exponential(20.0, 2000)])
    start = ek.MixtureParams([0.5, 0.5], ek.ExponentialParams([[2.0], [0.1]]))
    result = ek.fit(ek.Mixture(ek.Exponential()), x, start)
    assert result.converged
    np.testing.assert_allclose(result.params.components.rates.ravel(), [1, 0.05], rtol=0.1)


def test_messages():
    family = ek.Exponential()
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is -2; exponential times must be numbers >= 0."):
        family.support.check(ek.ArraySource([1.0, -2.0]).profile)
    with pytest.raises(ek.DataError, match=r"column 'x1' holds only zeros"):
        family.pooled(ek.ArraySource([[1.0, 0.0], [2.0, 0.0]]).profile, 2)
    params = ek.ExponentialParams([[1.0]])
    with pytest.raises(ek.DegenerateFitError, match=r"component 1 sees only zeros in column 0"):
        estimate(family, family.statistics(params, np.zeros((3, 1)), np.ones((3, 1))), params)


def test_an_empty_component_keeps_its_rate():
    params = ek.ExponentialParams([[1.0], [7.0]])
    family = ek.Exponential()
    found = estimate(family, family.statistics(params, X[:, :1], np.array([[1.0, 0.0]] * 3)), params)
    assert found.rates.ravel().tolist() == [0.5, 7.0]
