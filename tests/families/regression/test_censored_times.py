"""Responses known up to intervals, against SciPy's densities at SciPy's maximum, and published estimates."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import optimize, stats

import emkit as ek
from emkit.families.regression.known_ends import Ends, Line
from emkit.families.regression.standard_laws import EXTREME, LOGISTIC, NORMAL

NAN = np.nan
WEEKS = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TRIAL = {"time": [*WEEKS, *PLACEBO], "event": [1] * 9 + [0] * 12 + [1] * 21, "drug": [1] * 21 + [0] * 21}
LAWS = {  # the family, and SciPy's distribution of the response given the centre and the scale
    "weibull": (ek.WeibullRegression, lambda eta, s: stats.weibull_min(1 / s, scale=np.exp(eta))),
    "log-normal": (ek.LogNormalRegression, lambda eta, s: stats.lognorm(s, scale=np.exp(eta))),
    "log-logistic": (ek.LogLogisticRegression, lambda eta, s: stats.fisk(1 / s, scale=np.exp(eta))),
    "censored-normal": (ek.CensoredNormalRegression, stats.norm),
    "exponential": (ek.ExponentialRegression, lambda eta, s: stats.expon(scale=np.exp(eta))),
}
each = pytest.mark.parametrize("name", LAWS)


def rows(seed: int, n: int = 60) -> np.ndarray:
    """Lower and upper ends of every kind, and a covariate."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = np.exp(0.5 + 0.7 * x + 0.4 * np.log(rng.exponential(size=n)))
    low, high, kind = y.copy(), y.copy(), rng.integers(0, 4, n)
    high[kind == 1] = NAN
    low[kind == 2] = NAN
    low, high = np.where(kind == 3, 0.7 * y, low), np.where(kind == 3, 1.6 * y, high)
    return np.column_stack([low, high, x])


def by_scipy(law, data, theta, weights=1.0):
    """The log-likelihood of intercept, slope and logarithm of the scale."""
    low, high, x = data.T
    own = law(theta[0] + theta[1] * x, np.exp(theta[2]))
    below, above = (
        np.where(np.isnan(end), out, fill) for end, out, fill in ((low, 0.0, own.cdf(low)), (high, 1.0, own.cdf(high)))
    )
    with np.errstate(divide="ignore"):
        logs = np.where(low == high, own.logpdf(low), np.log(np.where(low == high, 1.0, above - below)))
    return float(np.sum(weights * logs))


@each
def test_estimates_are_those_of_scipy(name):
    family, law = LAWS[name]
    data, weights = rows(1), np.arange(60) % 3 + 1.0
    model = ek.MixtureModel(family(0, 2, upper=1), 1)
    fit = model.fit(data, sample_weight=weights).result_
    moves = name != "exponential"

    def off(theta):
        return -by_scipy(law, data, [*theta, *([] if moves else [0.0])], weights)

    found = optimize.minimize(off, [0.5, 0.5, -1.0][: 2 + moves], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    params = fit.params.components
    assert fit.log_likelihood == pytest.approx(-found.fun, rel=1e-9)
    assert params.coefficients[0] == pytest.approx(found.x[:2], abs=1e-4)
    if moves:
        assert np.log(params.scales[0]) == pytest.approx(found.x[2], abs=1e-4)


def test_the_trial_has_the_published_estimates():
    """R's survreg: Surv(time, cens) ~ treat, of the data set gehan in MASS (Venables & Ripley 2002, 13.2)."""
    weibull = ek.MixtureRegression("time + event ~ drug", 1, family="weibull").fit(TRIAL).result_
    assert weibull.params.components.coefficients[0] == pytest.approx([2.248, 1.267], abs=1e-3)
    assert weibull.params.components.scales[0] == pytest.approx(0.732, abs=1e-3)
    assert weibull.log_likelihood == pytest.approx(-106.6, abs=0.05)
    assert weibull.standard_errors().errors[1:3] == pytest.approx([0.166, 0.311], abs=1e-3)
    exponential = ek.MixtureRegression("time + event ~ drug", 1, family="exponential").fit(TRIAL).result_
    assert np.exp(exponential.params.components.coefficients[0].cumsum()) == pytest.approx([182 / 21, 359 / 9], rel=1e-9)
    assert exponential.log_likelihood == pytest.approx(-108.524, abs=1e-3)
    assert exponential.standard_errors().errors[1:] == pytest.approx([21**-0.5, (1 / 21 + 1 / 9) ** 0.5], rel=1e-6)


def test_ends_and_events_say_the_same():
    lower, upper = ek.survival(TRIAL["time"], TRIAL["event"]).T
    by_event = ek.MixtureModel(ek.LogNormalRegression("time", "drug", event="event"), 1).fit(TRIAL).result_
    table = {"from": lower, "to": upper, "drug": TRIAL["drug"]}
    by_ends = ek.MixtureModel(ek.LogNormalRegression("from", "drug", upper="to"), 1).fit(table).result_
    assert by_event.log_likelihood == pytest.approx(by_ends.log_likelihood, rel=1e-12)


def test_known_responses_are_those_of_least_squares():
    data = rows(2)[:, [2, 2]] * [1.0, 1.0] + np.random.default_rng(0).normal(size=(60, 2)) * [1.0, 0.0]
    normal = ek.MixtureModel(ek.NormalRegression(0, 1), 1).fit(data).result_
    other = ek.MixtureModel(ek.CensoredNormalRegression(0, 1), 1).fit(data).result_
    assert other.params.components.coefficients == pytest.approx(normal.params.components.coefficients, rel=1e-7)
    assert other.log_likelihood == pytest.approx(normal.log_likelihood, rel=1e-10)


@each
def test_all_pieces_belong_together(name):
    """Slopes by Fisher's identity, sums over chunks, weights, and steps that never fall."""
    family = LAWS[name][0](0, 2, upper=1)
    lines = np.array([[0.2, 0.5], [1.0, 0.9]])
    params = ek.RegressionParams(lines) if name == "exponential" else ek.SurvivalParams(lines, [0.4, 0.7])
    assert "none of which falls" in str(ek.check_model(ek.Mixture(family), rows(3, 24), ek.MixtureParams([0.4, 0.6], params)))


@each
def test_units_do_not_matter(name):
    here, there = rows(4), rows(4) * [1000.0, 1000.0, 0.01]
    fits = [ek.MixtureModel(LAWS[name][0](0, 2, upper=1), 1).fit(x).result_ for x in (here, there)]
    known = (here[:, 0] == here[:, 1]).sum()
    assert fits[1].log_likelihood == pytest.approx(fits[0].log_likelihood - known * np.log(1000), abs=1e-6)


@pytest.mark.slow
def test_two_groups_are_told_apart():
    rng = np.random.default_rng(1)
    slow, x = rng.random(150) < 0.5, rng.normal(size=150)
    time = np.exp(np.where(slow, 3 - 0.5 * x, 1 + x) + 0.3 * np.log(rng.exponential(size=150)))
    end = rng.uniform(0, 60, 150)
    data = {"time": np.minimum(time, end), "event": (time <= end) * 1.0, "x": x}
    fit = ek.MixtureRegression("time + event ~ x", 2, family="weibull", n_init=3, random_state=0).fit(data).result_.in_order()
    found = fit.params.components.coefficients
    assert sorted(found[:, 0]) == pytest.approx([1, 3], abs=0.1)
    assert sorted(found[:, 1]) == pytest.approx([-0.5, 1], abs=0.1)


@each
def test_residuals_are_of_known_responses(name):
    family, law = LAWS[name]
    data = np.exp(rows(6)[:, [2, 2]]) * [1.3, 1.0]
    lines = np.array([[0.2, 0.5]])
    params = ek.RegressionParams(lines) if name == "exponential" else ek.SurvivalParams(lines, [0.4])
    own = law(0.2 + 0.5 * data[:, 1], 1.0 if name == "exponential" else 0.4)
    assert family(0, 1).conditional.up_to(params, data)[:, 0] == pytest.approx(own.cdf(data[:, 0]), rel=1e-9)
    with pytest.raises(ek.ModelError, match="no residuals"):
        family(0, 1, event=2).conditional.up_to(params, data)


HOSTILE = {
    "upper below lower": ({"l": [3, 1, 2], "u": [2, 1, 2]}, {}, "upper end.*below the lower"),
    "negative time": ({"l": [-1, 1, 2], "u": [2, 1, 2]}, {}, "times must be numbers > 0"),
    "zero time": ({"l": [0, 1, 2], "u": [0, 1, 2]}, {}, "times must be numbers > 0"),
    "all censored": ({"l": [3, 1, 2], "u": [NAN, NAN, NAN]}, {}, "no response is known to have an upper end"),
    "all below": ({"l": [NAN, NAN, NAN], "u": [3, 1, 2]}, {}, "no response is known to have a lower end"),
    "nothing known": ({"l": [NAN, 1, 2], "u": [NAN, 1, 2]}, {}, "1 rows say nothing of the response"),
    "covariate missing": ({"l": [3, 1, 2], "u": [3, 1, 2], "x": [NAN, 1, 2]}, {"covariates": "x"}, "'x' has missing cells"),
    "constant covariate": ({"l": [3, 1, 2], "u": [3, 1, 2], "x": [1, 1, 1]}, {"covariates": "x"}, "constant"),
    "column not there": ({"l": [3, 1, 2], "u": [3, 1, 2]}, {"upper": "end"}, "no column 'end'"),
    "infinite": ({"l": [np.inf, 1, 2], "u": [np.inf, 1, 2]}, {}, "finite|infinite"),
    "event coded 2": ({"l": [3, 1, 2], "u": [1, 2, 2]}, {"upper": None, "event": "u"}, "take 1 off"),
    "event missing": ({"l": [3, 1, 2], "u": [1, NAN, 0]}, {"upper": None, "event": "u"}, "'u' is nan.*finite"),
    "no event": ({"l": [3, 1, 2], "u": [0, 0, 0]}, {"upper": None, "event": "u"}, "no response is known to have an upper end"),
    "events as words": (
        {"l": [3, 1, 2], "u": ["died", "lost", "died"]},
        {"upper": None, "event": "u"},
        "nothing tells which of them is an event",
    ),
    "names": ({"l": [3, 1, 2], "u": [3, 1, 2], "x": ["a", "b", "a"]}, {"covariates": "x"}, "holds names"),
    "too large": ({"l": [1e200, 1, 2], "u": [1e200, 1, 2]}, {}, "overflow"),
}


@pytest.mark.parametrize(("data", "named", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_is_refused(data, named, said):
    family = ek.WeibullRegression(**{"response": "l", "upper": "u", **named})
    with pytest.raises(ek.DataError, match=f"(?s){said}"):
        ek.MixtureModel(family, 1).fit(data)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ek.WeibullRegression("t", upper="u", event="e"), "not both"),
        (lambda: ek.WeibullRegression("t", floor=1.0), "floor is 1.0"),
        (lambda: ek.WeibullRegression("t", upper="t"), "named twice"),
        (lambda: ek.MixtureRegression("a + b + c + d ~ x", family="weibull").fit({}), "of a time and an event"),
        (lambda: ek.MixtureRegression("y ~ x", family="tobit").fit({}), "Did you mean 'censored-normal'"),
    ],
)
def test_what_cannot_be_asked_is_refused(make, said):
    with pytest.raises(ek.EmkitError, match=said):
        make()


def test_a_line_that_tells_all_is_warned_of():
    x = np.arange(6.0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        ek.MixtureModel(ek.CensoredNormalRegression(0, 1), 1).fit(np.column_stack([1 + 2 * x, x]))
    assert "exactly" in str(told[0].message)


def test_rows_that_are_drawn_have_known_responses():
    family = ek.WeibullRegression(0, 2, upper=1)
    fit = ek.MixtureModel(family, 1).fit(rows(5)).result_
    drawn = fit.model.family.conditional.drawn(
        fit.params.components, np.random.default_rng(0), np.zeros(60, dtype=int), rows(5)
    )
    assert np.array_equal(drawn[:, 0], drawn[:, 1])
    assert np.array_equal(drawn[:, 2], rows(5)[:, 2])


def late_rows(n=150, seed=7):
    """Times of entry, times of leaving, events, and a covariate."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=4 * n)
    time = np.exp(1.5 + 0.4 * x) * rng.weibull(1.7, 4 * n)
    entry = rng.uniform(0, 6, 4 * n) * (rng.random(4 * n) < 0.8)
    end = entry + rng.exponential(5, 4 * n)
    there = np.flatnonzero(time > entry)[:n]
    table = {"entry": entry, "time": np.minimum(time, end), "event": (time <= end) * 1.0, "x": x}
    return {name: column[there] for name, column in table.items()}


@each
def test_late_entries_are_where_scipy_finds_them(name):
    table, law = late_rows(), LAWS[name][1]
    fit = ek.MixtureRegression("entry + time + event ~ x", 1, family="censored-normal" if name == "normal" else name).fit(table)
    moves = name != "exponential"

    def off(theta):
        own = law(theta[0] + theta[1] * table["x"], np.exp(theta[2]) if moves else 1.0)
        seen = np.where(table["event"] == 1, own.logpdf(table["time"]), own.logsf(table["time"]))
        return -float(np.sum(seen - own.logsf(table["entry"])))

    found = optimize.minimize(off, [1.5, 0.4, -0.5][: 2 + moves], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    assert fit.result_.log_likelihood == pytest.approx(-found.fun, rel=1e-9)
    assert fit.params_.components.coefficients[0] == pytest.approx(found.x[:2], abs=1e-4)


def test_the_rate_of_late_entries_is_events_over_the_time_watched():
    table = late_rows() | {"group": np.arange(150) % 2.0}
    fit = ek.MixtureRegression("entry + time + event ~ group", 1, family="exponential").fit(table).result_
    watched, ended = table["time"] - table["entry"], table["event"]
    means = [watched[table["group"] == g].sum() / ended[table["group"] == g].sum() for g in (0, 1)]
    assert np.exp(fit.params.components.coefficients[0].cumsum()) == pytest.approx(means, rel=1e-7)
    errors = [1 / ended[table["group"] == 0].sum(), sum(1 / ended[table["group"] == g].sum() for g in (0, 1))]
    assert fit.standard_errors().errors[1:] == pytest.approx(np.sqrt(errors), rel=1e-6)


def test_missing_entries_are_none_and_regressions_agree_with_windows():
    table = late_rows()
    none = {**table, "entry": np.where(table["entry"] == 0, NAN, table["entry"])}
    by_zero, by_gap = (
        ek.MixtureModel(ek.WeibullRegression("time", event="event", entry="entry"), 1).fit(t).result_ for t in (table, none)
    )
    windows = ek.survival(table["time"], table["event"], none["entry"])
    plain = ek.MixtureModel("censored-in-windows:weibull", 1).fit(windows).result_
    assert by_gap.log_likelihood == pytest.approx(by_zero.log_likelihood, abs=1e-9)
    assert plain.log_likelihood == pytest.approx(by_zero.log_likelihood, abs=1e-7)


def test_residuals_and_draws_know_when_rows_entered():
    entry, x = np.full(4000, 2.0), np.zeros(4000)
    family, params = ek.WeibullRegression(0, 1, entry=2), ek.SurvivalParams([[1.0, 0.5]], [0.5])
    rows = family.conditional.drawn(
        params, np.random.default_rng(0), np.zeros(4000, dtype=int), np.column_stack([entry + 1, x, entry])
    )
    assert rows[:, 0].min() > 2
    shares = family.conditional.up_to(params, rows)[:, 0]
    assert stats.kstest(shares, "uniform").pvalue > 0.01
    own = LAWS["weibull"][1](1.0, 0.5)
    assert shares[:5] == pytest.approx(1 - own.sf(rows[:5, 0]) / own.sf(2.0), rel=1e-9)


def test_residuals_are_none_of_times_that_were_not_seen_to_end():
    table = late_rows()
    model = ek.MixtureRegression("entry + time + event ~ x", 1, family="weibull").fit(table)
    off = model.residuals(table)
    assert np.array_equal(np.isnan(off), table["event"] == 0)
    assert off[table["event"] == 1] == pytest.approx((table["time"] - model.predict(table))[table["event"] == 1])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"entry": [1, 3, 1]}, "larger than the entry"),
        ({"entry": [1, 5, 1]}, "larger than the entry"),
        ({"entry": ["a", "b", "c"]}, "an entry is a number"),
    ],
)
def test_entries_that_cannot_be_are_refused(changed, said):
    table = {"time": [2, 3, 4], "event": [1, 0, 1], "entry": [1, 1, 1]} | changed
    with pytest.raises(ek.DataError, match=said):
        ek.MixtureModel(ek.WeibullRegression("time", event="event", entry="entry"), 1).fit(table)


TOLD = {  # times, events and what is known of the covariate
    "constant": (np.full(20, 3.0), np.ones(20)),
    "constant beside censored": (np.r_[np.full(15, 3.0), np.full(5, 2.0)], np.r_[np.ones(15), np.zeros(5)]),
    "only the last": (np.arange(1.0, 21), np.r_[np.zeros(19), 1.0]),
}


@pytest.mark.parametrize("name", [name for name in LAWS if name != "exponential"])
@pytest.mark.parametrize(("time", "event"), TOLD.values(), ids=TOLD)
def test_a_scale_that_would_be_none_is_warned_of_and_held(name, time, event):
    table = {"time": time, "event": event}
    with pytest.warns(ek.DegenerateDataWarning, match="tell 'time' exactly, so its scale"):
        fit = ek.MixtureRegression("time + event ~ 1", 1, family=name).fit(table).result_
    assert 1e-4 < fit.params.components.scales[0] < 0.01
    assert "floor" in str(fit.summary())


def test_constant_responses_are_held_as_those_of_least_squares():
    table = {"time": np.full(20, 3.0), "event": np.ones(20)}
    with pytest.warns(ek.DegenerateDataWarning):
        one = ek.MixtureRegression("time + event ~ 1", 1, family="censored-normal").fit(table).result_
    with pytest.warns(ek.DegenerateDataWarning):
        other = ek.MixtureRegression("time ~ 1", 1, family="gaussian").fit(table).result_
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-9)


@pytest.mark.parametrize("law", [EXTREME, NORMAL, LOGISTIC], ids=["extreme", "normal", "logistic"])
@pytest.mark.parametrize("late", [False, True])
def test_half_lines_that_covariates_part_from_all_others_leave_lines_their_digits(law, late):
    """Their coefficient runs off: the scale is that of the others, and rows in another order lead to the same place."""
    rng = np.random.default_rng(4)
    low, beyond = rng.normal(0.3, 0.5, 40), np.arange(40) >= 28
    z = np.column_stack([np.ones(40), beyond * rng.uniform(0.5, 1.5, 40)]) / 6
    entry = np.where(rng.random(40) < 0.3, low - 0.4, -np.inf) if late else np.full(40, -np.inf)
    ends, begin = Ends(low, np.where(beyond, np.inf, low), z, law, entry), Line(np.zeros(2), 1.0)

    def highest(some):
        own = Ends(ends.low[some], ends.high[some], ends.z[some], law, ends.entry[some])
        line = own.highest(begin, np.ones(len(some)), 1e-8, True)
        return line, own.log_density(line).sum()

    found = [highest(rng.permutation(40)) for _ in range(10)]
    (alone, height), (line, _) = highest(np.flatnonzero(~beyond)), found[0]
    for other, _ in found[1:]:
        np.testing.assert_allclose(other.way, line.way, rtol=1e-7)
    assert line.scale == pytest.approx(alone.scale, rel=1e-5)
    assert line.way[0] == pytest.approx(alone.way[0], rel=1e-5)
    assert found[0][1] == pytest.approx(height, abs=1e-6)  # their probability is 1
