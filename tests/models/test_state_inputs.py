"""Known inputs of state spaces, held against generalised least squares, ordinary least squares and statsmodels."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

import emkit as ek

NAN, INF = np.nan, np.inf
RNG = np.random.default_rng(5)
ROWS = 80
INPUTS = np.column_stack([RNG.standard_normal(ROWS) + 2, np.arange(ROWS) % 7 < 2])
LEVEL = 0.5 * RNG.standard_normal(ROWS).cumsum() + RNG.standard_normal(ROWS)
Y = LEVEL + INPUTS @ [1.5, -2.0]
GAPPY = np.where(np.arange(ROWS) % 9 == 4, NAN, Y)


def fitted(model, y, inputs=INPUTS, **options):
    source = ek.ArraySource(np.column_stack([y, inputs]))
    return ek.fit(model, source, model.start(source.profile), solver="anderson", **options)


def peer_of_level(y):
    peer = UnobservedComponents(y, "llevel", exog=INPUTS, use_exact_diffuse=True)
    found = peer.fit(disp=0, maxiter=500)
    return found.llf + np.log(2 * np.pi) / 2, found.params  # which it counts for the cell that tells the start


@pytest.mark.parametrize("y", [Y, GAPPY], ids=["complete", "gaps"])
def test_a_level_with_inputs_is_that_of_statsmodels(y):
    found = fitted(ek.local_level().with_inputs([[NAN, NAN]]), y)
    height, params = peer_of_level(y)
    assert found.log_likelihood == pytest.approx(height, abs=1e-4)
    mine = [found.params.noise[0], found.params.state_noise[0], *found.params.effects[0]]
    np.testing.assert_allclose(mine, params, rtol=2e-3)


@pytest.mark.parametrize("y", [Y, GAPPY], ids=["complete", "gaps"])
def test_regression_with_autocorrelated_errors_is_that_of_statsmodels(y):
    found = fitted(ek.autoregression(1).with_inputs([[NAN, NAN]]), y)
    peer = SARIMAX(y, exog=np.column_stack([np.ones(ROWS), INPUTS]), order=(1, 0, 0)).fit(disp=0, maxiter=500)
    assert found.log_likelihood == pytest.approx(peer.llf, abs=1e-4)
    own = found.params
    mine = [own.start_mean[-1], *own.effects[0], own.transition[0, 0], own.state_noise[0]]
    np.testing.assert_allclose(mine, peer.params, rtol=5e-3)
    errors = found.standard_errors()
    at = ["start_mean[1]", "effects[0, 0]", "effects[0, 1]"]
    told = np.sqrt(np.diag(peer.cov_params_approx))[:3]  # by its numerical Hessian
    np.testing.assert_allclose([errors[name] for name in at], told, rtol=0.02)


def test_without_states_that_move_it_is_least_squares():
    model = ek.StateSpace(
        [[1]], [[1]], state_noise=[0], start_mean=[NAN], start_covariance=[0], effects=[[NAN, NAN]], states=["mean"]
    )
    found = fitted(model, Y)
    design = np.column_stack([np.ones(ROWS), INPUTS])
    wanted, left, *_ = np.linalg.lstsq(design, Y, rcond=None)
    np.testing.assert_allclose([found.params.start_mean[0], *found.params.effects[0]], wanted, rtol=1e-6)
    assert found.params.noise[0] == pytest.approx(left[0] / ROWS, rel=1e-6)
    spread = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * left[0] / ROWS)
    errors = found.standard_errors()
    np.testing.assert_allclose([errors[f"effects[0, {k}]"] for k in range(2)], spread[1:], rtol=1e-4)


def joint_of_cells(model, params, rows):
    """Covariance (n d, n d) of all cells, and the mean of each as a linear function of inputs' effects, written out."""
    system, m = model.system(params), len(params.transition)
    n, d = len(rows), len(params.noise)
    state = system.covariance
    moves = [state]
    for _ in range(n - 1):
        state = system.transition @ state @ system.transition.T + system.selection @ system.shocks @ system.selection.T
        moves.append(state)
    cov = np.zeros((n * d, n * d))
    for s in range(n):
        for t in range(s, n):
            between = np.linalg.matrix_power(system.transition, t - s) @ moves[s]
            block = system.observation @ between @ system.observation.T
            cov[t * d : (t + 1) * d, s * d : (s + 1) * d] = block
            cov[s * d : (s + 1) * d, t * d : (t + 1) * d] = block.T
    cov += np.diag(np.tile(system.noise, n))

    def mean(effects, state_effects, start):
        x, made = start, []
        for t in range(n):
            made.append(system.observation @ x + effects @ rows[t])
            x = system.transition @ x + state_effects @ rows[t]
        return np.concatenate(made)

    return cov, mean, m


def test_a_step_finds_effects_by_generalised_least_squares():
    model = ek.StateSpace(
        [[0.7, 0.2], [0, 0.5]], [[1, 0], [0.5, 1]], state_noise=[0.5, 0.3], noise=[0.3, 0.0], start_mean=[1.0, -1.0],
        start_covariance=[1.0, 0.5], effects=[[NAN, 0], [0.4, NAN]], state_effects=[[0, 0], [NAN, 0.2]],
    )  # fmt: skip
    n, rng = 12, np.random.default_rng(1)
    inputs = rng.standard_normal((n, 2))
    params = model.params(effects=[[1.0, 0], [0.4, -1.0]], state_effects=[[0, 0], [0.5, 0.2]])
    y = model.draw(params, rng, n, inputs)
    y[rng.random(y.shape) < 0.25] = NAN
    source = ek.ArraySource(np.hstack([y, inputs]))
    found = ek.fit(model, source, params, solver="plain", tol=1e-12).params
    cov, mean, _ = joint_of_cells(model, params, inputs)
    there = ~np.isnan(y.ravel())
    given = mean(np.array([[0, 0], [0.4, 0]]), np.array([[0, 0], [0, 0.2]]), np.array([1.0, -1.0]))
    units = [([[1, 0], [0, 0]], np.zeros((2, 2))), ([[0, 0], [0, 1]], np.zeros((2, 2))), (np.zeros((2, 2)), [[0, 0], [1, 0]])]
    design = np.column_stack([mean(np.array(a), np.array(b), np.zeros(2)) for a, b in units])[there]
    inverse = np.linalg.inv(cov[np.ix_(there, there)])
    wanted = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ (y.ravel() - given)[there])
    mine = [found.effects[0, 0], found.effects[1, 1], found.state_effects[1, 0]]
    np.testing.assert_allclose(mine, wanted, rtol=1e-8)
    off = (y.ravel() - given)[there] - design @ wanted
    height = -(np.linalg.slogdet(2 * np.pi * cov[np.ix_(there, there)])[1] + off @ inverse @ off) / 2
    (chunk,) = source.as_one_group().chunks()
    assert model.row_objectives(found, chunk)[0] == pytest.approx(height, rel=1e-9)


def test_letters_tie_effects():
    tied = ek.TiedStateSpace(
        [[1]], [[1], [1]], state_noise=["q"], noise=["r", "r"], effects=[["a", "b"], ["a", "c"]], inputs=["rain", "heat"]
    )
    both = np.column_stack([Y, Y + RNG.standard_normal(ROWS)])
    found = fitted(tied, both)
    whole = tied.whole(found.params)
    assert whole.effects[0, 0] == whole.effects[1, 0]
    assert tied.letters["effects"] == ("a", "b", "c")
    free = ek.StateSpace([[1]], [[1], [1]], effects=[[NAN, NAN], [NAN, NAN]])
    assert found.log_likelihood < fitted(free, both).log_likelihood


def test_several_series_and_any_order_of_these():
    groups = np.repeat([0, 1, 2], [30, 20, 30])
    model = ek.local_level().with_inputs([[NAN, NAN]])
    x = np.column_stack([GAPPY, INPUTS])
    one = ek.ArraySource(x, groups=groups)
    order = np.argsort(-groups, kind="stable")
    other = ek.ArraySource(x[order], groups=groups[order])
    found = [ek.fit(model, source, model.start(source.profile), solver="anderson") for source in (one, other)]
    assert found[0].log_likelihood == pytest.approx(found[1].log_likelihood, rel=1e-10)
    np.testing.assert_allclose(found[0].params.effects, found[1].params.effects, rtol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (np.column_stack([INPUTS[:, 0], np.ones(ROWS)]), "nothing tells what 'x2' adds to 'x0'"),
        (
            np.column_stack([INPUTS[:, 0], 2 * INPUTS[:, 0]]),
            "what 'x1' adds to 'x0', what 'x2' adds to 'x0' cannot be told apart",
        ),
        (np.where(np.arange(ROWS)[:, None] == 3, NAN, INPUTS), "row 3, column 'x1' is nan; inputs take no gaps"),
        (INPUTS[:, :1], "of 1 column and 2 inputs, but the data have 2"),
    ],
)
def test_inputs_that_cannot_be_are_refused(inputs, words):
    with pytest.raises((ek.DataError, ek.ParameterError), match=words):
        fitted(ek.local_level().with_inputs([[NAN, NAN]]), Y, inputs)


def test_effects_that_cannot_be_are_refused():
    with pytest.raises(ek.ModelError, match=r"effects has shape \(2, 1\); of p inputs, it is \(1, p\)"):
        ek.local_level().with_inputs([[NAN], [NAN]])
    with pytest.raises(ek.ModelError, match="effects are of 1 inputs, but state_effects of 2"):
        ek.local_level().with_inputs([[NAN]], [[NAN, NAN]])
    with pytest.raises(ek.ModelError, match=r"inputs are .'a'.; they are 2 names"):
        ek.local_level().with_inputs([[NAN, NAN]], inputs=["a"])
    model = ek.local_level().with_inputs([[NAN]])
    params = model.params(state_noise=[1], noise=[1], effects=[[1]])
    with pytest.raises(ek.DataError, match="give `inputs`"):
        model.draw(params, np.random.default_rng(0), 5)
