"""Parameters that keep the value they start with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import logsumexp

import emkit as ek
from emkit import FullGaussianParams
from emkit.models import bare

X = np.concatenate([np.random.default_rng(0).normal(m, 1.0, (40, 2)) for m in (-2, 2)])
START = ek.MixtureParams([0.4, 0.6], ek.FullGaussianParams([[-1.0, 0], [1, 0]], [np.eye(2)] * 2))
MODEL = ek.Mixture(ek.FullGaussian())


def test_with_held_means_the_covariance_is_taken_about_them():
    one = ek.MixtureParams([1.0], ek.FullGaussianParams([[0.5, -0.5]], [np.eye(2)]))
    result = ek.fit(ek.Frozen(MODEL, "components.means"), X, one)
    deviation = X - [0.5, -0.5]
    np.testing.assert_allclose(result.params.components.covariances[0], deviation.T @ deviation / len(X), rtol=1e-12)


def test_a_path_with_fields_below_holds_them_all():
    result = ek.fit(ek.Frozen(MODEL, "components"), X, START)
    assert np.array_equal(result.params.components.means, START.components.means)
    assert np.array_equal(result.params.components.covariances, START.components.covariances)
    assert not np.array_equal(result.params.proportions, START.proportions)
    assert result.free_parameters == 1


def test_with_everything_held_there_is_nothing_to_do():
    result = ek.fit(ek.Frozen(MODEL, "components", "proportions"), X, START)
    assert result.converged
    assert result.free_parameters == 0
    assert result.evaluations <= 3


def test_frozen_models_nest_and_can_be_laid_bare():
    nested = ek.Frozen(ek.Frozen(MODEL, "proportions"), "components.means")
    assert bare(nested) is MODEL
    result = ek.fit(nested, X, START)
    assert np.array_equal(result.params.proportions, START.proportions)
    assert np.array_equal(result.params.components.means, START.components.means)
    assert result.free_parameters == 6


def test_the_assignment_of_the_inner_model_counts():
    assert ek.Frozen(MODEL, "proportions").ascends
    assert not ek.Frozen(ek.Mixture(ek.FullGaussian(), ek.Sampled()), "proportions").ascends


@pytest.mark.parametrize("path", ["component", "components.rates", "proportions.x", "means"])
def test_an_unknown_path_lists_what_can_be_held(path):
    with pytest.raises(ek.ModelError, match=f"no parameter '{path}' to freeze; this model updates proportions, components"):
        ek.Frozen(MODEL, path)


COUNTS = np.random.default_rng(2).poisson([[2.0, 6.0]] * 40 + [[7.0, 1.0]] * 30).astype(float)
RATES = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[3.0, 5.0], [6.0, 2.0]]))


def direct(held, free, start):
    """The best log-likelihood of two Poisson components, found by another road: `held` and `free` places of the rates."""

    def negative(v):
        p, rates = 1 / (1 + np.exp(-v[0])), start.components.rates.copy()
        for place, number in zip(free, v[1:], strict=True):
            rates[place] = np.exp(number)
        joint = stats.poisson.logpmf(COUNTS[:, None, :], rates).sum(axis=2) + np.log([p, 1 - p])
        return -logsumexp(joint, axis=1).sum()

    return -minimize(negative, [0.0, *(np.log(start.components.rates[place]) for place in free)], tol=1e-12).fun


@pytest.mark.parametrize("held", [[(0, 0)], [(0, 0), (0, 1)], [(0, 1), (1, 0)]])
def test_single_elements_are_held_and_the_rest_is_the_maximum(held):
    model = ek.Frozen(ek.Mixture(ek.Poisson()), *(f"components.rates[{i}, {j}]" for i, j in held))
    result = ek.fit(model, COUNTS, RATES, solver="squarem", tol=1e-12)
    free = [place for place in np.ndindex(2, 2) if place not in held]
    assert result.converged
    for place in held:
        assert result.params.components.rates[place] == RATES.components.rates[place]
    assert result.free_parameters == 1 + len(free)
    assert result.log_likelihood == pytest.approx(direct(held, free, RATES), abs=1e-6)
    errors = result.standard_errors()
    assert not any(f"components.rates[{i}, {j}]" in errors.names for i, j in held)
    assert np.isfinite([errors[f"components.rates[{i}, {j}]"] for i, j in free]).all()
    ek.check_model(model, COUNTS, result.params)


def test_a_component_is_held_by_its_number():
    whole = ek.fit(ek.Frozen(ek.Mixture(ek.Poisson()), "components.rates[1]"), COUNTS, RATES)
    each = ek.fit(ek.Frozen(ek.Mixture(ek.Poisson()), "components.rates[1, 0]", "components.rates[1, 1]"), COUNTS, RATES)
    np.testing.assert_array_equal(whole.params.components.rates, each.params.components.rates)
    assert whole.free_parameters == each.free_parameters == 3


def test_a_probability_is_held_and_the_others_of_its_vector_share_the_rest():
    x = np.random.default_rng(0).integers(3, size=(80, 2)).astype(float)
    shares = [[[0.2, 0.3, 0.5], [0.5, 0.5, 0.0]], [[0.1, 0.6, 0.3], [0.3, 0.3, 0.4]]]
    start = ek.MixtureParams([0.4, 0.6], ek.CategoricalParams(shares))
    path = "components.columns.0.probabilities"
    result = ek.fit(ek.Frozen(ek.Mixture(ek.Categorical()), f"{path}[0, 1]", f"{path}[1, 2]"), x, start, max_evaluations=50)
    first = result.params.components.columns[0].probabilities
    assert (first[0, 1], first[1, 2]) == (0.3, 0.0)
    np.testing.assert_allclose(first.sum(axis=1), 1, rtol=1e-14)
    assert result.free_parameters == 1 + 2 * 2 * 2 - 2
    assert all(np.diff([entry.objective for entry in result.history]) >= -1e-10)
    ek.check_model(result.model, x, result.params)


def test_what_depends_on_each_other_cannot_be_held_alone():
    x, start = (
        np.random.default_rng(0).normal(size=(40, 2)),
        ek.MixtureParams([1.0], FullGaussianParams([[0.0, 0]], [np.eye(2)])),
    )
    model = ek.Mixture(ek.FullGaussian())
    with pytest.raises(ek.ModelError, match=r"along the column axis .* Hold components.means\[0\]"):
        ek.fit(ek.Frozen(model, "components.means[0, 1]"), x, start)
    with pytest.raises(ek.ModelError, match="single elements of a covariance cannot be held"):
        ek.fit(ek.Frozen(model, "components.covariances[0, 0, 1]"), x, start)
    with pytest.raises(
        ek.ModelError, match=r"there is no 'components.means\[3\]' to hold: components.means has shape \(1, 2\)"
    ):
        ek.fit(ek.Frozen(model, "components.means[3]"), x, start)
    with pytest.raises(ek.ModelError, match="names no parameter"):
        ek.Frozen(model, "components.means[a]")
    held = ek.fit(ek.Frozen(model, "components.covariances[0]"), x, start)
    np.testing.assert_array_equal(held.params.components.covariances, start.components.covariances)
    assert held.free_parameters == 2


class Half(ek.Mixture):
    """A mixture whose proportions have no update."""

    def belonging_updates(self):
        return {}


def test_what_no_update_moves_is_not_counted():
    result = ek.fit(Half(ek.Poisson()), COUNTS, RATES)
    assert result.free_parameters == 4
    np.testing.assert_array_equal(result.params.proportions, RATES.proportions)


def test_components_told_apart_by_what_is_held_stay_in_their_order():
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[8.0, 1.0], [1.0, 6.0]]))
    result = ek.fit(ek.Frozen(ek.Mixture(ek.Poisson()), "components.rates[0]"), COUNTS, start)
    assert result.in_order().params is result.params
    errors = result.in_order().standard_errors()
    assert not any(name.startswith("components.rates[0") for name in errors.names)
    assert np.isfinite(errors["components.rates[1, 0]"])


def test_an_estimate_that_others_determine_has_no_standard_error():
    x = np.array([0.0, 1, 1, 1, 0, 1, 1])
    start = ek.MixtureParams([1.0], ek.CategoricalParams([[[0.3, 0.4, 0.3]]]))
    result = ek.fit(ek.Frozen(ek.Mixture(ek.Categorical((3,))), "components.columns.0.probabilities[0, 0]"), x, start)
    np.testing.assert_allclose(result.params.components.columns[0].probabilities, [[0.3, 0.7, 0.0]], atol=1e-12)
    errors = result.standard_errors()
    assert all(np.isnan(errors[name]) and "boundary" in errors.reasons[name] for name in errors.names if "[0, 1]" in name)


def test_a_component_without_rows_leaves_the_others_their_standard_errors():
    two = ek.fit(ek.Mixture(ek.Poisson()), COUNTS, RATES, solver="squarem")
    three = ek.MixtureParams([*two.params.proportions, 0.0], ek.PoissonParams([*two.params.components.rates, [1.0, 1.0]]))
    held = ek.Frozen(ek.Mixture(ek.Poisson()), "proportions[2]")
    result = ek.fit(held, COUNTS, three)  # no warning: it is held there
    errors = result.standard_errors()
    for name in ("components.rates[0, 0]", "components.rates[1, 1]", "proportions[0]"):
        assert errors[name] == pytest.approx(two.standard_errors()[name], rel=1e-4)
    assert np.isnan(errors["components.rates[2, 0]"])
    assert errors.reasons["components.rates[2, 0]"] == "its component has no rows"


class Guarded(ek.Mixture):
    """An M-step of its own beside the chain, which overshoots."""

    def belonging_updates(self):
        return {"proportions": lambda s, before, now: np.clip(3 * s.mass / s.mass.sum() - 2 * before.proportions, 0.01, 0.99)}

    def m_step(self, stats, params):
        return ek.no_lower(self, stats, params, super().m_step(stats, params))


class Mute(Guarded):
    """The same, without an expected log-likelihood."""

    def expected(self, stats, before, now):
        raise NotImplementedError


def test_a_guard_of_the_m_step_guards_what_is_left_of_it():
    result = ek.fit(ek.Frozen(Guarded(ek.Poisson()), "components"), COUNTS, RATES, max_evaluations=60)
    assert all(np.diff([entry.objective for entry in result.history]) >= -1e-9)
    with pytest.raises(ek.ModelError, match=r"writes m_step beside updates\(\)"):
        ek.fit(ek.Frozen(Mute(ek.Poisson()), "components"), COUNTS, RATES)


@pytest.mark.parametrize("path", ["proportions.", "components.rates.", ["proportions"], 3, "", "components.rates[-1]"])
def test_paths_that_are_none(path):
    with pytest.raises(ek.ModelError):
        ek.Frozen(ek.Mixture(ek.Poisson()), path)


def test_starts_hold_one_value_all_of_them():
    model = ek.Frozen(ek.Mixture(ek.Poisson()), "components.rates[0]")
    starts = model.starts(ek.ArraySource(COUNTS).profile, 2, range(5))
    assert len({tuple(start.components.rates[0]) for start in starts}) == 1
    assert len({tuple(start.components.rates[1]) for start in starts}) > 1
