"""Negative binomial columns: density to twelve digits, estimates, the edge where they are Poisson."""

import mpmath as mp
import numpy as np
import pytest
from scipy.stats import nbinom, poisson

import emkit as ek
from tests.cases import estimate


def one(mean, dispersion):
    return ek.NegativeBinomialParams([[mean]], [[dispersion]])


def density(mean, dispersion, x):
    return ek.NegativeBinomial().log_density(one(mean, dispersion), np.asarray(x, float)[:, None])[:, 0]


@pytest.mark.parametrize("size", [0.05, 1.0, 7.5, 300.0])
@pytest.mark.parametrize("mean", [0.2, 4.0, 60.0])
def test_density_is_scipys(mean, size):
    x = np.arange(200)
    np.testing.assert_allclose(density(mean, 1 / size, x), nbinom.logpmf(x, size, size / (size + mean)), rtol=1e-12)


@pytest.mark.parametrize("dispersion", [1e-25, 1e-9, 1e-3, 0.5, 100.0])
@pytest.mark.parametrize("mean", [1e-3, 1.0, 30.0, 1e5])
def test_density_has_twelve_digits_from_poisson_counts_on(mean, dispersion):
    x = np.unique(np.round([0, 1, 2, 5, mean, mean + 3 * np.sqrt(mean + dispersion * mean**2), 10 * mean]))
    with mp.workdps(60):
        m, s = mp.mpf(mean), 1 / mp.mpf(dispersion)
        exact = [
            float(mp.loggamma(v + s) - mp.loggamma(s) - mp.loggamma(v + 1) + v * mp.log(m / (s + m)) - s * mp.log(1 + m / s))
            for v in map(mp.mpf, x)
        ]
    np.testing.assert_allclose(density(mean, dispersion, x), exact, rtol=1e-12, atol=1e-15)


def test_without_dispersion_counts_are_poisson_and_without_a_mean_zero():
    x = np.arange(30)
    np.testing.assert_allclose(density(3.0, 0.0, x), poisson.logpmf(x, 3.0), rtol=1e-13)
    assert density(0.0, 0.7, [0.0, 2.0]).tolist() == [0.0, -1e300]
    assert one(3.0, 0.0).sizes.item() == np.inf


def test_parameters_are_recovered_from_its_own_sample():
    true = ek.MixtureParams([0.4, 0.6], ek.NegativeBinomialParams([[2.0], [25.0]], [[0.25], [0.1]]))
    x, _ = ek.Mixture(ek.NegativeBinomial()).draw(true, np.random.default_rng(3), 6_000)
    result = ek.MixtureModel("negative-binomial", 2, random_state=0).fit(x).result_.in_order()
    assert result.converged
    np.testing.assert_allclose(result.params.components.means.ravel(), [2, 25], rtol=0.06)
    np.testing.assert_allclose(result.params.components.dispersions.ravel(), [0.25, 0.1], rtol=0.25)


@pytest.mark.parametrize("start", [1e-6, 1e-2, 1.0, 300.0])
def test_one_component_gets_there_from_far_away(start):
    rng = np.random.default_rng(2)
    x = rng.poisson(rng.gamma(2.0, 3.0, 500))
    result = ek.fit(ek.Mixture(ek.NegativeBinomial()), x, ek.MixtureParams([1.0], one(1.0, start)))
    assert result.converged
    pooled = ek.NegativeBinomial().pooled(ek.ArraySource(x).profile, 1)
    np.testing.assert_allclose(result.params.components.dispersions, pooled.dispersions, rtol=1e-6)


def test_counts_that_spread_less_than_poisson_counts_are_poisson_and_it_is_said():
    x = np.random.default_rng(0).binomial(10, 0.6, 300)
    result = ek.fit(ek.Mixture(ek.NegativeBinomial()), x, ek.MixtureParams([1.0], one(3.0, 0.5)))
    assert result.converged
    assert result.boundary == ("components.dispersions[0, 0]",)
    assert result.params.components.dispersions.item() == 0
    assert result.log_likelihood == pytest.approx(poisson.logpmf(x, x.mean()).sum(), rel=1e-12)
    assert set(result.standard_errors().reasons) == {"components.dispersions[0, 0]"}
    assert result.standard_errors()["components.means[0, 0]"] == pytest.approx(np.sqrt(x.mean() / 300), rel=1e-6)
    assert ek.NegativeBinomial().pooled(ek.ArraySource(x).profile, 1).dispersions.item() == 0


def test_a_component_of_a_mixture_that_runs_to_poisson_counts_is_named():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.poisson(2.0, 600), rng.poisson(rng.gamma(5.0, 6.0, 400))])
    start = ek.MixtureParams([0.5, 0.5], ek.NegativeBinomialParams([[2.0], [30.0]], [[0.1], [0.1]]))
    result = ek.fit(ek.Mixture(ek.NegativeBinomial()), x, start)
    assert result.converged
    poissons = ek.Frozen(ek.Mixture(ek.NegativeBinomial()), "components.dispersions[0]")
    at = ek.MixtureParams([0.5, 0.5], ek.NegativeBinomialParams([[2.0], [30.0]], [[0.0], [0.1]]))
    assert result.log_likelihood >= ek.fit(poissons, x, at).log_likelihood - 1e-8
    zero = result.params.components.dispersions[0, 0] == 0
    assert (result.boundary == ("components.dispersions[0, 0]",)) == zero


def test_zeros_alone_tell_nothing_of_a_dispersion():
    x, params, family = np.zeros((5, 1)), one(2.0, 0.3), ek.NegativeBinomial()
    found = estimate(family, family.statistics(params, x, np.ones((5, 1))), params)
    assert (found.means.item(), found.dispersions.item()) == (0.0, 0.3)


def test_an_empty_component_keeps_its_parameters():
    x = np.array([[0.0], [3.0], [9.0]])
    params = ek.NegativeBinomialParams([[2.0], [5.0]], [[0.3], [0.7]])
    family = ek.NegativeBinomial()
    found = estimate(family, family.statistics(params, x, np.array([[1.0, 0.0]] * 3)), params)
    assert (found.means[1, 0], found.dispersions[1, 0]) == (5.0, 0.7)


def test_beyond_the_places_of_the_statistics_nothing_is_promised():
    x = np.array([[0.0], [3.0], [9.0]])
    family, here = ek.NegativeBinomial(), one(4.0, 0.5)
    stats = family.statistics(here, x, np.ones((3, 1)))
    assert family.expected(stats, here, one(4.0, 0.5 * np.exp(2.1))).value == -np.inf


def test_messages():
    with pytest.raises(ek.DataError, match=r"row 1, column 'x0' is 2.5; negative binomial counts must be whole numbers >= 0."):
        ek.NegativeBinomial().support.check(ek.ArraySource([1.0, 2.5]).profile)
    with pytest.raises(ek.ParameterError, match=r"dispersions\[0, 0\] is -1; it must be >= 0."):
        one(1.0, -1.0)
