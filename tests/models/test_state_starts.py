"""State spaces whose start is estimated: closed forms, statsmodels, what cannot be, and what of a fit is kept."""

import re

import numpy as np
import pytest
from statsmodels.tools.numdiff import approx_fprime, approx_hess3
from statsmodels.tsa.statespace.mlemodel import MLEModel

import emkit as ek

NAN, INF = np.nan, np.inf


def drawn(model, params, lengths, seed=0):
    rng = np.random.default_rng(seed)
    x = np.concatenate([model.draw(params, rng, n) for n in lengths])
    return ek.ArraySource(x, groups=np.repeat(np.arange(len(lengths)), lengths))


def fitted(model, source):
    return ek.fit(model, source, model.start(source.profile), solver="anderson", tol=1e-12)


def test_the_mean_of_levels_that_stay_is_that_of_their_series():
    """Means of series are normal about it, by the variance of the start and that of their errors."""
    lengths = np.array([4, 4, 9, 2, 6, 4])
    still = {"transition": [[1.0]], "observation": [[1.0]], "state_noise": [0.0], "noise": [0.8], "start_covariance": [2.0]}
    model = ek.StateSpace(**still, start_mean=[NAN])
    source = drawn(model, model.params(start_mean=[5.0]), lengths)
    found = fitted(model, source)
    weights = 1 / (2.0 + 0.8 / lengths)
    means = [rows.mean() for rows in np.split(source.x, np.cumsum(lengths)[:-1])]
    assert found.free_parameters == 1
    assert found.params.start_mean[0] == pytest.approx(weights @ means / weights.sum(), rel=1e-9)
    errors = found.standard_errors()
    assert errors["start_mean[0]"] == pytest.approx(1 / np.sqrt(weights.sum()), rel=1e-6)


def test_the_variance_of_levels_that_stay_is_that_of_their_means():
    """Of series of one length, but for what errors leave of it."""
    still = {"transition": [[1.0]], "observation": [[1.0]], "state_noise": [0.0], "noise": [0.8]}
    model = ek.StateSpace(**still, start_mean=[NAN], start_covariance=[NAN])
    source = drawn(model, model.params(start_mean=[5.0], start_covariance=[2.0]), [4] * 15)
    found = fitted(model, source)
    means = source.x.reshape(15, 4).mean(axis=1)
    assert found.free_parameters == 2
    assert found.params.start_mean[0] == pytest.approx(means.mean(), rel=1e-7)
    assert found.params.start_covariance[0] == pytest.approx(means.var() - 0.8 / 4, rel=1e-7)
    wanted = np.sqrt(2 / 15) * means.var()
    assert found.standard_errors()["start_covariance[0]"] == pytest.approx(wanted, rel=1e-5)


def test_starts_that_do_not_differ_are_an_edge():
    still = {"transition": [[1.0]], "observation": [[1.0]], "state_noise": [0.0], "noise": [NAN]}
    model = ek.StateSpace(**still, start_mean=[NAN], start_covariance=[NAN])
    source = ek.ArraySource(np.tile([[1.0], [4.0], [2.0], [3.0]], (5, 1)), groups=np.repeat(np.arange(5), 4))
    found = ek.fit(model, source, model.start(source.profile), solver="anderson")
    assert found.boundary == ("start_covariance[0]",)
    assert found.params.start_covariance[0] == 0
    assert found.params.start_mean[0] == pytest.approx(2.5, abs=1e-6)


def test_one_series_tells_no_variance_of_starts():
    model = ek.StateSpace([[NAN]], [[1.0]], start_covariance=[NAN])
    source = ek.ArraySource(np.random.default_rng(0).standard_normal((30, 1)))
    with pytest.raises(ek.DataError, match="there is one series, which tells nothing of how far series begin from each other"):
        model.start(source.profile)


def test_a_mean_is_estimated_beside_one_that_is_given_and_statsmodels_has_the_same_maximum():
    given = {"transition": [[0.8, 0.3], [0.0, 0.9]], "observation": [[1.0, 0.0], [0.4, 1.0]]}
    covariance = np.array([[1.0, 0.6], [0.6, 2.0]])
    known = {"state_noise": [0.5, 0.3], "noise": [0.4, 0.2]}
    model = ek.StateSpace(**given, **known, start_mean=[NAN, 1.0], start_covariance=covariance)
    source = drawn(model, model.params(start_mean=[4.0, 1.0]), [8], 3)
    found = fitted(model, source)
    assert found.params.start_mean[1] == 1.0

    def height(first):
        peer = MLEModel(source.x, k_states=2, k_posdef=2)
        peer.ssm["transition"], peer.ssm["design"], peer.ssm["selection"] = map(
            np.array, (given["transition"], given["observation"], np.eye(2))
        )
        peer.ssm["state_cov"], peer.ssm["obs_cov"] = np.diag(known["state_noise"]), np.diag(known["noise"])
        peer.ssm.initialize_known(np.array([first, 1.0]), covariance)
        return peer.ssm.filter().llf

    best = found.params.start_mean[0]
    assert found.log_likelihood == pytest.approx(height(best), abs=1e-8)
    assert max(height(best - 1e-3), height(best + 1e-3)) < height(best)


def height(model, source, **given):
    """The log-likelihood of all series."""
    (chunk,) = source.as_one_group().chunks()
    return float(model.row_objectives(model.params(**given), chunk).sum())


def joint_normal(system, rows, moving):
    """Means of all cells of a series, what means of the start add to them, and their covariance, of a start that is known."""
    powers = [np.linalg.matrix_power(system.transition, t) for t in range(len(rows))]
    seen = [system.observation @ power for power in powers]
    spread = np.zeros((len(rows), len(rows), *np.shape(system.observation)[:1] * 2))
    moved = system.selection @ system.shocks @ system.selection.T
    for s in range(len(rows)):
        for t in range(len(rows)):
            inner = powers[s] @ system.covariance @ powers[t].T
            inner = inner + sum(powers[s - k] @ moved @ powers[t - k].T for k in range(1, min(s, t) + 1))
            spread[s, t] = system.observation @ inner @ system.observation.T + (s == t) * np.diag(system.noise)
    wide = len(rows) * len(system.noise)
    cells = np.swapaxes(spread, 1, 2).reshape(wide, wide)
    return np.concatenate([each @ system.mean for each in seen]), np.concatenate([each @ moving for each in seen]), cells


CERTAIN = {
    "no variance": ([NAN, 1.0], [0.0, 0.0]),
    "a variance beside": ([NAN, NAN], [0.0, 2.0]),
    "less rank": ([NAN, NAN], [[1.0, 1.0], [1.0, 1.0]]),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_means_of_starts_are_generalised_least_squares_whatever_their_variance(name):
    mean, covariance = CERTAIN[name]
    given = {"transition": [[0.8, 0.3], [0.0, 0.9]], "observation": [[1.0, 0.0], [0.4, 1.0]]}
    known = {"state_noise": [0.5, 0.0], "noise": [0.4, 0.2]}
    model = ek.StateSpace(**given, **known, start_mean=mean, start_covariance=covariance)
    moving = np.isnan(mean)
    source = drawn(model, model.params(start_mean=np.where(moving, 4.0, mean)), [5, 3, 1])
    found = ek.fit(model, source, model.params(start_mean=np.zeros(2) + np.nan_to_num(mean)))
    assert found.evaluations <= 4  # one step leads there
    table, side = 0.0, 0.0
    for rows in np.split(source.x, [5, 8]):
        system = model.system(model.params(start_mean=np.nan_to_num(mean)))
        means, lines, spread = joint_normal(system, rows, np.eye(2)[:, moving])
        table += lines.T @ np.linalg.solve(spread, lines)
        side += lines.T @ np.linalg.solve(spread, rows.ravel() - means)
    np.testing.assert_allclose(found.params.start_mean[moving], np.linalg.solve(table, side), rtol=1e-9)
    np.testing.assert_allclose(found.standard_errors().errors, np.sqrt(np.diag(np.linalg.inv(table))), rtol=1e-6)


def test_a_mean_beside_a_start_of_which_nothing_is_known():
    """A trend of which the level is unknown, and the slope at first is estimated: both are coefficients of regressions."""
    model = ek.StateSpace(
        [[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0]], state_noise=[0.0, 0.0], noise=[NAN], start_mean=[0.0, NAN],
        start_covariance=[INF, 0.0],
    )  # fmt: skip
    rng = np.random.default_rng(0)
    rows = 3.0 + 0.7 * np.arange(20.0)[:, None] + rng.standard_normal((20, 1))
    found = fitted(model, ek.ArraySource(rows))
    table = np.column_stack([np.ones(20), np.arange(20.0)])
    line, (left,), *_ = np.linalg.lstsq(table, rows[:, 0], rcond=None)
    assert found.params.start_mean[1] == pytest.approx(line[1], rel=1e-8)
    assert found.params.noise[0] == pytest.approx(left / 19, rel=1e-6)  # the unknown level takes one cell
    wanted = np.sqrt(left / 19 / ((table[:, 1] - 9.5) ** 2).sum())
    assert found.standard_errors()["start_mean[1]"] == pytest.approx(wanted, rel=1e-5)


def began_alike():
    """Series that begin at the same place, of which the variance of starts comes to 0."""
    model = ek.StateSpace([[NAN]], [[1.0]], start_mean=[NAN], start_covariance=[NAN])
    true = {"transition": [[0.8]], "state_noise": [0.5], "noise": [0.2], "start_mean": [3.0], "start_covariance": [0.0]}
    return model, drawn(model, model.params(**true), [10] * 12, seed=5)


def test_beside_a_variance_of_0_the_rest_is_at_the_maximum_with_its_errors():
    model, source = began_alike()
    found = fitted(model, source)
    assert found.boundary == ("start_covariance[0]",)

    def lower(v):
        given = {"transition": [[v[0]]], "state_noise": [v[1]], "noise": [v[2]], "start_mean": [v[3]]}
        return -height(model, source, **given, start_covariance=[0.0])

    at = np.array([getattr(found.params, name).item() for name in ("transition", "state_noise", "noise", "start_mean")])
    information = approx_hess3(at, lower)
    off = np.linalg.solve(information, approx_fprime(at, lower, centered=True))
    wanted = np.sqrt(np.diag(np.linalg.inv(information)))
    np.testing.assert_array_less(np.abs(off), 1e-4 * wanted)
    errors = found.standard_errors().errors
    np.testing.assert_allclose(errors[:4], wanted, rtol=1e-4)
    assert np.isnan(errors[4])  # of the variance itself there is none


def test_a_part_of_the_means_is_given_or_all_of_them_are_held():
    model, source = began_alike()
    start = model.start(source.profile)
    held = ek.fit(ek.Frozen(model, "start_mean"), source, start, solver="anderson")
    assert held.params.start_mean[0] == start.start_mean[0]
    assert held.free_parameters == 4
    with pytest.raises(ek.ModelError, match="cannot be held alone"):
        ek.fit(ek.Frozen(model, "start_mean[0]"), source, start)


def test_what_is_estimated_is_kept_in_files(tmp_path):
    model = ek.StateSpace([[NAN]], [[1.0]], start_mean=[NAN], start_covariance=[0.5])
    params = model.params(transition=[[0.9]], state_noise=[0.3], noise=[0.2], start_mean=[5.0])
    found = fitted(model, drawn(model, params, [10] * 30))
    assert found.free_parameters == 4
    assert abs(found.params.start_mean[0] - 5.0) < 0.5
    path = tmp_path / "states.emkit"
    found.save(path)
    back = ek.load(path)
    np.testing.assert_array_equal(back.params.start_mean, found.params.start_mean)
    assert np.isnan(back.model.start_mean).all()


def test_a_start_that_is_given_is_no_parameter():
    model = ek.StateSpace([[1.0]], [[1.0]], start_mean=[3.0], start_covariance=[1.0])
    assert model.params(state_noise=[1.0], noise=[1.0]).start_mean.shape == (0,)
    assert model.start_mean.tolist() == [3.0]


SPOILT = {
    "unknown": ({"start_mean": [0.0, NAN]}, "start_mean[1] cannot be estimated: start_covariance says that nothing is known"),
    "all": ({"start_covariance": np.full((2, 2), NAN)}, "what is estimated of it are variances (m,)"),
    "beside": ({"start_covariance": [NAN, INF]}, "none beside them is infinite"),
    "below": ({"start_covariance": [NAN, -1.0]}, "start_covariance[1] is below 0; it is a variance."),
    "infinite": ({"start_mean": [INF, 0.0], "start_covariance": [1.0, 1.0]}, "start_mean holds numbers that are not finite"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_starts_that_cannot_be_estimated_are_refused_in_words(name):
    given, words = SPOILT[name]
    with pytest.raises(ek.ModelError, match=re.escape(words)):
        ek.StateSpace(np.full((2, 2), NAN), [[1.0, 0.0]], **given)


def test_a_tied_state_space_is_given_its_start():
    with pytest.raises(ek.ModelError, match="to estimate it, use a StateSpace"):
        ek.TiedStateSpace([["a"]], [[1.0]], state_noise=["q"], noise=["r"], start_mean=[NAN], start_covariance=[1.0])
