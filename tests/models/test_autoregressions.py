"""Autoregressions and moving averages as state spaces, and starts of the long run, held against statsmodels."""

import re

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

import emkit as ek

NAN, INF = np.nan, np.inf
PHI = {1: [0.7], 2: [1.2, -0.5], 3: [0.5, 0.2, -0.3]}


def rows(p, noise=0.0, n=150, share=0.0, averages=()):
    """An autoregression of order p about 3, of which a share of cells is missing."""
    model, rng = ek.arma(p, len(averages), noise=None), np.random.default_rng(p)
    transition, seen = np.nan_to_num(model.transition), np.nan_to_num(model.observation)
    transition[0, :p], seen[0, 1 : 1 + len(averages)] = PHI[p], averages
    given = {"transition": transition, "observation": seen, "state_noise": [1.0], "noise": [noise]}
    y = model.draw(model.params(**given, start_mean=[*[0.0] * p, 3.0]), rng, n)
    y[rng.random(n) < share] = NAN
    return y


def fitted(model, y, **options):
    source = ek.ArraySource(y)
    return ek.fit(model, source, model.start(source.profile), solver="anderson", **options)


def peer_values(found, p, errors=False, averages=0):
    """The estimates in the order of statsmodels: intercept, phi, theta, variance of errors, variance."""
    params = found.params
    phi, theta = params.transition[0, :p], params.observation[0, 1 : 1 + averages]
    return np.array([params.start_mean[-1] * (1 - phi.sum()), *phi, *theta, *params.noise[:errors], *params.state_noise])


def assert_same_maximum(found, peer, values, constant=0.0):
    """The peer has the same log-likelihood there, and finds none that is higher."""
    assert found.converged
    assert found.log_likelihood == pytest.approx(peer.loglike(values) + constant, abs=1e-8)
    best = peer.fit(start_params=values, disp=0, method="nm", maxiter=1000)
    assert best.llf + constant <= found.log_likelihood + 1e-6


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_an_autoregression_has_the_maximum_of_statsmodels(p, share):
    y = rows(p, share=share)
    found = fitted(ek.autoregression(p), y)
    assert found.free_parameters == p + 2
    assert_same_maximum(found, SARIMAX(y, order=(p, 0, 0), trend="c"), peer_values(found, p))


@pytest.mark.parametrize("p", [1, 2])
def test_so_has_one_that_is_seen_with_errors(p):
    y = rows(p, noise=0.3)
    found = fitted(ek.autoregression(p, noise=None), y)
    assert_same_maximum(found, SARIMAX(y, order=(p, 0, 0), trend="c", measurement_error=True), peer_values(found, p, True))


def test_so_has_a_moving_average_of_one():
    y = rows(2, noise=0.5, averages=[0.5], n=300)
    found = fitted(ek.arma(2, 1, noise=None), y)
    peer = SARIMAX(y, order=(2, 0, 1), trend="c", measurement_error=True, enforce_invertibility=False)
    assert_same_maximum(found, peer, peer_values(found, 2, True, 1))


@pytest.mark.parametrize(("p", "q"), [(1, 1), (2, 1), (1, 2), (2, 2), (0, 1), (0, 2)])
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_an_arma_has_the_maximum_of_statsmodels(p, q, share):
    rng = np.random.default_rng(10 * p + q)
    shocks, made = rng.standard_normal(320), np.zeros(320)
    for t in range(2, 320):
        made[t] = (p > 0) * 0.6 * made[t - 1] + (p > 1) * 0.2 * made[t - 2] + shocks[t] + 0.5 * shocks[t - 1]
        made[t] += (q > 1) * 0.3 * shocks[t - 2]
    y = np.where(rng.random(300) < share, NAN, 5 + made[20:])[:, None]
    found = fitted(ek.arma(p, q), y)
    assert found.free_parameters == p + q + 2
    peer = SARIMAX(y, order=(p, 0, q), trend="c", enforce_invertibility=False)
    assert_same_maximum(found, peer, peer_values(found, p, averages=q))
    errors, tail = found.standard_errors(), slice(1, 1 + p + q)
    curved = peer.hessian(peer_values(found, p, averages=q)) * len(y)
    wanted = np.sqrt(np.diag(-np.linalg.inv(curved)))[tail]
    names = [*(f"transition[0, {k}]" for k in range(p)), *(f"observation[0, {k + 1}]" for k in range(q))]
    np.testing.assert_allclose([errors[name] for name in names], wanted, rtol=5e-3)


TURNED = {  # theta of which some roots of the moving average lie inside the unit circle, and at what noise
    "one of one": ([2.0], 0.0),
    "two that are complex": ([1.2, 2.5], 0.0),
    "one of two": ([1.5, -1.0], 0.3),
    "some of three": ([1.363, 0.269, 0.469], 0.0),
}


@pytest.mark.parametrize("name", TURNED)
def test_an_average_is_told_as_it_can_be_inverted(name):
    theta, noise = TURNED[name]
    p = len(theta) + bool(noise)
    model, y = ek.arma(p, len(theta), noise=noise), rows(1, n=60, share=0.1)
    transition, seen = np.nan_to_num(model.transition), np.nan_to_num(model.observation)
    transition[0, 0], seen[0, 1 : 1 + len(theta)] = 0.6, theta
    given = model.params(
        transition=transition, observation=seen, state_noise=[0.7], start_mean=[*[0.0] * (len(transition) - 1), 3.0]
    )
    told = model.conventional(given)
    inside = np.roots([1.0, *told.observation[0, 1 : 1 + len(theta)]])
    assert (np.abs(inside) < 1).all()
    assert model.conventional(told) is told
    peer = SARIMAX(y, order=(p, 0, len(theta)), trend="c", enforce_invertibility=False, enforce_stationarity=False)
    if not noise:
        both = [
            peer.loglike([3.0 * 0.4, *each.transition[0, :p], *each.observation[0, 1 : 1 + len(theta)], *each.state_noise])
            for each in (given, told)
        ]
        assert both[1] == pytest.approx(both[0], abs=1e-9)
    chunk = ek.Chunk(y, np.ones(60), 0, np.array([0, 60]))
    assert model.row_objectives(told, chunk) == pytest.approx(model.row_objectives(given, chunk), abs=1e-9)


def test_runs_end_at_the_average_that_can_be_inverted_unless_it_is_held():
    model, y = ek.arma(1, 1), rows(2)
    source = ek.ArraySource(y)
    best = fitted(model, y).params
    theta = best.observation[0, 1]
    assert abs(theta) < 1
    seen = best.observation.copy()
    seen[0, 1] = 1 / theta
    start = model.params(
        transition=best.transition, observation=seen, state_noise=best.state_noise * theta**2, start_mean=best.start_mean
    )
    found = ek.fit(model, source, start, solver="anderson")
    assert found.converged
    assert found.params.observation[0, 1] == pytest.approx(theta, rel=1e-5)
    held = ek.fit(ek.Frozen(model, "observation"), source, start, solver="anderson")
    assert held.params.observation[0, 1] == 1 / theta
    assert held.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-7)


NOT_TURNED = {
    "a given coefficient": {"observation": [[1.0, 2.0]]},
    "a given variance": {"state_noise": [1.0]},
    "two columns": {"observation": [[1.0, NAN], [1.0, NAN]]},
    "an input to its states": {"effects": [[0.0]], "state_effects": [[NAN], [0.0]]},
    "states that do not begin in the long run": {"stationary": [], "start_covariance": [1.0, 1.0]},
    "no average": {"observation": [[1.0, 0.0]]},
}


@pytest.mark.parametrize("name", NOT_TURNED)
def test_what_has_no_other_average_that_fits_alike_stays(name):
    plain = {"transition": [[NAN, 0.0], [1.0, 0.0]], "observation": [[1.0, NAN]], "selection": [[1.0], [0.0]]}
    model = ek.StateSpace(**({**plain, "stationary": [0, 1]} | NOT_TURNED[name]))
    some = {"transition": [[0.5, 0.0], [1.0, 0.0]], "state_noise": [1.0], "noise": [0.0] * len(model.noise)}
    some["observation"] = np.where(np.isnan(model.observation), 2.0, model.observation)
    if name.startswith("an input"):
        some["state_effects"] = [[1.0], [0.0]]
    params = model.params(**some)
    assert model.conventional(params) is params


def test_without_a_mean_it_is_0():
    y = rows(2) - 3.0
    found = fitted(ek.autoregression(2, mean=False), y)
    assert found.params.transition.shape == (2, 2)
    values = [*found.params.transition[0], *found.params.state_noise]
    assert_same_maximum(found, SARIMAX(y, order=(2, 0, 0)), np.array(values))


@pytest.mark.parametrize(("noise", "name"), [(None, "local level"), (0.0, "random walk")])
def test_beside_a_level_it_is_an_unobserved_component(noise, name):
    y = rows(1, noise=0.2) + np.random.default_rng(0).standard_normal((150, 1)).cumsum(axis=0)
    found = fitted(ek.local_level(autoregression=1, noise=noise), y)
    params = found.params
    values = np.array([*params.noise[: noise is None], *params.state_noise, params.transition[1, 1]])
    peer = UnobservedComponents(y, name, autoregressive=1, use_exact_diffuse=True)
    assert_same_maximum(found, peer, values, constant=np.log(2 * np.pi) / 2)  # which it counts for a cell that a start takes


def test_given_its_first_values_it_is_least_squares():
    y = rows(2)[:, 0]
    given = ek.StateSpace(
        [[NAN, NAN], [1, 0]], [[1, 0]], noise=[0], selection=[[1], [0]], start_mean=[y[1], y[0]], start_covariance=[0, 0]
    )
    found = fitted(given, np.array([NAN, *y[2:]])[:, None])
    table = np.column_stack([y[1:-1], y[:-2]])
    line, (left,), *_ = np.linalg.lstsq(table, y[2:], rcond=None)
    np.testing.assert_allclose(found.params.transition[0], line, rtol=1e-9)
    assert found.params.state_noise[0] == pytest.approx(left / len(table), rel=1e-9)
    wanted = np.sqrt(np.diag(np.linalg.inv(table.T @ table)) * left / len(table))
    np.testing.assert_allclose(found.standard_errors().errors[:2], wanted, rtol=1e-5)


def test_the_long_run_is_where_a_step_changes_nothing():
    model = ek.StateSpace(np.full((2, 2), NAN), np.eye(2), state_noise=np.full((2, 2), NAN), stationary=[0, 1])
    turn, shocks = np.array([[0.7, 0.2], [-0.3, 0.5]]), np.array([[0.5, 0.1], [0.1, 0.3]])
    params = model.params(transition=turn, state_noise=shocks, noise=[1.0, 1.0])
    start = model.system(params).covariance
    np.testing.assert_allclose(turn @ start @ turn.T + shocks, start, rtol=1e-12)
    spread = np.cov(model.draw(params, np.random.default_rng(0), 20_000).T)
    np.testing.assert_allclose(spread, start + np.eye(2), atol=0.06)


def test_many_states_have_the_long_run_of_few():
    """Of an autoregression of which only the twelfth coefficient is not 0, every twelfth row goes on by itself."""
    coefficients = np.zeros(12)
    coefficients[11] = 0.6
    moves = np.vstack([coefficients, np.eye(12)[:-1]])
    model = ek.StateSpace(moves, np.eye(1, 12), selection=np.eye(12)[:, :1], stationary=range(12))
    np.testing.assert_allclose(
        model.system(model.params(state_noise=[1.0], noise=[1.0])).covariance, np.eye(12) / (1 - 0.36), atol=1e-12
    )


def test_starts_have_a_long_run():
    model = ek.autoregression(4)
    for start in model.starts(ek.ArraySource(rows(3)).profile, 1, range(40)):
        assert np.isfinite(model.system(start).covariance).all()


def test_a_walk_is_as_near_to_one_as_its_steps_say():
    """The likelihood has a wall at 1, which no step goes over."""
    y = np.random.default_rng(3).standard_normal((60, 1)).cumsum(axis=0)
    found = fitted(ek.autoregression(1), y)
    assert found.converged
    assert 0.8 < found.params.transition[0, 0] < 1
    assert_same_maximum(found, SARIMAX(y, order=(1, 0, 0), trend="c"), peer_values(found, 1))


def test_parts_stand_one_behind_the_other():
    model = ek.local_linear_trend(4, autoregression=2)
    assert model.observation.tolist() == [[1, 0, 1, 0, 0, 1, 0]]
    assert model.selection.argmax(axis=0).tolist() == [0, 1, 2, 5]
    assert np.isinf(np.diag(model.start_covariance)).tolist() == [True] * 5 + [False] * 2
    assert model.stationary == (5, 6)


def test_it_is_kept_in_files(tmp_path):
    found = fitted(ek.autoregression(2), rows(2))
    found.save(tmp_path / "fit.emk")
    back = ek.load(tmp_path / "fit.emk")
    assert back.model.stationary == (0, 1)
    np.testing.assert_array_equal(back.params.transition, found.params.transition)
    again = back.model.row_objectives(back.params, ek.Chunk(rows(2), np.ones(150), 0, np.array([0, 150])))
    assert again.sum() == pytest.approx(found.log_likelihood, rel=1e-12)


VECTOR = {"transition": np.full((2, 2), NAN), "observation": [[1.0, 0.0]], "stationary": [0, 1]}
WILD = {
    "seen as it is": lambda: ek.autoregression(2),
    "seen with errors": lambda: ek.autoregression(2, noise=None),
    "an average": lambda: ek.arma(3, 2, noise=None),
    "averages alone": lambda: ek.arma(1, 2),
    "beside a level": lambda: ek.local_level(autoregression=2),
    "two shocks": lambda: ek.StateSpace(**VECTOR),
    "shocks that hang together": lambda: ek.StateSpace(**VECTOR, state_noise=np.full((2, 2), NAN)),
    "means of starts": lambda: ek.StateSpace(
        [[NAN, 1], [0, NAN]], [[1, NAN]], start_mean=[NAN, NAN], start_covariance=[0, NAN]
    ),
}


@pytest.mark.parametrize("name", WILD)
def test_no_step_falls_from_wild_starts(name):
    source = ek.ArraySource(rows(2, n=40, share=0.2), groups=np.repeat([0, 1], [25, 15]))
    for start in WILD[name]().starts(source.profile, 1, range(10)):
        em, heights = ek.EMMap(WILD[name](), source, start), []
        for _ in range(5):
            here = em(start)
            heights.append(here.objective)
            start = here.update
        assert (np.diff(heights) >= -1e-9 * np.abs(heights[:-1])).all()


TWO = {"transition": np.full((2, 2), NAN), "observation": [[1.0, 0.0]]}
REFUSED = {
    "no order": (lambda: ek.autoregression(0), "order"),
    "half an order": (lambda: ek.autoregression(1.5), "order"),
    "noise below 0": (lambda: ek.autoregression(1, noise=-1), "noise is -1; it is a variance"),
    "noise by name": (lambda: ek.local_level(noise="some"), "noise is 'some'; it is a variance"),
    "as many averages": (
        lambda: ek.arma(1, 1, noise=None),
        "averages is 1 and order 1, with errors whose variance is estimated",
    ),
    "nothing": (lambda: ek.arma(0, 0), "order and averages are 0"),
    "averages below 0": (lambda: ek.arma(2, -1), "averages"),
    "no autoregression": (lambda: ek.local_level(autoregression=-1), "autoregression"),
    "a state beyond": (lambda: ek.StateSpace(**TWO, stationary=[2]), "stationary holds 2; it holds numbers of states, 0 to 1"),
    "a truth": (lambda: ek.StateSpace(**TWO, stationary=[True, True]), "stationary holds True"),
    "a name": (lambda: ek.StateSpace(**TWO, stationary="all"), "stationary holds 'a'"),
    "one number": (lambda: ek.StateSpace(**TWO, stationary=1), "it is 1."),
    "a state twice": (lambda: ek.StateSpace(**TWO, stationary=[0, 0]), "names a state twice"),
    "part of a whole": (lambda: ek.StateSpace(**TWO, stationary=[0]), "depend on no other state"),
    "a walk": (lambda: ek.StateSpace([[1]], [[1]], stationary=[0]), "have no long run"),
    "a mean": (lambda: ek.StateSpace([[NAN]], [[1]], start_mean=[NAN], stationary=[0]), "have the mean 0 in the long run"),
    "a variance": (lambda: ek.StateSpace([[NAN]], [[1]], start_covariance=[2.0], stationary=[0]), "follows from transition"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises(ek.ModelError, match=re.escape(words)):
        call()


def test_what_is_given_may_leave_no_long_run():
    model = ek.StateSpace([[NAN, 0], [0, 1.5]], np.eye(2), selection=np.eye(2), stationary=[0, 1])
    with pytest.raises(ek.ParameterError, match="however small the entries of transition are"):
        model.start(ek.ArraySource(np.random.default_rng(0).standard_normal((20, 2))).profile)
    one = ek.autoregression(1)
    with pytest.raises(ek.ParameterError, match="have no long run"):
        ek.fit(one, rows(1), one.params(transition=[[1.2, 0], [0, 1]], state_noise=[1.0], start_mean=[0.0, 0.0]))
