"""Turnbull's estimate: masses in innermost intervals."""

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit.models.point_masses import PointMasses, PointMassesParams, innermost
from emkit.views import survival_steps


def some_intervals(n, seed=0):
    rng = np.random.default_rng(seed)
    t = rng.weibull(1.5, n) * 5
    low, high = np.maximum(t - rng.exponential(1, n), 0).round(1), (t + rng.exponential(1, n)).round(1)
    high[rng.random(n) < 0.2] = np.inf
    low[rng.random(n) < 0.1] = -np.inf
    known = rng.random(n) < 0.2
    return np.where(known, t.round(1), low), np.where(known, t.round(1), high)


def holds(low, high, curve):
    """Which masses each row may come from, (n, m), by looking at each pair."""
    point = curve.lower == curve.upper
    inside = (low[:, None] <= curve.lower) & (curve.upper <= high[:, None])
    ends_before = point & (low[:, None] == curve.lower) & (low != high)[:, None]  # (low, high] does not hold low
    within_point = (low == high)[:, None] & ~point
    return inside & ~ends_before & ~within_point


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_direction_is_left_in_which_the_likelihood_rises(seed):
    """The likelihood is concave in the masses, so that the conditions of Kuhn and Tucker prove the maximum."""
    low, high = some_intervals(40, seed)
    curve = ek.turnbull(low, high)
    inside = holds(low, high, curve)
    slopes = inside.T @ (1 / (inside @ curve.masses))
    assert slopes.max() <= 40 * (1 + 1e-7)
    assert slopes[curve.masses > 1e-9] == pytest.approx(40, rel=1e-7)
    assert curve.log_likelihood == pytest.approx(np.log(inside @ curve.masses).sum(), rel=1e-12)


def test_right_censored_times_have_the_estimate_of_kaplan_and_meier():
    rng = np.random.default_rng(3)
    t, end = rng.exponential(5, 60).round(1) + 0.1, rng.exponential(8, 60).round(1) + 0.1
    time, seen = np.minimum(t, end), t <= end
    curve = ek.turnbull(*ek.survival(time, seen).T)
    known = stats.ecdf(stats.CensoredData(uncensored=time[seen], right=time[~seen])).sf
    at = known.quantiles[known.quantiles <= time[seen].max()]
    assert curve.at(at) == pytest.approx(known.evaluate(at), abs=1e-8)


def test_known_values_have_equal_masses():
    curve = ek.turnbull([3, 1, 2, 2], [3, 1, 2, 2])
    assert curve.lower.tolist() == curve.upper.tolist() == [1, 2, 3]
    assert curve.masses == pytest.approx([0.25, 0.5, 0.25], abs=1e-12)
    assert curve.at([0.5, 1, 1.5, 2, 3, 9]) == pytest.approx([1, 0.75, 0.75, 0.25, 0, 0], abs=1e-12)


def test_a_point_is_in_no_interval_that_begins_there():
    found = innermost(np.array([2.0, 2.0]), np.array([2.0, 5.0]))
    assert (found.lower.tolist(), found.upper.tolist()) == ([2, 2], [2, 5])
    assert found.stretches.tolist() == [[0, 1], [1, 2]]


def test_a_weight_is_so_many_rows():
    low, high = some_intervals(30)
    counts = np.arange(30) % 3 + 1
    one, other = ek.turnbull(low, high, counts), ek.turnbull(np.repeat(low, counts), np.repeat(high, counts))
    assert one.masses == pytest.approx(other.masses, abs=1e-8)


def test_order_and_units_do_not_matter():
    low, high = some_intervals(30)
    order = np.random.default_rng(0).permutation(30)
    one, other = ek.turnbull(low, high), ek.turnbull(100 * low[order], 100 * high[order])
    assert one.masses == pytest.approx(other.masses, abs=1e-8)
    assert other.upper == pytest.approx(100 * one.upper)


def test_em_never_falls():
    low, high = some_intervals(30)
    begins, _, stretches, _ = innermost(low, high)
    source = ek.ArraySource(stretches.astype(float))
    em = ek.EMMap(PointMasses(), source, PointMassesParams(np.full(len(begins), 1 / len(begins))))
    here = em(PointMassesParams(np.full(len(begins), 1 / len(begins))))
    for _ in range(30):
        there = em(here.update)
        assert there.objective >= here.objective - 1e-12
        here = there


def test_nothing_but_censored_times_lie_behind_the_last():
    curve = ek.turnbull([1, 4], [np.inf, np.nan])
    assert (curve.lower.tolist(), curve.upper.tolist(), curve.masses.tolist()) == ([4], [np.inf], [1])


@pytest.mark.parametrize(
    ("lower", "upper", "said"),
    [
        ([1, 2], [0, 3], "row 0 ends at 0, before it begins at 1"),
        ([1, 2], [3], "2 lower ends but 1 upper"),
        ([], [], "no rows"),
        (["a"], ["b"], "lower is not numbers"),
        ([[1, 2]], [[3, 4]], "shape"),
        ([np.inf], [np.inf], "no number lies"),
    ],
)
def test_what_cannot_be_is_refused(lower, upper, said):
    with pytest.raises(ek.DataError, match=said):
        ek.turnbull(lower, upper)


def test_masses_must_be_there():
    with pytest.raises(ek.DataError, match="stretches of 2 places"):
        ek.fit(PointMasses(), [[0.0, 3.0]], PointMassesParams([0.5, 0.5]))


def test_a_curve_is_seen_beside_fits():
    times = ek.survival([6, 7, 10, 13, 16, 22], [1, 1, 0, 1, 1, 0])
    curve = ek.turnbull(*times.T)
    fit = ek.MixtureModel("censored:exponential", 1).fit(times).result_
    view = survival_steps(curve.lower, curve.upper, curve.masses, {"exponential": fit})
    assert np.allclose(view.after, curve.at(curve.upper))
    assert np.allclose(view.before[1:], view.after[:-1])
    places, beyond = view.curves["exponential"]
    rate = fit.params.components.rates[0, 0]
    assert beyond == pytest.approx(np.exp(-rate * places), rel=1e-12)
    assert places[-1] == 22


def test_a_curve_is_drawn():
    pytest.importorskip("matplotlib").use("Agg")
    curve = ek.turnbull([0, 2, 4, 3, 6, 8], [3, 5, 5, 7, np.inf, 8])
    fit = ek.MixtureModel("censored:gaussian-diag", 1).fit(np.array([[1.0, 2], [2, 3], [4, np.nan]])).result_
    drawn = curve.plot(fits={"normal": fit})
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["without a law", "normal"]
    assert drawn.get_ylabel() == "probability of larger values"


def test_only_fits_of_intervals_are_drawn_beside_it():
    fit = ek.MixtureModel("exponential", 1).fit([1.0, 2.0, 4.0]).result_
    with pytest.raises(ek.ModelError, match="'other' is none of values known up to intervals"):
        ek.turnbull([0, 2], [3, 5]).plot(fits={"other": fit})
