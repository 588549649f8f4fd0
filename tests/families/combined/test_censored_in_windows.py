"""Values that are censored and truncated: closed forms, and likelihoods that SciPy maximises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

import emkit as ek

NAN = np.nan
LAWS = {  # a name, SciPy's law of two numbers in free coordinates, and where these begin
    "weibull": (lambda a, b: stats.weibull_min(np.exp(a), scale=np.exp(b)), [0.3, 1.5]),
    "log-normal": (lambda a, b: stats.lognorm(np.exp(a), scale=np.exp(b)), [-0.3, 1.0]),
    "gaussian": (lambda a, b: stats.norm(b, np.exp(a)), [1.0, 4.0]),
    "gamma": (lambda a, b: stats.gamma(np.exp(a), scale=np.exp(b - a)), [0.5, 1.5]),
}


def lives(n, seed=0):
    """Times of entry, times of leaving, and whether these were events."""
    rng = np.random.default_rng(seed)
    time, entry = 5 * rng.weibull(1.7, 4 * n), rng.uniform(0, 6, 4 * n)
    end = entry + rng.exponential(5, 4 * n)
    there = time > entry
    return entry[there][:n], np.minimum(time, end)[there][:n], (time <= end)[there][:n]


def best(law, start, height):
    found = optimize.minimize(
        lambda given: -height(law(*given)),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000},
    )
    return -found.fun


def test_the_rate_is_events_over_the_time_watched():
    entry, time, event = lives(200)
    weights = np.arange(200) % 3 + 1.0
    fit = ek.MixtureModel("censored-in-windows:exponential", 1).fit(ek.survival(time, event, entry), sample_weight=weights)
    rate = weights @ event / (weights @ (time - entry))
    assert fit.result_.params.components.rates[0, 0] == pytest.approx(rate, rel=1e-9)
    assert fit.result_.log_likelihood == pytest.approx(weights @ event * (np.log(rate) - 1), rel=1e-12)
    error = fit.result_.standard_errors()["components.rates[0, 0]"]
    assert error == pytest.approx(rate / np.sqrt(weights @ event), rel=1e-6)


@pytest.mark.parametrize("name", LAWS)
def test_delayed_entry_is_where_scipy_finds_it(name):
    law, start = LAWS[name]
    entry, time, event = lives(120)

    def height(own):
        return np.sum(np.where(event, own.logpdf(time), own.logsf(time)) - own.logsf(entry))

    fit = ek.MixtureModel(f"censored-in-windows:{name}", 1).fit(ek.survival(time, event, entry)).result_
    assert fit.log_likelihood == pytest.approx(best(law, start, height), abs=1e-7)


@pytest.mark.parametrize("name", LAWS)
def test_intervals_in_windows_with_both_ends_are_where_scipy_finds_them(name):
    law, start = LAWS[name]
    rng = np.random.default_rng(1)
    value = 5 * rng.weibull(1.7, 400)
    entry = rng.uniform(0, 3, 400)
    until = entry + rng.uniform(3, 8, 400)
    there = (value > entry) & (value <= until)
    value, entry, until = value[there][:120], entry[there][:120], until[there][:120]
    low, high = np.floor(value), np.floor(value) + 1  # an interval may reach beyond the window
    known = np.arange(120) % 2 == 0
    rows = np.column_stack([np.where(known, value, low), np.where(known, value, high), entry, until])

    def height(own):
        inside = own.cdf(np.minimum(high, until)) - own.cdf(np.maximum(low, entry))
        seen = np.log(own.cdf(until) - own.cdf(entry))
        return np.sum(np.where(known, own.logpdf(value), np.log(inside)) - seen)

    fit = ek.MixtureModel(f"censored-in-windows:{name}", 1).fit(rows).result_
    assert fit.log_likelihood == pytest.approx(best(law, start, height), abs=1e-7)


def test_one_window_of_all_is_that_of_a_truncated_family():
    _, time, event = lives(150, 2)
    time, event = time[time > 1], event[time > 1]
    both = ek.survival(time, event), ek.survival(time, event, np.ones(len(time)))
    one = ek.MixtureModel(ek.Censored(ek.Truncated("weibull", 1)), 1).fit(both[0]).result_
    other = ek.MixtureModel(ek.CensoredInWindows("weibull"), 1).fit(both[1]).result_
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)
    assert one.params.components.shapes == pytest.approx(other.params.components.shapes, rel=1e-5)


def test_without_windows_they_are_censored_values():
    _, time, event = lives(60, 3)
    rows = ek.survival(time, event)
    wide = np.column_stack([rows, np.full((60, 2), NAN)])
    one, other = (
        ek.MixtureModel(family, 1).fit(x).result_
        for family, x in (("censored:gamma", rows), ("censored-in-windows:gamma", wide))
    )
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)


def test_two_kinds_of_lives_are_told_apart():
    rng = np.random.default_rng(4)
    long = rng.random(1500) < 0.5
    time, entry = rng.exponential(np.where(long, 30.0, 2.0)), rng.integers(0, 4, 1500).astype(float)
    there = time > entry
    table = {"from": time[there], "to": time[there], "entry": entry[there], "until": np.full(there.sum(), NAN)}
    model = ek.MixtureModel({("from", "to", "entry", "until"): "censored-in-windows:exponential"}, 2, random_state=0)
    fit = model.fit(table).result_.in_order()
    rates = np.sort(fit.params.components.parts[0].rates.ravel())
    assert rates == pytest.approx([1 / 30, 1 / 2], rel=0.15)


def test_all_pieces_belong_together():
    entry, time, event = lives(24, 5)
    params = ek.MixtureParams([0.4, 0.6], ek.GammaParams([[0.8], [7.0]], [[2.0], [6.0]]))
    rows = ek.survival(time, event, np.where(np.arange(24) % 3 == 0, NAN, entry))
    model = ek.Mixture(ek.CensoredInWindows("gamma"))
    assert "none of which falls" in str(ek.check_model(model, rows, params))


HOSTILE = {
    "left before entry": ([[5, 5, 7, NAN]], "outside the window"),
    "watched until before entry": ([[5, NAN, 7, NAN]], "outside the window"),
    "beyond the end": ([[5, 5, NAN, 4]], "outside the window"),
    "interval before the window": ([[2, 3, 4, 9]], "outside the window"),
    "window reversed": ([[5, 5, 9, 4]], "entry < until"),
    "empty window": ([[5, 5, 5, 5]], "entry < until"),
    "two columns": ([[5, 5]], "values in windows have four"),
    "interval reversed": ([[5, 4, 1, NAN]], "upper end"),
    "negative time": ([[-5, -5, NAN, NAN]], ">= 0"),
    "all censored": ([[5, NAN, 1, NAN], [6, NAN, 2, NAN]], "no value is known to have an upper end"),
    "nothing known": ([[NAN, NAN, 1, NAN]], "no value|both ends"),
}


@pytest.mark.parametrize(("rows", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_is_refused(rows, said):
    with pytest.raises(ek.DataError, match=said):
        ek.MixtureModel("censored-in-windows:exponential", 1).fit(np.array(2 * rows, dtype=float))


@pytest.mark.parametrize(
    ("entry", "said"), [([1, 2, 3], "3 entries"), ([1, 9], "row 1 enters at 9"), (["a", "b"], "entry is not numbers")]
)
def test_entries_that_cannot_be_are_refused(entry, said):
    with pytest.raises(ek.DataError, match=said):
        ek.survival([5, 9], [1, 0], entry)


def test_a_window_is_of_values_and_not_of_ends():
    with pytest.raises(ek.ModelError, match=r"Censored\(Truncated"):
        ek.Truncated(ek.Censored("exponential"), 1)
    with pytest.raises(ek.ModelError, match="counts"):
        ek.CensoredInWindows("poisson")
