"""Parameters that keep the value they start with."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
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
