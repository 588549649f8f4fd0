"""Survival curves without a law: Greenwood's formula, published intervals, windows, and information by differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

import emkit as ek

NAN = np.nan
DRUG = ek.survival([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], [1] * 9 + [0] * 12)
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def some_times(n=80, seed=3):
    rng = np.random.default_rng(seed)
    time, end = rng.exponential(5, n).round(1) + 0.1, rng.exponential(8, n).round(1) + 0.1
    return np.minimum(time, end), time <= end


def kaplan_meier(time, seen, entry, weights):
    """Times of events, survival behind them and its standard error by Greenwood's formula, by their definitions."""
    at = np.unique(time[seen])
    ended = np.array([weights[seen & (time == t)].sum() for t in at])
    watched = np.array([weights[(entry < t) & (time >= t)].sum() for t in at])
    survival = np.cumprod(1 - ended / watched)
    with np.errstate(divide="ignore", invalid="ignore"):
        return at, survival, survival * np.sqrt(np.cumsum(ended / (watched * (watched - ended))))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", [3, 4])
def test_right_censored_times_have_the_errors_of_greenwood(late, seed):
    time, seen = some_times(seed=seed)
    rng = np.random.default_rng(seed)
    entry = np.where(late & (rng.random(80) < 0.6), rng.uniform(0, 3, 80).round(1), 0.0)
    there = time > entry
    time, seen, entry = time[there], seen[there], entry[there]
    weights = np.arange(len(time)) % 3 + 1.0
    curve = ek.turnbull(*ek.survival(time, seen).T, weights, entry=entry if late else None)
    at, survival, errors = kaplan_meier(time, seen, entry, weights)
    assert curve.at(at) == pytest.approx(survival, abs=1e-8)
    places, inside = np.searchsorted(curve.upper, at), survival > 0
    assert curve.standard_errors[places][inside] == pytest.approx(errors[inside], rel=1e-6)
    assert np.isnan(curve.standard_errors[places][~inside]).all()


@pytest.mark.parametrize("late", [False, True])
def test_statsmodels_finds_the_same(late):
    survfunc = pytest.importorskip("statsmodels.duration.survfunc")
    time, seen = some_times()
    entry = np.where(late & (np.arange(80) % 3 > 0), np.minimum(2.0, time / 2).round(1), 0.0)
    theirs = survfunc.SurvfuncRight(time, seen.astype(int), entry=entry if late else None)
    ours = ek.turnbull(*ek.survival(time, seen).T, entry=entry if late else None)
    places = np.searchsorted(ours.upper, theirs.surv_times)
    left = theirs.surv_prob > 1e-9
    assert ours.survival[places] == pytest.approx(theirs.surv_prob, abs=1e-8)
    assert ours.standard_errors[places][left] == pytest.approx(theirs.surv_prob_se[left], rel=1e-6)
    with np.errstate(all="ignore"):
        assert ours.quantile(0.5).interval == pytest.approx(theirs.quantile_ci(0.5, method="log"))


def test_the_trial_has_the_published_intervals():
    """R's survfit(Surv(time, cens) ~ treat), of the data set gehan in MASS (Venables & Ripley 2002, 13.1)."""
    drug, placebo = ek.turnbull(*DRUG.T), ek.turnbull(PLACEBO, PLACEBO)
    assert drug.standard_errors[:7] == pytest.approx([0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], abs=1e-4)
    assert drug.confidence_intervals()[:3] == pytest.approx(np.array([[0.72, 1], [0.653, 0.996], [0.586, 0.968]]), abs=1e-3)
    assert drug.quantile(0.5)[:2] == (23, 23)
    assert drug.quantile(0.5).interval[0] == 16
    assert np.isnan(drug.quantile(0.5).interval[1])
    assert placebo.quantile(0.5) == (8, 8, (4, 12))


def test_log_log_intervals_are_those_of_their_formula():
    curve = ek.turnbull(*DRUG.T)
    reached, error = curve.survival[2], curve.standard_errors[2]
    away = stats.norm.ppf(0.95) * error / (reached * np.log(reached))
    wanted = [reached ** np.exp(-away), reached ** np.exp(away)]
    assert curve.confidence_intervals(0.9, "log-log")[2] == pytest.approx(wanted, rel=1e-12)
    plain = curve.confidence_intervals(0.9, "plain")[2]
    assert plain == pytest.approx(reached + stats.norm.ppf([0.05, 0.95]) * error, rel=1e-12)


def looks(n=200, seed=1):
    """Intervals between a few times of looking, and windows."""
    rng = np.random.default_rng(seed)
    time, at = 4 * rng.weibull(1.5, n), np.array([0.0, 2, 3, 5, 8, np.inf])
    missed = rng.random((n, 4)) < 0.3
    low, high = np.zeros(n), np.zeros(n)
    for i in range(n):
        ends = np.concatenate([[0.0], at[1:-1][~missed[i]], [np.inf]])
        k = np.searchsorted(ends, time[i])
        low[i], high[i] = ends[k - 1], ends[k]
    entry = rng.choice([0.0, 2.0, 3.0], n)
    return low, high, np.where((high > entry) & ((low > entry) | np.isfinite(high)), entry, 0.0)


@pytest.mark.parametrize("late", [False, True])
def test_errors_are_those_of_differences_of_the_likelihood(late):
    low, high, entry = looks()
    curve = ek.turnbull(low, high, entry=entry if late else None)
    assert (curve.masses > 0.01).all()
    ends = np.concatenate([[0.0], curve.upper])

    def height(left):
        up_to = dict(zip(ends, np.concatenate([[1.0], left, [0.0]]), strict=True))
        seen = np.log([up_to[max(a, e if late else 0.0)] - up_to[b] for a, b, e in zip(low, high, entry, strict=True)])
        return float(np.sum(seen - np.log([up_to[e] for e in entry])) if late else np.sum(seen))

    best = curve.survival[:-1]
    found = optimize.minimize(
        lambda left: -height(left), best - 0.001, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}
    )
    assert best == pytest.approx(found.x, abs=1e-5)
    step, size = 1e-4, len(best)
    unit = step * np.eye(size)
    information = -np.array(
        [
            [height(best + u + v) - height(best + u - v) - height(best - u + v) + height(best - u - v) for v in unit]
            for u in unit
        ]
    ) / (4 * step**2)
    assert curve.standard_errors[:-1] == pytest.approx(np.sqrt(np.diag(np.linalg.inv(information))), rel=1e-4)


def test_errors_cover():
    """Of 200 samples with four looks, about 95 in 100 intervals hold what is true."""
    truth, held = np.exp(-((np.array([2, 3, 5, 8]) / 4) ** 1.5)), []
    for seed in range(200):
        low, high, _ = looks(150, seed)
        curve = ek.turnbull(low, high)
        bounds = curve.confidence_intervals(kind="log-log")[np.searchsorted(curve.upper, [2, 3, 5, 8])]
        held.append((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))
    assert np.mean(held, axis=0) == pytest.approx(0.95, abs=0.05)


def test_what_rows_do_not_tell_has_no_error():
    curve = ek.turnbull([0, 1], [2, 3])
    assert np.isnan(curve.standard_errors[-1])


def test_a_part_that_nothing_joins_is_refused():
    with pytest.raises(ek.DataError, match="nobody joins what was seen up to 1 to"):
        ek.turnbull([1.0, 5.0, 6.0], [1.0, 5.0, 6.0], entry=[0.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"entry": [3.0, 0.0]}, "row 0, from 2 to 2, lies outside of its window from 3"),
        ({"entry": [2.0, 0.0]}, "lies outside"),
        ({"until": [1.0, 9.0]}, "lies outside"),
        ({"entry": [1.0]}, "2 intervals but 1 of entry"),
        ({"entry": [5.0, 0.0], "until": [4.0, 9.0]}, "must end later"),
        ({"entry": ["a", "b"]}, "entry is not numbers"),
    ],
)
def test_windows_that_cannot_be_are_refused(given, said):
    with pytest.raises(ek.DataError, match=said):
        ek.turnbull([2.0, 3.0], [2.0, 4.0], **given)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda curve: curve.quantile(0), "share is 0"),
        (lambda curve: curve.quantile(level=95), "level is 95"),
        (lambda curve: curve.confidence_intervals(kind="arcsin"), "kind is 'arcsin'"),
        (lambda curve: curve.at("x"), "times is 'x'; give a number"),
    ],
)
def test_what_cannot_be_asked_is_refused(ask, said):
    with pytest.raises(ek.ParameterError, match=said):
        ask(ek.turnbull([2.0, 3.0], [2.0, 4.0]))


def test_double_truncation_is_where_another_solver_finds_it():
    """Values seen only in windows of their own, as by SciPy over the masses."""
    rng = np.random.default_rng(2)
    value, entry = rng.integers(1, 6, 300).astype(float), rng.choice([0.5, 1.5, 2.5], 300)
    until = entry + rng.choice([2.0, 3.0], 300)
    there = (value > entry) & (value <= until)
    value, entry, until = value[there], entry[there], until[there]
    curve = ek.turnbull(value, value, entry=entry, until=until)
    places = np.unique(value)
    inside = (entry[:, None] < places) & (places <= until[:, None])

    def off(logs):
        masses = np.exp(logs)
        return -float(np.sum(np.log(masses[np.searchsorted(places, value)]) - np.log(inside @ masses)))

    found = optimize.minimize(off, np.zeros(len(places)), method="BFGS", options={"gtol": 1e-8})
    wanted = np.exp(found.x) / np.exp(found.x).sum()
    assert np.diff(1 - curve.at(np.concatenate([[0], places]))) == pytest.approx(wanted, abs=1e-5)
    assert curve.log_likelihood == pytest.approx(-found.fun, abs=1e-7)


def test_intervals_are_drawn():
    pytest.importorskip("matplotlib").use("Agg")
    assert ek.turnbull(*DRUG.T).plot(level=0.95).get_ylabel() == "probability of larger values"
