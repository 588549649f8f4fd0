"""Large counts: densities to full precision, and fits that come to rest, on the plain and on the compiled road."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

import emkit as ek
from emkit.families.counts import deviance, log_peak
from emkit.families.linear import linear_form


def counts_around(mean: float, deviation: float, most: float = np.inf) -> np.ndarray:
    some = mean + deviation * np.array([-30, -8, -3, -1, -0.1, 0, 0.1, 1, 3, 8, 30, 300])
    return np.unique(np.clip(np.round([0, 1, 2, 5, *some]), 0, most))


@pytest.mark.parametrize("rate", np.logspace(-3, 12, 31))
def test_poisson_density_has_twelve_digits(rate: float):
    x = counts_around(rate, np.sqrt(rate))
    with mp.workdps(60):
        exact = [float(v * mp.log(rate) - rate - mp.loggamma(v + 1)) for v in map(mp.mpf, x)]
    found = ek.Poisson().log_density(ek.PoissonParams([[rate]]), x[:, None])[:, 0]
    np.testing.assert_allclose(found, exact, rtol=1e-12)


@pytest.mark.parametrize("chance", [1e-9, 1e-4, 0.03, 0.3, 0.5, 0.7, 0.999])
@pytest.mark.parametrize("trials", [10, 1_000, 1_001, 10**5, 10**7, 10**9, 10**12])
def test_binomial_density_has_eleven_digits(trials: int, chance: float):
    h = counts_around(trials * chance, np.sqrt(trials * chance * (1 - chance)), trials)
    with mp.workdps(60):
        p, m = mp.mpf(chance), mp.mpf(trials)
        exact = [
            float(mp.loggamma(m + 1) - mp.loggamma(v + 1) - mp.loggamma(m - v + 1) + v * mp.log(p) + (m - v) * mp.log(1 - p))
            for v in map(mp.mpf, h)
        ]
    params = ek.SuccessParams([[chance]])
    np.testing.assert_allclose(ek.Binomial(trials).log_density(params, h[:, None])[:, 0], exact, rtol=1e-11)
    own = np.column_stack([h, np.full(len(h), trials)])
    np.testing.assert_allclose(ek.Binomial().log_density(params, own)[:, 0], exact, rtol=1e-11)


def test_the_parts_at_their_edges():
    assert log_peak(np.array([0.0, 1.0])).tolist() == [0, -1]
    assert deviance(np.array([0.0, 0.0, 7.0, 5.0]), np.array([0.0, 3.0, 7.0, 0.0])).tolist() == [0, 3, 0, 1e300]


def test_an_impossible_count_is_impossible_and_nothing_else():
    params = ek.SuccessParams([[0.0], [1.0], [0.5]])
    found = ek.Binomial(10**6).log_density(params, np.array([[0.0], [5.0], [1e6]]))
    np.testing.assert_array_equal(found[0, :2], [0, -1e300])
    assert np.all(found[1, :2] <= -1e300)
    np.testing.assert_array_equal(found[2, :2], [-1e300, 0])
    assert np.all(found[:, 2] > -1e9)


MIXED = [(1e6, 1.01e6), (1e9, 1.0001e9), (1e9, 1.01e9), (1e9, 2e9), (1e12, 1.000005e12), (5e3, 5.3e3), (1.0, 3e4), (8e2, 1.5e3)]


def drawn(n: int, draw, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    which = (rng.random(n) < 0.6).astype(int)
    return draw(rng, np.where(which, high, low)).astype(float)[:, None], which


@pytest.mark.parametrize("n", [2_000, 20_000])
@pytest.mark.parametrize(("low", "high"), MIXED)
def test_mixtures_of_large_poisson_counts_converge(n: int, low: float, high: float):
    x, which = drawn(n, lambda rng, rates: rng.poisson(rates), low, high)
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[low - 0.2 * np.sqrt(low)], [high + 0.5 * np.sqrt(high)]]))
    result = ek.fit(ek.Mixture(ek.Poisson()), x, start)
    searched = ek.MixtureModel("poisson", n_components=2, random_state=0).fit(x)
    assert result.converged
    assert searched.converged_
    assert searched.result_.log_likelihood == pytest.approx(result.log_likelihood, abs=1e-6)
    rates = np.sort(result.params.components.rates.ravel())
    own = np.array([x[which == k].mean() for k in (0, 1)])
    apart = (high - low) / np.sqrt(high)
    np.testing.assert_allclose((rates - own) / np.sqrt(own), 0, atol=1e-6 if apart > 20 else 0.2)


@pytest.mark.parametrize("n", [2_000, 20_000])
@pytest.mark.parametrize(("trials", "low", "high"), [(10**7, 0.3, 0.301), (10**7, 0.3, 0.8), (10**9, 0.3, 0.31)])
def test_mixtures_of_large_binomial_counts_converge(n: int, trials: int, low: float, high: float):
    x, _ = drawn(n, lambda rng, chances: rng.binomial(trials, chances), low, high)
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[low], [high]]))
    fixed = ek.MixtureModel(ek.Binomial(trials), n_components=2, random_state=0).fit(x)
    own = ek.fit(ek.Mixture(ek.Binomial()), np.column_stack([x, np.full(n, trials)]), start)
    assert fixed.converged_
    assert own.converged
    assert own.log_likelihood == pytest.approx(fixed.result_.log_likelihood, rel=1e-9)
    np.testing.assert_allclose(np.sort(own.params.components.probabilities.ravel()), [low, high], rtol=1e-4)


def with_trials(rng: np.random.Generator, n: int) -> np.ndarray:
    trials = 10**7 + rng.integers(9, size=n)
    return np.column_stack([rng.binomial(trials, 0.3005), trials])


LINEAR = [
    (ek.Poisson(), ek.PoissonParams([[1e6, 3.0], [1.002e6, 700.0]]), lambda rng, n: rng.poisson([1.001e6, 40.0], (n, 2))),
    (ek.Binomial(10**7), ek.SuccessParams([[0.3], [0.301]]), lambda rng, n: rng.binomial(10**7, 0.3005, (n, 1))),
    (ek.Binomial(), ek.SuccessParams([[0.3], [0.301]]), with_trials),
]


@pytest.mark.parametrize(("family", "params", "draw"), LINEAR, ids=lambda value: getattr(value, "name", ""))
def test_the_compiled_road_keeps_the_digits_of_large_counts(family, params, draw):
    x = draw(np.random.default_rng(0), 9_000).astype(float)
    assert linear_form(family, params) is not None
    model, mixed = ek.Mixture(family), ek.MixtureParams([0.5, 0.5], params)
    (chunk,) = ek.ArraySource(x, chunk_rows=9_000).chunks()
    fast, plain = model.e_step(mixed, chunk), model.plain_e_step(mixed, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-11)
    np.testing.assert_allclose(fast.statistics.components.sums, plain.statistics.components.sums, rtol=1e-11)


def test_where_a_linear_form_would_lose_digits_there_is_none():
    assert ek.Poisson().linear(ek.PoissonParams([[1e9], [1.01e9]])) is None
    assert ek.Poisson().linear(ek.PoissonParams([[1.0], [1e5]])) is None
    assert ek.Binomial(10**9).linear(ek.SuccessParams([[0.3], [0.31]])) is None


@pytest.mark.parametrize("family", ["poisson", "negative-binomial", "geometric"])
def test_counts_that_floats_leave_out_are_refused(family):
    with pytest.raises(ek.DataError, match=r"row 2, column 'x0' is 1e\+300; beyond 9,007,199,254,740,992, floating"):
        ek.MixtureModel(family, 2).fit([[1.0], [3.0], [1e300], [2.0]])
