"""Values in the windows of their rows: places that SciPy knows, and rows that are drawn as they would have been seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek

NAN = np.nan
LAWS = {  # a family, parameters of two components, and SciPy's laws of them
    "exponential": (ek.Exponential(), ek.ExponentialParams([[0.3], [1.0]]), [stats.expon(scale=1 / 0.3), stats.expon()]),
    "weibull": (
        ek.Weibull(),
        ek.WeibullParams([[1.5], [3.0]], [[4.0], [2.0]]),
        [stats.weibull_min(1.5, scale=4), stats.weibull_min(3, scale=2)],
    ),
    "gamma": (ek.Gamma(), ek.GammaParams([[2.0], [5.0]], [[2.0], [2.5]]), [stats.gamma(2), stats.gamma(5, scale=1 / 2)]),
    "gaussian": (
        ek.DiagonalGaussian(),
        ek.DiagonalGaussianParams([[2.0], [3.0]], [[1.0], [4.0]]),
        [stats.norm(2, 1), stats.norm(3, 2)],
    ),
}
WINDOWS = np.array([[NAN, NAN], [1.0, NAN], [NAN, 3.0], [1.0, 3.0], [2.0, 2.5]])


def share(law, value, windows):
    """(F(value) - F(entry)) / (F(until) - F(entry))."""
    entry, until = np.nan_to_num(windows[:, 0], nan=-np.inf), np.nan_to_num(windows[:, 1], nan=np.inf)
    return (law.cdf(value) - law.cdf(entry)) / (law.cdf(until) - law.cdf(entry))


def late(n, seed=0):
    """Weibull times of shape 1.5 that are all seen to end, of those who had not ended when they entered."""
    rng = np.random.default_rng(seed)
    time, entry = 4 * rng.weibull(1.5, 6 * n), rng.uniform(0, 8, 6 * n)
    there = np.flatnonzero(time > entry)[:n]
    return time[there], entry[there]


@pytest.fixture(scope="module")
def lives():
    time, entry = late(400)
    rows = ek.survival(time, np.ones(400), entry)
    return ek.MixtureModel("censored-in-windows:weibull", 1).fit(rows).result_, rows


@pytest.mark.parametrize("name", LAWS)
def test_places_in_windows_are_those_of_scipy(name):
    family, params, laws = LAWS[name]
    value = np.array([0.7, 1.6, 2.9, 1.2, 2.2])
    x = np.column_stack([value, value, WINDOWS])
    found = ek.CensoredInWindows(family).conditional.up_to(params, np.concatenate([x, [[NAN, NAN, 1, 2], [1, 2, NAN, NAN]]]))
    wanted = np.column_stack([share(law, value, WINDOWS) for law in laws])
    np.testing.assert_allclose(found[:5], wanted, rtol=1e-9)
    assert np.isnan(found[5:]).all()


@pytest.mark.parametrize("name", LAWS)
def test_rows_are_drawn_in_their_windows(name):
    family, params, laws = LAWS[name]
    windows, rng = np.repeat(WINDOWS, 800, axis=0), np.random.default_rng(1)
    rows = np.column_stack([np.full((4000, 2), 2.2), windows])
    for k, law in enumerate(laws):
        found = ek.CensoredInWindows(family).conditional.drawn(params, rng, np.full(4000, k), rows)
        np.testing.assert_array_equal(found[:, 0], found[:, 1])
        np.testing.assert_array_equal(found[:, 2:], windows)
        assert not ((found[:, 0] <= windows[:, 0]) | (found[:, 0] > windows[:, 1])).any()
        for one in range(5):
            own = slice(800 * one, 800 * (one + 1))
            assert stats.kstest(share(law, found[own, 0], windows[own]), "uniform").pvalue > 0.001


def test_a_bootstrap_keeps_the_windows_and_spreads_as_the_rate_does():
    time, entry = late(150, 1)
    rows = ek.survival(time, np.ones(150), entry)
    fit = ek.MixtureModel("censored-in-windows:exponential", 1).fit(rows).result_
    rate = 150 / (time - entry).sum()
    assert fit.params.components.rates[0, 0] == pytest.approx(rate, rel=1e-9)
    again = fit.model.redrawn(fit.params, np.random.default_rng(0), rows)
    np.testing.assert_array_equal(again[:, 2:], rows[:, 2:])
    assert (again[:, 0] > again[:, 2]).all()
    error = fit.bootstrap(400, random_state=0).standard_errors()["components.rates[0, 0]"]
    assert error == pytest.approx(rate / np.sqrt(150), rel=0.15)


@pytest.mark.slow
def test_a_bootstrap_of_two_numbers_spreads_as_the_information_says(lives):
    fit, _ = lives
    made = fit.bootstrap(150, random_state=0)
    np.testing.assert_allclose(made.standard_errors().errors[1:], fit.standard_errors().errors[1:], rtol=0.25)


def test_a_test_draws_rows_in_their_windows():
    time, entry = late(60, 2)
    rows = ek.survival(time, np.ones(60), entry)
    one, two = (ek.MixtureModel(f"censored-in-windows:{law}", 1).fit(rows).result_ for law in ("exponential", "weibull"))
    test = one.test(two, 3, random_state=0)
    assert test.failed == 0
    assert (test.replicates < 10).all()  # a chi-square of one degree of freedom; without windows, shapes are far from 1


def test_residuals_are_one_column_and_know_the_windows(lives):
    fit, rows = lives
    params = fit.params.components
    law = stats.weibull_min(params.shapes[0, 0], scale=params.scales[0, 0])
    found = fit.pseudo_residuals()
    assert found.columns == ("x0",)
    np.testing.assert_allclose(found.up_to[:, 0], share(law, rows[:, 0], rows[:, 2:]), rtol=1e-8)
    np.testing.assert_array_equal(found.below, found.up_to)
    np.testing.assert_allclose(fit.quantile_residuals()[:, 0], stats.norm.ppf(share(law, rows[:, 0], rows[:, 2:])), atol=1e-7)
    assert stats.kstest(found.middle[:, 0], "norm").pvalue > 0.01


def test_values_known_up_to_intervals_have_no_residuals_and_are_not_drawn(lives):
    _, rows = lives
    cut = np.column_stack([rows[:, 0], np.where(np.arange(400) < 20, NAN, rows[:, 1]), rows[:, 2:]])
    fit = ek.MixtureModel("censored-in-windows:weibull", 1).fit(cut).result_
    with pytest.raises(ek.ModelError, match="no residuals"):
        fit.quantile_residuals()
    with pytest.raises(ek.ModelError, match="20 of 400 rows have a value that is known only up to an interval"):
        fit.bootstrap(2)


def test_a_window_that_next_to_nothing_lies_in_is_refused():
    family, params, _ = LAWS["exponential"]
    rows = np.array([[90.0, 90, 80, NAN]])
    with pytest.raises(ek.ModelError, match="from 80 to inf of a row"):
        ek.CensoredInWindows(family).conditional.drawn(params, np.random.default_rng(0), np.ones(1, dtype=int), rows)


def within(name):
    """Families that hold one in windows, in which rows it stands, and their parameters."""
    family, params, _ = LAWS[name]
    own, other = ek.CensoredInWindows(family), ek.CensoredInWindows(ek.Gamma())
    one, rates = ek.ExponentialParams([[0.3]]), ek.PoissonParams([[1.0], [9.0]])
    mixed = ek.MixtureOfParams([[0.4, 0.6], [0.9, 0.1]], (params, params))
    return {
        "product": (ek.Product({(1, 2, 3, 4): own, 0: ek.Poisson()}), ek.ProductParams((params, rates), ((1, 2, 3, 4), (0,)))),
        "repeated": (ek.Repeated(own, 2), params),
        "mixture-of": (ek.MixtureOf(own, 2), mixed),
        "tied": (ek.Tied(own, "rates"), ek.Tied(own, "rates").tied(params)),
        "per-component": (
            ek.PerComponent(own, other),
            ek.PerComponent(own, other).params(one, ek.GammaParams([[2.0]], [[1.0]])),
        ),
    }


@pytest.mark.parametrize("kind", within("exponential"))
def test_families_that_hold_one_draw_in_the_windows(kind):
    family, params = within("exponential")[kind]
    windows = np.repeat([[1.0, 3.0], [2.0, 2.5], [NAN, NAN]], 400, axis=0)
    own = np.column_stack([np.full((1200, 2), 2.2), windows])
    rows = {"product": np.column_stack([np.zeros(1200), own]), "repeated": np.column_stack([own, own])}.get(kind, own)
    model = ek.Mixture(family)
    found = model.redrawn(ek.MixtureParams([0.5, 0.5], params), np.random.default_rng(0), rows)
    for first in {"product": (1,), "repeated": (0, 4)}.get(kind, (0,)):
        np.testing.assert_array_equal(found[:, first + 2 : first + 4], windows)
        value = found[:, first]
        assert not ((value <= windows[:, 0]) | (value > windows[:, 1])).any()
        assert len(np.unique(value)) == 1200


def test_parts_of_a_component_are_mixed_by_their_proportions():
    family, params, laws = LAWS["exponential"]
    mixed = ek.MixtureOfParams([[0.4, 0.6]], tuple(ek.ExponentialParams([rate]) for rate in params.rates))
    value = np.array([0.7, 1.6, 2.9, 1.2, 2.2])
    x, whole = np.column_stack([value, value, WINDOWS]), ek.MixtureOf(ek.CensoredInWindows(family), 2)
    wanted = 0.4 * share(laws[0], value, WINDOWS) + 0.6 * share(laws[1], value, WINDOWS)
    np.testing.assert_allclose(whole.conditional.up_to(mixed, x)[:, 0], wanted, rtol=1e-9)


def test_transitions_by_formula_still_leave_the_four_columns_to_the_family():
    time, entry = late(60)
    lives = dict(zip(("from", "to", "entry", "until"), ek.survival(time, np.ones(60), entry).T, strict=True))
    chain = ek.HiddenMarkov("censored-in-windows:exponential", 2, transitions="~ z", random_state=0, n_init=1, max_iter=5)
    with pytest.warns(ek.ConvergenceWarning):
        fit = chain.fit({**lives, "z": np.arange(60) % 2.0}).result_
    assert fit.params.components.parts[0].rates.shape == (2, 1)
