"""Counts with more zeros."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq, minimize
from scipy.special import expit

import emkit as ek
from tests import cases

ZIP = ek.ZeroInflated(ek.Poisson())


def test_the_density_is_that_of_its_two_parts():
    x = cases.zero_inflated(np.random.default_rng(0), 0, 100).astype(float)
    params = cases.CASE["zero-inflated"].params
    rates, z = params.counts.rates, params.zeros
    wanted = np.stack(
        [np.log(z[k] * (x == 0) + (1 - z[k]) * stats.poisson.pmf(x, rates[k])).sum(axis=1) for k in range(2)], axis=1
    )
    np.testing.assert_allclose(ZIP.log_density(params, x), wanted, rtol=1e-12)


@pytest.mark.parametrize("make", [ek.Gamma, ek.Categorical, ek.Binomial, ek.DiagonalGaussian])
def test_other_families_are_refused(make):
    with pytest.raises(ek.ModelError, match=r"cannot be zero-inflated.*use PerComponent"):
        ek.ZeroInflated(make())


def test_one_component_has_the_mean_of_a_truncated_poisson():
    x = np.random.default_rng(5).poisson(2.0, 400) * (np.random.default_rng(6).random(400) < 0.7)
    positive = x[x > 0].mean()
    rate = brentq(lambda r: r / -np.expm1(-r) - positive, 1e-6, 50, xtol=1e-14)
    fit = ek.MixtureModel(ZIP, 1).fit(x[:, None])
    assert fit.components_.counts.rates.item() == pytest.approx(rate, rel=1e-6)
    assert fit.components_.zeros.item() == pytest.approx(1 - (x > 0).mean() / -np.expm1(-rate), abs=1e-6)


def test_fewer_zeros_than_counts_have_leave_none_over():
    x = np.concatenate([np.random.default_rng(5).poisson(4.0, 300), [1] * 40])
    x = x[x > 0]
    result = ek.MixtureModel(ZIP, 1).fit(x[:, None]).result_
    assert result.params.components.zeros.item() == 0
    assert result.params.components.counts.rates.item() == pytest.approx(x.mean(), rel=1e-9)
    assert result.boundary == ("components.zeros[0, 0]",)


def test_a_mixture_has_the_likelihood_that_scipy_maximises():
    case = cases.CASE["zero-inflated"]
    x = case.draw(np.random.default_rng(9), 400)

    def minus(theta):
        q, (z, r) = expit(theta[0]), np.split(theta[1:], 2)
        z, r = expit(z).reshape(2, 2), np.exp(r).reshape(2, 2)
        parts = [(z[k] * (x == 0) + (1 - z[k]) * stats.poisson.pmf(x, r[k])).prod(axis=1) for k in range(2)]
        return -np.log(q * parts[0] + (1 - q) * parts[1]).sum()

    best = minimize(minus, [0.0, -1, -2, -1, -0.5, 0.7, 1.8, 1.6, 1.1], options={"gtol": 1e-7}).fun
    result = ek.fit(ek.Mixture(ZIP), x, case.mixture)
    assert result.converged
    assert result.log_likelihood == pytest.approx(-best, abs=1e-4)
    assert result.log_likelihood >= -best - 1e-6


@pytest.mark.parametrize("inner", [ek.NegativeBinomial(), ek.Geometric(), ek.Binomial(8)])
def test_other_families_of_counts_may_have_more_zeros(inner):
    rng = np.random.default_rng(1)
    family = ek.ZeroInflated(inner)
    x = np.minimum(rng.poisson(rng.gamma(2.0, 1.5, (300, 2))), 8) * (rng.random((300, 2)) < 0.75)
    result = ek.MixtureModel(family, 1).fit(x).result_
    assert result.converged
    drawn = family.draw(result.params.components, rng, np.zeros(20_000, dtype=int))
    np.testing.assert_allclose((drawn == 0).mean(axis=0), (x == 0).mean(axis=0), atol=0.02)
    assert "zero" in result.summary()


def test_standard_errors_are_those_of_second_differences():
    x = cases.CASE["zero-inflated"].sample(np.random.default_rng(3), 0, 500)[:, :1].astype(float)
    result = ek.MixtureModel(ZIP, 1).fit(x).result_
    z, r = result.params.components.zeros.item(), result.params.components.counts.rates.item()

    def log_likelihood(z, r):
        return np.log(z * (x == 0) + (1 - z) * stats.poisson.pmf(x, r)).sum()

    h = 1e-4
    both = lambda a, b: log_likelihood(z + a * h, r + b * h)  # noqa: E731
    mixed = (both(1, 1) - both(1, -1) - both(-1, 1) + both(-1, -1)) / (4 * h * h)
    own = [(both(1, 0) - 2 * both(0, 0) + both(-1, 0)) / h**2, (both(0, 1) - 2 * both(0, 0) + both(0, -1)) / h**2]
    wanted = np.sqrt(np.diag(np.linalg.inv(-np.array([[own[0], mixed], [mixed, own[1]]]))))
    errors = result.standard_errors()
    found = [errors["components.zeros[0, 0]"], errors["components.counts.rates[0, 0]"]]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_a_column_with_gaps_is_estimated_from_the_cells_that_are_there():
    x = cases.CASE["zero-inflated"].sample(np.random.default_rng(3), 0, 300).astype(float)
    x[::4, 1] = np.nan
    both = ek.MixtureModel(ZIP, 1).fit(x).components_
    alone = ek.MixtureModel(ZIP, 1).fit(x[~np.isnan(x[:, 1]), 1:]).components_
    assert both.zeros[0, 1] == pytest.approx(alone.zeros.item(), abs=1e-6)
    assert both.counts.rates[0, 1] == pytest.approx(alone.counts.rates.item(), rel=1e-6)
