"""Responses known up to intervals of rows that entered late: what is told of them is told from the entry on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

import emkit as ek

NAN = np.nan
LAWS = {  # the family, and SciPy's distribution of the response given the centre and the scale
    "weibull": (ek.WeibullRegression, lambda eta, s: stats.weibull_min(1 / s, scale=np.exp(eta))),
    "log-normal": (ek.LogNormalRegression, lambda eta, s: stats.lognorm(s, scale=np.exp(eta))),
    "log-logistic": (ek.LogLogisticRegression, lambda eta, s: stats.fisk(1 / s, scale=np.exp(eta))),
    "censored-normal": (ek.CensoredNormalRegression, stats.norm),
    "exponential": (ek.ExponentialRegression, lambda eta, s: stats.expon(scale=np.exp(eta))),
}
each = pytest.mark.parametrize("name", LAWS)


def rows(n=120, seed=3):
    """Lower and upper ends of every kind, a covariate and times of entry; many intervals begin before the entry."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=6 * n)
    time = np.exp(1.5 + 0.4 * x) * rng.weibull(1.7, 6 * n)
    entry = np.where(rng.random(6 * n) < 0.8, rng.uniform(0, 6, 6 * n), NAN)
    there = np.flatnonzero(~(time <= entry))[:n]
    time, entry, x, kind = time[there], entry[there], x[there], np.arange(n) % 4
    low, high = time.copy(), time.copy()
    high[kind == 1] = NAN
    low, high = np.where(kind == 2, NAN, low), np.where(kind == 2, 1.3 * time, high)
    return np.column_stack([np.where(kind == 3, 0.5 * time, low), np.where(kind == 3, 1.6 * time, high), x, entry])


def by_scipy(law, data, theta):
    """The log-likelihood of intercept, slope and logarithm of the scale."""
    low, high, x, entry = data.T
    own, known = law(theta[0] + theta[1] * x, np.exp(theta[2])), low == high
    late = np.where(np.isnan(entry), 1.0, own.sf(entry))
    begin = np.fmax(low, entry)
    above = np.where(np.isnan(begin), 1.0, own.sf(begin)) - np.where(np.isnan(high), 0.0, own.sf(high))
    logs = np.where(known, own.logpdf(low), np.log(np.where(known, 1.0, above)))
    return float(np.sum(logs - np.log(late)))


def test_what_is_known_of_a_late_row_is_told_from_its_entry():
    family, params = ek.WeibullRegression(0, (), upper=1, entry=2), ek.SurvivalParams([[1.0]], [0.5])
    x = np.array([[NAN, 6, 5], [4, 6, 5], [5, 6, 5], [1, 2, 0.5], [1, 2, NAN], [NAN, 5, 5], [4, 4, 5], [NAN, 4, 5]])
    chance = stats.weibull_min(2, scale=np.e).sf
    late, early = np.log((chance(5) - chance(6)) / chance(5)), np.log(chance(1) - chance(2))
    found = family.log_density(params, x)[:, 0]
    assert found[:5] == pytest.approx([late, late, late, early - np.log(chance(0.5)), early], rel=1e-12)
    assert found[0] == pytest.approx(-0.256, abs=5e-4)
    assert (found[5:] < -1e6).all()  # over before the entry: no such row would be there


@each
def test_late_intervals_are_where_scipy_finds_them(name):
    family, law = LAWS[name]
    data, moves = rows(), name != "exponential"
    fit = ek.MixtureModel(family(0, 2, upper=1, entry=3), 1).fit(data).result_

    def off(theta):
        return -by_scipy(law, data, [*theta, *([] if moves else [0.0])])

    start = [5.0, 1.0, 1.0] if name == "censored-normal" else [1.5, 0.4, -0.5][: 2 + moves]
    found = optimize.minimize(
        off, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000}
    )
    params = fit.params.components
    assert fit.log_likelihood == pytest.approx(-found.fun, rel=1e-9)
    assert params.coefficients[0] == pytest.approx(found.x[:2], abs=1e-4)
    if moves:
        assert np.log(params.scales[0]) == pytest.approx(found.x[2], abs=1e-4)


@each
def test_where_an_interval_began_before_the_entry_says_nothing(name):
    data, family = rows(), LAWS[name][0](0, 2, upper=1, entry=3)
    known = data[:, 0] == data[:, 1]
    cut = np.where(known | np.isnan(data[:, 1]), data[:, 0], np.fmax(data[:, 0], data[:, 3]))
    one, other = (ek.MixtureModel(family, 1).fit(x).result_ for x in (data, np.column_stack([cut, data[:, 1:]])))
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)


def test_whole_numbers_of_late_rows_give_what_windows_give():
    rng = np.random.default_rng(0)
    time, entry = 5 * rng.weibull(1.5, 1500), rng.uniform(0, 6, 1500)
    time, entry = time[time > entry], entry[time > entry]
    low = np.where(time < 1, NAN, np.floor(time))
    data = np.column_stack([low, np.floor(time) + 1, entry, np.full(len(time), NAN)])
    late = ek.MixtureModel(ek.WeibullRegression(0, (), upper=1, entry=2), 1).fit(data[:, :3]).result_
    windows = ek.MixtureModel("censored-in-windows:weibull", 1).fit(data).result_
    assert late.log_likelihood == pytest.approx(windows.log_likelihood, abs=1e-7)
    scale = float(late.params.components.scales[0])
    assert 1 / scale == pytest.approx(windows.params.components.shapes[0, 0], rel=1e-4)
    assert abs(scale - 1 / 1.5) < 4 * late.standard_errors()["components.scales[0]"]


@each
def test_all_pieces_of_late_intervals_belong_together(name):
    """Slopes by Fisher's identity, sums over chunks, weights, and steps that never fall."""
    lines = np.array([[1.2, 0.5], [2.0, 0.9]])
    params = ek.RegressionParams(lines) if name == "exponential" else ek.SurvivalParams(lines, [0.4, 0.7])
    model = ek.Mixture(LAWS[name][0](0, 2, upper=1, entry=3))
    assert "none of which falls" in str(ek.check_model(model, rows(24), ek.MixtureParams([0.4, 0.6], params)))
