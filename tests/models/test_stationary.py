"""Chains that begin in their long run: published fits, one M-step for start and moves, free parameters, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

import emkit as ek
from emkit.core.parameters import replace_at
from emkit.inference.differences import curvature_steps, hessian, jacobian
from emkit.models.components import ComponentStats
from emkit.models.long_run import stationary
from tests.laws.chains import labels
from tests.models.test_hidden_markov import DATA

CHAIN = ek.StationaryHiddenMarkovChain("poisson")


def params_of(rates, stay=0.9):
    k = len(rates)
    transitions = np.full((k, k), (1 - stay) / (k - 1)) + (stay - (1 - stay) / (k - 1)) * np.eye(k)
    return ek.StationaryHiddenMarkovParams(transitions, ek.PoissonParams(np.array(rates)[:, None]))


@pytest.fixture(scope="module")
def counts():
    return np.loadtxt(DATA, delimiter=",", skiprows=1)[:, 1:]


@pytest.fixture(scope="module")
def fitted(counts):
    return ek.fit(CHAIN, counts, params_of([15.0, 25.0]), solver="anderson", tol=1e-12)


@pytest.mark.parametrize(("rates", "height"), [([15, 25], 342.3183), ([13, 20, 30], 329.4603), ([11, 14, 20, 30], 327.8316)])
def test_published_fits_of_earthquakes(counts, rates, height):
    found = ek.fit(CHAIN, counts, params_of(rates), solver="anderson")
    assert -found.log_likelihood == pytest.approx(height, abs=6e-5)
    assert found.free_parameters == len(rates) ** 2


def test_published_estimates_of_two_states(fitted):
    """Zucchini & MacDonald 2009, chapter 3, where they are printed to three digits."""
    np.testing.assert_allclose(fitted.params.components.rates.ravel(), [15.472, 26.125], atol=6e-4)
    np.testing.assert_allclose(fitted.params.transitions, [[0.934, 0.066], [0.129, 0.871]], atol=6e-4)
    np.testing.assert_allclose(fitted.params.initial @ fitted.params.transitions, fitted.params.initial, rtol=1e-13)


def test_the_estimator_and_its_search_find_them(counts):
    model = ek.HiddenMarkov("poisson", 3, initial="stationary", random_state=0).fit(counts)
    assert model.result_.log_likelihood == pytest.approx(-329.4603, abs=6e-5)
    np.testing.assert_allclose(model.startprob_, model.get_stationary_distribution(), rtol=1e-12)
    assert "initial" not in model.result_.standard_errors().reasons
    with pytest.raises(ek.ParameterError, match="no sequence begins in its long run"):
        ek.HiddenMarkov("poisson", 3, initial="stationary", topology="left-right").fit(counts)


def test_standard_errors_are_those_of_the_curvature(fitted):
    with fitted.em() as em:
        there = em.coordinates.pack(fitted.params)
        height = lambda v: em.objective(em.coordinates.unpack(v, fitted.params))  # noqa: E731
        covariance = np.linalg.inv(-hessian(height, there, curvature_steps(height, there)))
        seen = lambda v: em.coordinates.entries(em.coordinates.unpack(v, fitted.params))  # noqa: E731
        slope = jacobian(seen, there, np.full(len(there), 1e-3))
        names = em.coordinates.entry_names(fitted.params)
    errors = fitted.standard_errors()
    np.testing.assert_allclose([errors[name] for name in names], np.sqrt(np.diag(slope @ covariance @ slope.T)), rtol=1e-5)


@pytest.mark.parametrize("lengths", [[107], [7] * 15 + [2], [3, 104]])
def test_an_m_step_is_the_highest_point_near_it(counts, lengths):
    rng, source = np.random.default_rng(4), ek.ArraySource(counts, groups=labels(lengths))
    for rates in ([15.0, 25.0], [13.0, 20.0, 30.0]):
        start = params_of(rates)
        stats = ek.EMMap(CHAIN, source, start).expectation(start).statistics
        update = CHAIN.m_step(stats, start)
        coordinates = CHAIN.coordinates(update)
        here, best = coordinates.pack(update), CHAIN.expected(stats, start, update).value
        for length in (1e-4, 1e-2, 0.3):
            for move in rng.standard_normal((20, len(here))):
                there = CHAIN.expected(stats, start, coordinates.unpack(here + length * move, update)).value
                assert there <= best + 1e-12 * (1 + abs(best))
        assert "E-step" in str(ek.check_model(CHAIN, source, start))


@pytest.mark.parametrize("seed", range(20))
def test_an_m_step_never_leads_down_whatever_was_counted(seed):
    """Few moves, and many starts in states that are seldom come to: where the fixed point alone would fall."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 6))
    start = ek.StationaryHiddenMarkovParams(rng.dirichlet(np.ones(k), k), ek.PoissonParams(np.ones((k, 1))))
    counted = ek.models.chains.Moves(rng.gamma(0.3, 20.0, k), rng.gamma(0.2, 1.0, (k, k)))
    moved = CHAIN.belonging_updates()["transitions"](ComponentStats(counted, None), start, start)
    now = replace_at(start, {"transitions": moved})
    before, after = (CHAIN.belonging_expected(counted, start, params) for params in (start, now))
    assert after.value >= before.value
    along = moved * after.slopes["transitions"]
    uphill = along - moved * along.sum(axis=1, keepdims=True)
    assert np.abs(uphill).max() <= 1e-5 * (1 + abs(after.value))


def test_a_transition_that_is_0_stays_0(counts):
    start = replace_at(params_of([13.0, 20.0, 30.0]), {"transitions": [[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]]})
    found = ek.fit(ek.Frozen(CHAIN, "transitions"), counts, start, solver="squarem")
    assert found.params.transitions.tolist() == start.transitions.tolist()
    zeros = ek.Frozen(CHAIN, "transitions[0, 2]", "transitions[2, 0]")
    free, held = (ek.fit(model, counts, start, solver="squarem") for model in (CHAIN, zeros))
    assert held.params.transitions[0, 2] == held.params.transitions[2, 0] == 0
    assert held.free_parameters == 3 + 4
    assert held.log_likelihood == pytest.approx(free.log_likelihood, abs=1e-8)
    assert held.log_likelihood > found.log_likelihood
    with pytest.raises(ek.ModelError, match=r"transitions\[0, 1\] cannot be held alone.*Hold transitions"):
        ek.fit(ek.Frozen(CHAIN, "transitions[0, 1]"), counts, start)


def test_a_prior_makes_states_stick(counts):
    """As another solver finds it; the M-step has no formula, and never falls."""
    model = ek.WithPrior(CHAIN, {"transitions": ek.DirichletPrior(1 + 9 * np.eye(2))})
    found = ek.fit(model, counts, params_of([15.0, 25.0]), solver="anderson", tol=1e-12)
    with found.em() as em:
        loss = lambda v: -em.objective(em.coordinates.unpack(v, found.params))  # noqa: E731
        other = minimize(loss, em.coordinates.pack(params_of([15.0, 25.0])), method="BFGS")
    assert found.objective == pytest.approx(-other.fun, abs=1e-6)
    assert np.all(np.diff([entry.objective for entry in found.history]) >= -1e-9)


def test_there_must_be_one_stationary_distribution(counts):
    two = replace_at(params_of([15.0, 25.0]), {"transitions": np.eye(2)})
    with pytest.raises(ek.ParameterError, match="no one stationary distribution"):
        ek.fit(CHAIN, counts, two)
    np.testing.assert_allclose(stationary(np.array([[0.5, 0.5], [0.0, 1.0]])), [0.0, 1.0], atol=1e-15)


def test_rows_drawn_begin_in_the_long_run():
    params = replace_at(params_of([2.0, 20.0]), {"transitions": [[0.95, 0.05], [0.2, 0.8]]})
    rng = np.random.default_rng(0)
    first = [CHAIN.draw(params, rng, 1)[1][0] for _ in range(4_000)]
    assert np.mean(first) == pytest.approx(0.2, abs=0.02)


def test_a_fit_is_stored(counts, fitted, tmp_path):
    fitted.save(tmp_path / "quakes.emk")
    again = ek.load(tmp_path / "quakes.emk")
    np.testing.assert_array_equal(again.predict(counts), fitted.predict(counts))
    assert again.params.initial.tolist() == fitted.params.initial.tolist()
    assert "Stationary hidden Markov chain of 2 poisson states" in str(again.summary())
