"""Columns that come to be seen without error, and states that no shock moves: slopes, the maximum, and standard errors."""

import numpy as np
import pytest
from scipy.optimize import minimize

import emkit as ek

NAN, INF = np.nan, np.inf
TURN, SEEN = np.array([[0.7, 0.2], [-0.3, 0.5]]), np.array([[1.0, 0.3], [0.5, 1.0], [-1.0, 2.0]])
NOISES = ([0, 0.5, 0], [0.3, 0, 0], [0, 0.2, 0.1], [0.3, 0.2, 0.1])


def series(model, params, share=0.4):
    rng = np.random.default_rng(0)
    x = np.concatenate([model.draw(params, rng, n) for n in (12, 7)])
    x += 0.1 * rng.standard_normal(x.shape)
    x[rng.random(x.shape) < share] = NAN
    (chunk,) = ek.ArraySource(x, groups=np.repeat([0, 1], [12, 7])).as_one_group().chunks()
    return chunk


def differences(height, there, step=1e-6):
    found = np.zeros_like(there)
    for place in np.ndindex(*there.shape):
        move = np.zeros_like(there)
        move[place] = step
        found[place] = (height(there + move) - height(there - move)) / (2 * step)
    return found


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("noise", NOISES)
def test_slopes_along_the_observation_are_those_of_the_likelihood(noise, unknown):
    free = ek.StateSpace(TURN, np.full((3, 2), NAN), state_noise=[0.5, 0.3], start_covariance=[INF if unknown else 1.0, 2.0])
    params = free.params(observation=SEEN, noise=noise)
    chunk = series(free, params)
    wanted = differences(lambda o: free.row_objectives(free.params(observation=o, noise=noise), chunk).sum(), SEEN)
    stats = free.e_step(params, chunk).statistics
    np.testing.assert_allclose(free.expected(stats, params, params).slopes["observation"], wanted, atol=1e-6)


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("shocks", [[0, 0.5], [0.3, 0], [0, 0], [0.3, 0.5]])
def test_slopes_along_the_transition_are_those_of_the_likelihood(shocks, unknown):
    model = ek.StateSpace(np.full((2, 2), NAN), SEEN, noise=[0.2, 0.3, 0.1], start_covariance=[INF if unknown else 1.0, 2.0])
    params = model.params(transition=TURN, state_noise=shocks)
    chunk = series(model, params)
    wanted = differences(lambda a: model.row_objectives(model.params(transition=a, state_noise=shocks), chunk).sum(), TURN)
    stats = model.e_step(params, chunk).statistics
    np.testing.assert_allclose(model.expected(stats, params, params).slopes["transition"], wanted, atol=1e-6)


def heywood(seed):
    """A factor that one column shows nearly without error."""
    rng, factor = np.random.default_rng(seed), np.zeros(100)
    for t in range(1, 100):
        factor[t] = 0.6 * factor[t - 1] + rng.standard_normal()
    return factor[:, None] * [1.5, 0.6, 0.5] + rng.standard_normal((100, 3)) * [0.15, 1.5, 1.5]


@pytest.mark.parametrize("seed", [8, 12])
def test_a_factor_that_a_column_shows_is_at_the_maximum_and_has_standard_errors(seed):
    found = ek.StateSpaceModel("factors").fit(heywood(seed)).result_
    assert found.boundary == ("noise[0]",)
    model, params = found.model, found.params
    (chunk,) = found.source.as_one_group().chunks()

    def at(free):
        phi, seen, noise = free[0], free[1:7].reshape(3, 2), np.exp(free[7:])
        return model.params(transition=[[phi, 0], [0, 1]], observation=seen, noise=[0, *noise])

    def fall(free):
        return -model.row_objectives(at(free), chunk)[0]

    here = np.concatenate([[params.transition[0, 0]], params.observation.ravel(), np.log(params.noise[1:])])
    best = minimize(fall, here, method="BFGS", options={"gtol": 1e-7})
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-6)
    hessian = np.array([differences(lambda v, j=j: differences(fall, v, 1e-3)[j], best.x, 1e-3) for j in range(9)])
    spread = np.sqrt(np.diag(np.linalg.inv(hessian)))
    errors = found.standard_errors()
    assert list(errors.reasons) == ["noise[0]"]
    names = ["transition[0, 0]", *(f"observation[{j}, {k}]" for j in range(3) for k in range(2))]
    np.testing.assert_allclose([errors[name] for name in names], spread[:7], rtol=1e-3)


def test_tied_factors_reach_the_maximum_too():
    x = heywood(8)
    names = [["a", "m"], ["b", "n"], ["c", "o"]]
    start = {"selection": [[1], [0]], "start_mean": [0, 1], "start_covariance": [1, 0]}
    tied = ek.TiedStateSpace([["phi", 0], [0, 1]], names, state_noise=[1], noise=["q", "r", "s"], **start)
    found = ek.StateSpaceModel(tied).fit(x).result_
    free = ek.StateSpaceModel("factors").fit(x).result_
    assert found.log_likelihood == pytest.approx(free.log_likelihood, abs=1e-6)


def test_what_is_held_stays_while_the_rest_climbs():
    x = heywood(8)
    model = ek.dynamic_factor(3)
    source = ek.ArraySource(x)
    held = ek.fit(ek.Frozen(model, "transition"), source, model.start(source.profile), solver="anderson")
    assert held.params.transition[0, 0] == model.start(source.profile).transition[0, 0]
    assert held.converged


def test_a_column_whose_errors_are_given_as_none_is_estimated_too():
    """What is seen is a multiple of an autoregression of which all is known: the variance of its steps is a closed form."""
    y = np.random.default_rng(4).standard_normal((60, 1)).cumsum(axis=0)
    model = ek.StateSpace([[0.9]], [[NAN]], state_noise=[1.0], noise=[0.0], stationary=[0])
    source = ek.ArraySource(y)
    found = ek.fit(model, source, model.start(source.profile), solver="anderson")
    squares = (1 - 0.9**2) * y[0] ** 2 + ((y[1:] - 0.9 * y[:-1]) ** 2).sum()
    assert found.converged
    assert abs(found.params.observation[0, 0]) == pytest.approx(np.sqrt(squares.item() / 60), rel=1e-6)
    assert found.standard_errors()["observation[0, 0]"] == pytest.approx(np.sqrt(squares.item() / 60 / 120), rel=1e-3)
    assert "raises the expected log-likelihood" in str(ek.check_model(model, source, found.params))
