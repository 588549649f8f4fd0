"""Linear Gaussian state spaces, held against the joint normal of all cells, statsmodels, and what must be so."""

import re

import numpy as np
import pytest
from statsmodels.datasets import macrodata
from statsmodels.tsa.statespace.mlemodel import MLEModel

import emkit as ek
from emkit.data.given import as_source
from emkit.inference.differences import jacobian
from emkit.inference.scores import objective_and_score
from emkit.models.state_filter import Filtered
from emkit.models.state_params import FIELDS
from emkit.models.state_sums import smoothed, summed
from emkit.models.state_system import NO_COEFFICIENTS, System

NAN, INF = np.nan, np.inf
TURN = np.array([[0.7, 0.2], [-0.3, 0.5]])
SEEN = np.array([[1.0, 0.0], [0.5, 1.0], [-1.0, 2.0]])


def own() -> ek.StateSpace:
    """Every matrix is estimated as far as it can be told."""
    return ek.StateSpace(
        [[NAN, NAN], [NAN, NAN]], [[1, 0], [0, 1], [NAN, NAN]], state_noise=np.full((2, 2), NAN), start_covariance=[1.0, 2.0]
    )


def true(model: ek.StateSpace) -> ek.StateSpaceParams:
    given = {"transition": TURN, "state_noise": [[0.5, 0.1], [0.1, 0.3]], "observation": [[1, 0], [0, 1], [0.8, -0.6]]}
    return model.params(**given, noise=[0.3, 0.5, 0.2])


def drawn(model: ek.StateSpace, params: ek.StateSpaceParams, lengths: tuple[int, ...], share: float = 0.0) -> ek.ArraySource:
    """Series of these lengths, and a `share` of cells missing."""
    rng = np.random.default_rng(len(lengths))
    x = np.concatenate([model.draw(params, rng, n) for n in lengths])
    x[rng.random(x.shape) < share] = NAN
    return ek.ArraySource(x, groups=np.repeat(np.arange(len(lengths)), lengths))


def whole(source: ek.ArraySource) -> ek.Chunk:
    (chunk,) = source.as_one_group().chunks()
    return chunk


def fitted(model: ek.StateSpace, data: object, **options: object) -> ek.Result:
    source = as_source(data)
    return ek.fit(model, source, model.start(source.profile), solver="anderson", **options)


def joint(system: System, y: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, means and covariance of all states, by the joint normal of all cells and generalised least squares."""
    rows, m, r = len(y), *system.selection.shape
    mean, parts, lines = system.mean, [np.hstack([np.eye(m), np.zeros((m, r * (rows - 1)))])], [system.unknown]
    means = [mean]
    for t in range(rows - 1):
        means.append(system.transition @ means[-1])
        lines.append(system.transition @ lines[-1])
        parts.append(system.transition @ parts[-1])
        parts[-1][:, m + r * t : m + r * (t + 1)] += system.selection
    x, unknown, reach = np.concatenate(means), np.concatenate(lines), np.concatenate(parts)
    inner = np.zeros((reach.shape[1],) * 2)
    inner[:m, :m] = system.covariance
    inner[m:, m:] = np.kron(np.eye(rows - 1), system.shocks)
    spread = reach @ inner @ reach.T + unknown @ unknown.T  # any multiple of the last: it is unknown
    there = ~np.isnan(y.ravel())
    seen = np.kron(np.eye(rows), system.observation)[there]
    inverse = np.linalg.inv(seen @ spread @ seen.T + np.diag(np.tile(system.noise, rows)[there]))
    told = unknown.T @ seen.T @ inverse @ seen @ unknown
    off = y.ravel()[there] - seen @ x
    begin = np.linalg.solve(told, unknown.T @ seen.T @ inverse @ off)
    off = off - seen @ unknown @ begin
    height = np.linalg.slogdet(inverse)[1] - off @ inverse @ off - np.linalg.slogdet(told)[1]
    height -= (len(off) - len(told)) * np.log(2 * np.pi)
    rest = unknown - spread @ seen.T @ inverse @ seen @ unknown
    after = spread - spread @ seen.T @ inverse @ seen @ spread + rest @ np.linalg.inv(told) @ rest.T
    return height / 2, (x + unknown @ begin + spread @ seen.T @ inverse @ off).reshape(rows, m), after


@pytest.mark.parametrize("unknown", [0, 1, 2])
@pytest.mark.parametrize("singular", [False, True])
def test_filter_and_smoother_are_those_of_the_joint_normal(unknown, singular):
    rng = np.random.default_rng(unknown)
    covariance = np.diag([0.0 if k < unknown else 1.5 for k in range(3)])
    selection = np.eye(3)[:, :2]
    noise = np.array([0.0 if singular else 0.4, 0.7])
    root = rng.standard_normal((2, 2))
    system = System(
        rng.standard_normal((3, 3)) / 2, selection, root @ root.T, rng.standard_normal((2, 3)), noise,
        rng.standard_normal(3), covariance, np.eye(3)[:, :unknown],
    )  # fmt: skip
    y = rng.standard_normal((6, 2))
    y[2], y[4, 0] = NAN, NAN
    found = smoothed(system, y)
    height, means, spread = joint(system, y)
    np.testing.assert_allclose(found.log_likelihood, height, rtol=1e-12)
    np.testing.assert_allclose(found.means, means, atol=1e-12)
    np.testing.assert_allclose(found.spreads, [spread[3 * t : 3 * t + 3, 3 * t : 3 * t + 3] for t in range(6)], atol=1e-12)


def test_rows_whose_covariances_no_longer_move_are_those_of_the_joint_normal():
    rng, rows = np.random.default_rng(5), 120
    system = System(TURN, np.eye(2), [[0.5, 0.1], [0.1, 0.3]], SEEN, [0.3, 0.5, 0.2], [1.0, 0.0], np.eye(2), np.zeros((2, 0)))
    y = rng.standard_normal((rows, 3))
    y[60:63, 1] = y[62] = y[90:, 2] = NAN
    steady = Filtered.of(system, y).steady
    assert steady.sum() > 50
    assert not steady[60]  # other cells are seen than before
    assert steady[119]  # the same gap for long
    height, means, spread = joint(system, y)
    found = smoothed(system, y)
    np.testing.assert_allclose(found.log_likelihood, height, rtol=1e-12)
    np.testing.assert_allclose(found.means, means, atol=1e-12)
    np.testing.assert_allclose(found.spreads, [spread[2 * t : 2 * t + 2, 2 * t : 2 * t + 2] for t in range(rows)], atol=1e-12)

    stats = summed(system, whole(ek.ArraySource(y)), NO_COEFFICIENTS)[0].at(np.empty(0))
    x = spread + np.outer(means, means)  # (T m, T m) E x x'
    square = sum(x[2 * t : 2 * t + 2, 2 * t : 2 * t + 2] for t in range(rows - 1))
    ahead = sum(x[2 * t + 2 : 2 * t + 4, 2 * t : 2 * t + 2] for t in range(rows - 1))
    np.testing.assert_allclose(stats.before, square, rtol=1e-11)
    np.testing.assert_allclose(system.shocks @ stats.cross, ahead - TURN @ square, rtol=1e-9, atol=1e-10)
    later = sum(x[2 * t : 2 * t + 2, 2 * t : 2 * t + 2] for t in range(1, rows))
    moved = later - ahead @ TURN.T - TURN @ ahead.T + TURN @ square @ TURN.T
    np.testing.assert_allclose(stats.shocks, moved, rtol=1e-9, atol=1e-10)
    for j, seen in enumerate(SEEN):
        there = np.flatnonzero(~np.isnan(y[:, j]))
        gram = sum(x[2 * t : 2 * t + 2, 2 * t : 2 * t + 2] for t in there)
        sides = sum(y[t, j] * means[t] for t in there)
        np.testing.assert_allclose(stats.gram[j], gram, rtol=1e-11)
        np.testing.assert_allclose(system.noise[j] * stats.along[j], sides - gram @ seen, rtol=1e-9, atol=1e-10)
        left = (y[there, j] ** 2).sum() - 2 * seen @ sides + seen @ gram @ seen
        np.testing.assert_allclose(stats.left[j], left, rtol=1e-9)


@pytest.mark.parametrize("unknown", [False, True])
def test_statsmodels_has_the_same_states_and_likelihood(unknown):
    rng = np.random.default_rng(3)
    transition = np.array([[0.8, 0.1, 0, 0], [0, 0.5, 0.2, 0], [0, 0, 0.9, 0.3], [0.1, 0, 0, 0.4]])
    observation, noise = rng.standard_normal((3, 4)), np.array([0.5, 1.0, 0.2])
    shocks = np.diag([1.0, 0.4, 0.3, 2.0])
    y = rng.standard_normal((60, 3)).cumsum(axis=0)
    y[rng.random(y.shape) < 0.2] = NAN
    y[10] = NAN
    peer = MLEModel(y, k_states=4, k_posdef=4)
    for name, value in {
        "design": observation,
        "transition": transition,
        "obs_cov": np.diag(noise),
        "state_cov": shocks,
    }.items():
        peer[name] = value
    peer["selection"] = np.eye(4)
    if unknown:
        peer.ssm.initialize_diffuse()
    else:
        peer.ssm.initialize_known(np.ones(4), 2 * np.eye(4))
    wanted = peer.ssm.smooth()
    model = ek.StateSpace(
        transition, observation, state_noise=np.diag(shocks), noise=noise, start_mean=np.zeros(4) if unknown else np.ones(4),
        start_covariance=[INF if unknown else 2.0] * 4,
    )  # fmt: skip
    chunk = whole(ek.ArraySource(y))
    means, spreads = model.latent(model.params(), chunk)
    np.testing.assert_allclose(means, wanted.smoothed_state.T, atol=1e-9, rtol=1e-9)
    np.testing.assert_allclose(spreads, np.moveaxis(wanted.smoothed_state_cov, 2, 0), atol=1e-9, rtol=1e-9)
    constant = 4 * np.log(2 * np.pi) / 2 if unknown else 0.0  # which it counts for cells that a start takes
    assert model.row_objectives(model.params(), chunk)[0] == pytest.approx(wanted.llf + constant, rel=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_model_keeps_its_contract(share):
    model = own()
    source = drawn(model, true(model), (30, 12, 1), share)
    assert "no slope left" in str(ek.check_model(model, source, true(model)))


@pytest.mark.parametrize("make", [ek.local_level, ek.local_linear_trend, lambda: ek.local_level(4)])
def test_structural_models_keep_their_contract(make):
    model, rng = make(), np.random.default_rng(0)
    source = ek.ArraySource(rng.standard_normal((40, 1)).cumsum(axis=0) + rng.standard_normal((40, 1)))
    assert "no slope left" in str(ek.check_model(model, source, model.start(source.profile)))


def assert_no_step_falls(model: ek.StateSpace, source: ek.ArraySource, starts: int) -> None:
    for start in model.starts(source.profile, 1, range(starts)):
        em, heights = ek.EMMap(model, source, start), []
        for _ in range(5):
            here = em(start)
            heights.append(here.objective)
            start = here.update
        assert (np.diff(heights) >= -1e-9 * np.abs(heights[:-1])).all()


def test_no_step_falls_from_wild_starts():
    model = own()
    source = drawn(model, true(model), (25, 15), 0.2)
    assert_no_step_falls(model, source, 12)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("make", [own, ek.local_level, ek.local_linear_trend, lambda: ek.dynamic_factor(3)])
def test_no_step_falls_from_five_hundred_wild_starts(make):
    model = make()
    x = drawn(own(), true(own()), (25, 15), 0.2)
    source = x if len(model.noise) > 1 else ek.ArraySource(x.x[:, :1], groups=np.repeat([0, 1], [25, 15]))
    assert_no_step_falls(model, source, 500)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_slopes_are_those_of_the_log_likelihood(share):
    model = own()
    em = ek.EMMap(model, drawn(model, true(model), (12, 9), share), true(model))
    at = em.coordinates.pack(true(model))
    height = lambda v: np.array([em.objective(em.coordinates.unpack(v, true(model)))])  # noqa: E731
    numeric = jacobian(height, at, np.full(len(at), 1e-2))[0]
    np.testing.assert_allclose(objective_and_score(em, true(model))[1], numeric, rtol=1e-6, atol=1e-7)


def test_series_come_in_any_order_and_weights_count_them():
    model = own()
    params, source = true(model), drawn(model, true(model), (9, 4, 6), 0.2)
    parts = np.split(source.x, [9, 13])

    def total(order: list[int], weights: list[float]) -> ek.Expectation:
        labels = np.repeat(np.arange(len(order)), [len(parts[i]) for i in order])
        rows = ek.ArraySource(np.concatenate([parts[i] for i in order]), weights, groups=labels)
        return model.e_step(params, whole(rows))

    one, other, counted = total([0, 1, 2], [1, 1, 2]), total([2, 1, 0, 2], [1, 1, 1, 1]), total([2, 0, 1], [2, 1, 1])
    for each in (other, counted):
        assert each.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)
        for name in one.statistics.__dataclass_fields__:
            np.testing.assert_allclose(getattr(each.statistics, name), getattr(one.statistics, name), rtol=1e-10, atol=1e-12)


def test_a_gap_is_a_cell_that_nobody_looks_at():
    model = own()
    params, chunk = true(model), whole(drawn(model, true(model), (20,), 0.2))
    apart = ek.StateSpace(np.kron(np.eye(2), TURN), np.eye(4), start_covariance=np.ones(4))
    alone = ek.StateSpace(TURN, np.eye(2), start_covariance=np.ones(2))
    y = np.random.default_rng(0).standard_normal((8, 4))
    y[:, 2:] = NAN  # nothing is seen of the last two states, which the first two know nothing of
    both = apart.params(state_noise=np.ones(4), noise=np.ones(4))
    one = alone.params(state_noise=np.ones(2), noise=np.ones(2))
    height = apart.row_objectives(both, whole(ek.ArraySource(y)))
    np.testing.assert_allclose(height, alone.row_objectives(one, whole(ek.ArraySource(y[:, :2]))), rtol=1e-13)
    assert np.isfinite(model.row_objectives(params, chunk)).all()


@pytest.mark.parametrize("factor", [1e-6, 1e5])
def test_units_change_nothing_else(factor):
    model = ek.local_linear_trend()
    y = np.random.default_rng(1).standard_normal((40, 1)).cumsum(axis=0).cumsum(axis=0)
    y[[5, 6, 20]] = NAN
    one, other = (fitted(model, z) for z in (y, y * factor))
    assert other.log_likelihood == pytest.approx(one.log_likelihood - 35 * np.log(factor), abs=1e-6)  # 37 cells, 2 of the start
    np.testing.assert_allclose(other.params.noise, one.params.noise * factor**2, rtol=1e-3)


def test_a_level_far_from_0_loses_no_digits():
    y = np.random.default_rng(1).standard_normal((40, 1)).cumsum(axis=0) + np.random.default_rng(2).standard_normal((40, 1))
    near, far = fitted(ek.local_level(), y), fitted(ek.local_level(), y + 2.0**27)
    assert far.log_likelihood == pytest.approx(near.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(far.params.noise, near.params.noise, rtol=1e-4)


def test_without_moves_a_level_is_a_mean():
    y = np.random.default_rng(2).normal(3, 2, (30, 1))
    model = ek.StateSpace([[1.0]], [[1.0]], state_noise=[0.0])
    found = fitted(model, y, tol=1e-13)
    assert found.params.noise[0] == pytest.approx(y.var(ddof=1), rel=1e-6)  # the start takes one cell
    means, spreads = model.latent(found.params, whole(ek.ArraySource(y)))
    np.testing.assert_allclose(means, y.mean(), rtol=1e-12)
    np.testing.assert_allclose(spreads, y.var(ddof=1) / 30, rtol=1e-6)


def test_an_observed_autoregression_is_least_squares():
    y = np.random.default_rng(4).standard_normal((50, 2)).cumsum(axis=0)
    model = ek.StateSpace(
        np.full((2, 2), NAN), np.eye(2), state_noise=np.full((2, 2), NAN), noise=[0, 0], start_covariance=[1, 1]
    )
    found = ek.fit(model, y, model.start(as_source(y).profile))
    line = np.linalg.lstsq(y[:-1], y[1:], rcond=None)[0].T
    np.testing.assert_allclose(found.params.transition, line, rtol=1e-10)
    off = y[1:] - y[:-1] @ line.T
    np.testing.assert_allclose(found.params.state_noise, off.T @ off / 49, rtol=1e-10)


def test_given_entries_stay_and_are_not_counted():
    model = ek.StateSpace([[NAN, 0.25], [0.0, NAN]], [[1, 0], [NAN, 1]], state_noise=[NAN, 1.0], start_covariance=[1, 1])
    x = drawn(own(), true(own()), (60,), 0.1).x[:, :2]
    found = ek.fit(model, x, model.start(as_source(x).profile), max_evaluations=30)
    assert found.free_parameters == 6
    assert (found.params.transition[0, 1], found.params.transition[1, 0], found.params.state_noise[1]) == (0.25, 0.0, 1.0)
    held = ek.fit(ek.Frozen(model, "noise[0]"), x, model.start(as_source(x).profile), max_evaluations=30)
    assert held.params.noise[0] == model.start(as_source(x).profile).noise[0]
    assert held.free_parameters == 5


def test_a_variance_of_0_is_an_edge():
    y = np.random.default_rng(1).standard_normal((40, 1)).cumsum(axis=0).cumsum(axis=0)
    model = ek.local_linear_trend()
    found = fitted(model, y)
    assert found.converged
    assert found.boundary == ("state_noise[0]", "noise[0]")  # of the slope are all shocks: its differences are y's second ones
    assert found.params.state_noise[1] == pytest.approx((np.diff(y[:, 0], 2) ** 2).mean(), rel=1e-9)


def test_a_dynamic_factor_is_found():
    model = ek.dynamic_factor(4)
    params = model.params(
        transition=[[0.8, 0], [0, 1]],
        observation=np.column_stack([[1.0, 0.8, -0.5, 0.3], [10.0, 5.0, -2.0, 0.0]]),
        noise=[0.3] * 4,
    )
    x = model.draw(params, np.random.default_rng(0), 400)
    x[np.random.default_rng(1).random(x.shape) < 0.1] = NAN
    found = fitted(model, x).params
    sign = np.sign(found.observation[0, 0])
    np.testing.assert_allclose(found.observation[:, 0] * sign, params.observation[:, 0], atol=0.15)
    np.testing.assert_allclose(found.observation[:, 1], params.observation[:, 1], atol=0.5)
    assert found.transition[0, 0] == pytest.approx(0.8, abs=0.1)


def test_seasons_sum_to_0():
    model = ek.local_level(4)
    y = np.tile([3.0, -1.0, 2.0, -4.0], 10)[:, None] + np.random.default_rng(0).standard_normal((40, 1)) / 10
    params = model.params(state_noise=[0.0, 0.0], noise=[0.01])
    means, _ = model.latent(params, whole(ek.ArraySource(y)))
    np.testing.assert_allclose(means[10, 1], 2.0, atol=0.2)
    np.testing.assert_allclose(means[10:14, 1].sum(), 0.0, atol=1e-9)


def test_forecasts_go_on_from_the_last_row():
    model = ek.local_level()
    params = model.params(state_noise=[2.0], noise=[3.0])
    chunk = whole(ek.ArraySource([[1.0], [2.0], [4.0], [3.0]]))
    means, spreads = model.forecast(params, chunk, 3)
    last, spread = (each[-1].item() for each in model.latent(params, chunk))
    np.testing.assert_allclose(means.ravel(), last, rtol=1e-12)
    np.testing.assert_allclose(spreads.ravel(), spread + 3 + 2 * np.array([1.0, 2.0, 3.0]), rtol=1e-12)


THREE = [[1.0], [2.0], [4.0]]
HOSTILE = {
    "one row": (lambda: ek.local_level(), [[1.0]], ek.DataError, "every series is of one row|never vary"),
    "series of one row": (
        lambda: ek.local_level(), ek.ArraySource(THREE, groups=[0, 1, 2]), ek.DataError, "every series is of one",
    ),
    "an empty column": (
        lambda: ek.StateSpace(np.eye(2), np.eye(2)), [[1.0, NAN], [2.0, NAN], [0.0, NAN]], ek.DataError, "missing in every row",
    ),
    "a constant": (lambda: ek.local_level(), np.full((9, 1), 7.0), ek.DataError, "never vary"),
    "too many columns": (lambda: ek.local_level(), np.eye(3), ek.ParameterError, "of 1 column, but the data have 3"),
    "names": (lambda: ek.local_level(), {"a": ["x", "y", "x", "y"]}, ek.DataError, "hold names"),
    "infinite cells": (lambda: ek.local_level(), [[1.0], [INF], [2.0]], ek.DataError, "inf"),
    "too few cells for the start": (
        lambda: ek.local_level(12), np.random.default_rng(0).standard_normal((8, 1)), ek.DegenerateFitError, "where its states",
    ),
    "a series that tells no start": (
        lambda: ek.local_level(), ek.ArraySource([*THREE, [NAN]], groups=[0, 0, 0, 1]), ek.DegenerateFitError, "series 2",
    ),
    "a state that no cell tells": (
        lambda: ek.StateSpace(np.eye(2), [[1.0, 0.0]]), [[1.0], [2.0], [0.0], [5.0]], ek.DegenerateFitError, "where its states",
    ),
    "states that explode": (
        lambda: ek.StateSpace([[1e200]], [[1.0]], start_covariance=[1.0]), [[1.0], [2.0], [0.0], [5.0]], ek.DegenerateFitError,
        "no density",
    ),
    "weights that differ in one series": (
        lambda: ek.local_level(), ek.ArraySource(THREE, [1, 2, 1]), ek.DataError, "unlike others",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_data_are_refused_in_words(name):
    make, data, error, words = HOSTILE[name]
    with pytest.raises(error, match=words):
        fitted(make(), data)


def test_rows_that_the_filter_did_not_reach_tell_nothing(monkeypatch):
    """Their variances were whatever lay in memory, and a series could pass for one that its states reproduce."""
    make, data, error, words = HOSTILE["states that explode"]
    monkeypatch.setattr(np, "empty", lambda shape, dtype=float, **_: np.full(shape, 1e-300, dtype))
    with pytest.raises(error, match=words):
        fitted(make(), data)


SPOILT = {
    "axes": ({"transition": [1.0], "observation": [[1.0]]}, "transition has 1 axes"),
    "shape": ({"transition": np.eye(2), "observation": [[1.0]]}, "observation has shape (1, 1)"),
    "text": ({"transition": "x", "observation": [[1.0]]}, "transition is no array of numbers"),
    "infinite": ({"transition": [[INF]], "observation": [[1.0]]}, "not finite"),
    "negative": ({"transition": [[1.0]], "observation": [[1.0]], "noise": [-1.0]}, "noise[0] is below 0"),
    "part of a covariance": (
        {"transition": np.eye(2), "observation": np.eye(2), "state_noise": [[NAN, 0], [0, NAN]]}, "estimated as a whole",
    ),
    "no shock": (
        {"transition": [[NAN, 0], [NAN, 1]], "observation": [[1, 0]], "selection": [[1], [0]]}, "row 1 of transition cannot",
    ),
    "a shock of 0": ({"transition": [[NAN]], "observation": [[1]], "state_noise": [0]}, "row 0 of transition cannot"),
    "shared shocks": ({"transition": [[NAN, 0], [0, 1]], "observation": [[1, 0]], "selection": [[1], [1]]}, "each shock moves"),
    "dependent": ({"transition": np.eye(2), "observation": np.eye(2), "selection": np.ones((2, 2))}, "depend on each other"),
    "start": ({"transition": [[1]], "observation": [[1]], "start_covariance": [-1]}, "no covariance"),
    "infinite covariance": (
        {"transition": np.eye(2), "observation": np.eye(2), "start_covariance": [[INF, 1], [1, 1]]}, "infinite variance beside",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_matrices_that_cannot_be_are_refused_in_words(name):
    given, words = SPOILT[name]
    with pytest.raises(ek.ModelError, match=re.escape(words)):
        ek.StateSpace(**given)


def test_parameters_fit_the_model():
    model, y = ek.local_level(), np.random.default_rng(0).standard_normal((9, 1))
    with pytest.raises(ek.ParameterError, match="noise is missing"):
        model.params(state_noise=[1.0])
    with pytest.raises(ek.ParameterError, match="no 'level'"):
        model.params(state_noise=[1.0], noise=[1.0], level=1.0)
    with pytest.raises(ek.ParameterError, match="transition"):
        ek.fit(model, y, ek.StateSpaceParams([[2.0]], [1.0], [[1.0]], [1.0]))
    with pytest.raises(ek.ParameterError, match="shape"):
        ek.fit(model, y, ek.StateSpaceParams([[1.0]], [1.0, 1.0], [[1.0]], [1.0]))
    with pytest.raises(ek.ParameterError, match="transition has shape"):
        ek.fit(model, y, true(own()))
    with pytest.raises(ek.ModelError, match="seasons is 1"):
        ek.local_level(1)
    with pytest.raises(ek.ModelError, match="n_factors"):
        ek.dynamic_factor(2, 3)
    assert tuple(true(own()).__dataclass_fields__) == FIELDS


@pytest.mark.parametrize("pattern", [(0, 0, 0, 0), (1, -2, 3, -2), (4, 0, -1, -3)])
def test_seasons_that_never_change_are_taken_up_by_an_unknown_start(pattern):
    """So the height is the same whatever they are: it had been left on what EM's standstill makes look like a saddle."""
    level = 100 * np.log(macrodata.load_pandas().data["realgdp"].to_numpy())
    y = level + np.array(pattern)[np.arange(len(level)) % 4]
    found = ek.StateSpaceModel("level", seasons=4).fit(y[:, None])
    assert found.converged_
    assert found.result_.log_likelihood == pytest.approx(-322.540420506, abs=1e-7)  # statsmodels, but for 2 log(2 pi)


def test_fewer_cells_than_parameters_are_refused():
    for y in ([1120.0, 1160.0, 963.0, 1210.0], [1.0, 3.0, 2.0, 5.0]):
        with pytest.raises(ek.DataError, match="4 cells cannot tell 6 free parameters"):
            ek.StateSpaceModel(ek.arma(2, 2)).fit(np.array(y)[:, None])


def test_what_is_held_is_not_counted_among_what_few_cells_tell():
    trend = ek.local_linear_trend()
    params = trend.params(noise=[1.0], state_noise=[0.1, 0.1])
    assert ek.fit(ek.Frozen(trend, "noise", "state_noise"), ek.ArraySource([[1.0], [3.0]]), params).free_parameters == 0
