"""Components that run off without end, of rows that are seen in part, are said to: nothing else is called an estimate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq, minimize, minimize_scalar

import emkit as ek

NAN = np.nan
KINDS = (ek.ConvergenceWarning, ek.RunOffWarning)
EVENLY = (np.arange(50) + 0.5) / 50
unconverged = pytest.mark.filterwarnings("ignore::emkit.ConvergenceWarning")


def in_windows(values: np.ndarray) -> np.ndarray:
    return np.column_stack([values, values, np.zeros(len(values)), np.ones(len(values))])


def half_lines(places: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Each value is only known to lie above its place, or not to."""
    return np.column_stack([np.where(above, places, NAN), np.where(above, NAN, places)])


@pytest.mark.parametrize("power", [1.0, 0.5])
@pytest.mark.parametrize("windows", [False, True])
def test_windows_that_are_filled_evenly_or_ever_more_have_no_best_rate(windows, power):
    values = EVENLY**power
    family = ek.CensoredInWindows("exponential") if windows else ek.Truncated("exponential", 0, 1)
    with pytest.warns(ek.RunOffWarning, match="no maximum: component 1 runs off without end"):
        found = ek.MixtureModel(family, 1).fit(in_windows(values) if windows else values[:, None]).result_
    assert found.endless == (0,)
    assert "the likelihood has no maximum" in str(found.outcome)


@pytest.mark.parametrize("windows", [False, True])
def test_windows_that_are_filled_ever_less_have_a_rate(windows):
    values = EVENLY**1.3
    family = ek.CensoredInWindows("exponential") if windows else ek.Truncated("exponential", 0, 1)
    found = ek.MixtureModel(family, 1).fit(in_windows(values) if windows else values[:, None]).result_
    root = brentq(lambda rate: 1 / rate - 1 / np.expm1(rate) - values.mean(), 1e-3, 50)  # the mean of what is seen
    assert found.params.components.rates.item() == pytest.approx(root, rel=1e-6)
    assert found.endless == ()
    assert found.converged


@unconverged
@pytest.mark.parametrize("law", ["gaussian", "log-normal", "weibull"])
def test_values_of_which_one_end_alone_is_known_may_spread_without_end(law):
    """As the slope of a probit regression of `above` on the place, which may not rise: where it would, it comes to 0."""
    rng = np.random.default_rng(0)
    places, above = rng.normal(size=60), rng.random(60) < 0.5
    above = np.where(np.cov(places, above)[0, 1] >= 0, above, ~above)
    x = half_lines(places if law == "gaussian" else np.exp(places), above)
    with pytest.warns(ek.RunOffWarning):
        found = ek.MixtureModel(ek.Censored(law), 1).fit(x).result_
    share = above.mean()
    assert found.log_likelihood == pytest.approx(60 * (share * np.log(share) + (1 - share) * np.log(1 - share)), abs=1e-2)
    assert found.endless == (0,)
    assert not found.converged


def test_values_of_which_one_end_alone_is_known_may_tell_how_far_they_spread():
    rng = np.random.default_rng(1)
    places = rng.normal(size=200)
    above = rng.normal(0.3, 1.0, 200) > places
    found = ek.MixtureModel(ek.Censored("gaussian"), 1).fit(half_lines(places, above)).result_

    def fall(at: np.ndarray) -> float:
        z = (at[0] - places) / np.exp(at[1])
        return -float(np.where(above, stats.norm.logcdf(z), stats.norm.logsf(z)).sum())

    best = minimize(fall, [0.0, 0.0], method="BFGS")
    assert found.endless == ()
    assert found.converged
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-7)
    assert np.sqrt(found.params.components.variances.item()) == pytest.approx(np.exp(best.x[1]), rel=1e-3)


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_gamma_values_of_which_one_end_alone_is_known_climb_as_their_shape_comes_to_0(seed):
    """Then next to nothing lies among the ends, and all that is told is how many have which: no fit comes higher."""
    rng = np.random.default_rng(seed)
    places, above = np.exp(rng.normal(size=60)), rng.random(60) < 0.5
    above = np.where(np.cov(places, above)[0, 1] >= 0, above, ~above)
    start = ek.MixtureParams([1.0], ek.GammaParams([[1e-2]], [[1e20]]))
    found = ek.fit(ek.Mixture(ek.Censored("gamma")), half_lines(places, above), start, max_evaluations=60)
    share, objective = above.mean(), np.array([each.objective for each in found.history])
    most = 60 * (share * np.log(share) + (1 - share) * np.log(1 - share))
    assert (np.diff(objective) > -1e-9).all()
    shape, mean = found.params.components.shapes.item(), found.params.components.means.item()
    law = stats.gamma(shape, scale=mean / shape)
    by_scipy = np.where(above, law.logsf(places), law.logcdf(places)).sum()
    assert found.log_likelihood == pytest.approx(by_scipy, rel=1e-10)
    assert most - 0.5 < found.log_likelihood < most


@unconverged
@pytest.mark.parametrize("seed", [0, 2])
def test_inverse_gaussian_means_may_run_off_and_leave_levy_times(seed):
    rng = np.random.default_rng(seed)
    places, above = np.exp(rng.normal(size=60)), rng.random(60) < 0.5
    with pytest.warns(ek.RunOffWarning):
        found = ek.MixtureModel(ek.Censored("inverse-gaussian"), 1).fit(half_lines(places, above)).result_

    def fall(log_shape: float) -> float:
        law = stats.levy(scale=np.exp(log_shape))
        return -float(np.where(above, law.logsf(places), law.logcdf(places)).sum())

    best = minimize_scalar(fall, bounds=(-8, 8), method="bounded", options={"xatol": 1e-10})
    assert found.endless == (0,)
    assert found.log_likelihood == pytest.approx(-best.fun, abs=2e-3)
    assert found.params.components.shapes.item() == pytest.approx(np.exp(best.x), rel=1e-2)


@pytest.mark.parametrize(("law", "of"), [("gamma", lambda a, b: stats.gamma(a, scale=b)), ("weibull", stats.weibull_min)])
def test_most_half_lines_among_some_values_have_their_maximum(law, of):
    rng = np.random.default_rng(5)
    values, known = rng.gamma(2.0, 1.0, 150), rng.random(150) < 0.04
    found = ek.MixtureModel(ek.Censored(law), 1).fit(np.column_stack([values, np.where(known, values, NAN)])).result_

    def fall(at: np.ndarray) -> float:
        a, b = np.exp(at)
        frozen = of(a, b) if law == "gamma" else of(a, scale=b)
        return -float(np.where(known, frozen.logpdf(values), frozen.logsf(values)).sum())

    best = minimize(fall, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 2000})
    assert found.endless == ()
    assert found.converged
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-6)


def test_each_warning_says_its_own_sentence():
    places = np.linspace(-1, 1, 20)
    with pytest.warns() as said:
        found = ek.MixtureModel(ek.Censored("gaussian"), 1).fit(half_lines(places, places > 0)).result_
    ended, endless = (str(next(each.message for each in said if each.category is kind)) for kind in KINDS)
    assert endless.startswith("The likelihood has no maximum: component 1 runs off")
    assert "no maximum" not in ended
    assert str(found.outcome).startswith(ended)


@unconverged
def test_a_tail_heavier_than_any_normal_one_has_no_best_place():
    values = (-np.log(1 - EVENLY)) ** 1.3
    with pytest.warns(ek.RunOffWarning):
        found = ek.MixtureModel(ek.Truncated("gaussian", 0), 1).fit(values[:, None]).result_
    rate = 1 / values.mean()  # of the exponential that the tail of a normal comes to, far off
    assert found.log_likelihood == pytest.approx(50 * (np.log(rate) - 1), abs=1e-2)


def test_families_made_of_others_say_which_of_their_components_run_off():
    seen = ek.Truncated("exponential", 0, 1)
    x = np.column_stack([EVENLY, np.arange(50.0)])
    profile, one = ek.ArraySource(x).profile, ek.ArraySource(x[:, :1]).profile
    rates = ek.ExponentialParams([[2.0], [1e-9]])
    assert seen.spread.endless(rates, one) == (1,)
    product = ek.Product({(0,): seen, (1,): "gaussian-diag"})
    parts = ek.DiagonalGaussianParams([[1.0], [2.0]], [[1.0], [1.0]])
    settled = product.settled(profile)
    assert settled.spread.endless(settled.pooled(profile, 2).__class__((rates, parts), settled.places(profile)), profile) == (
        1,
    )
    mixture = ek.MixtureOf(seen, 2)
    other = ek.ExponentialParams([[1e-9], [3.0]])
    assert mixture.spread.endless(ek.MixtureOfParams([[0.5, 0.5]] * 2, (rates, other)), one) == (0, 1)
    kinds = ek.PerComponent("exponential", (seen, 2))
    params = kinds.params(ek.ExponentialParams([[1.0]]), rates)
    assert kinds.spread.endless(params, one) == (2,)
    tied = ek.Tied(seen, "rates")
    shared = tied.tied(ek.ExponentialParams([[1e-9], [1e-9]]))
    assert tied.spread.endless(shared, one) == (0, 1)


def test_the_slopes_of_weibull_intervals_are_those_of_their_statistics():
    family, params = ek.Weibull(), ek.WeibullParams([[1.3], [0.4], [5.0]], [[2.0], [30.0], [3.0]])
    ends = [(0, 1), (1, np.inf), (1, 1.5), (2, 2.0001), (2, 2.2), (50, np.inf), (2.9, 2.95), (2.9, 100), (10, 400)]
    low, high = np.array(ends, dtype=float).T
    weights = np.random.default_rng(0).random((len(low), 3))
    for i in range(len(low)):
        own, inside = weights[i : i + 1], family.between(params, low[i : i + 1], high[i : i + 1])
        by_statistics = family.expected(inside.statistics(own), params, params).slopes
        for path, slope in inside.slopes_of(family, params, own).items():
            np.testing.assert_allclose(slope, by_statistics[path], rtol=1e-10)
