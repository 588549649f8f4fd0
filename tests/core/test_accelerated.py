"""What every accelerated solver must get right: boundaries and plateaus."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

SOLVERS = pytest.mark.parametrize("solver", [ek.solvers.Squarem(), ek.solvers.Anderson()], ids=["squarem", "anderson"])


@SOLVERS
def test_latent_classes_that_end_on_a_boundary_settle(solver):
    rng = np.random.default_rng(26)
    chances = np.array([[0.0, 0.5, 0.9, 0.3], [0.7, 1.0, 0.0, 0.9]])
    x = (rng.random((150, 4)) < chances[rng.integers(0, 2, 150)]).astype(float)
    model = ek.Mixture(ek.Bernoulli())
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.3, 0.4, 0.6, 0.4], [0.6, 0.7, 0.3, 0.6]]))
    plain, fast = (ek.fit(model, x, start, solver=each) for each in (ek.solvers.Plain(), solver))
    assert plain.converged
    assert fast.converged
    assert fast.boundary
    assert abs(fast.objective - plain.objective) < 1e-8
    assert fast.evaluations <= 1.2 * plain.evaluations


@SOLVERS
def test_a_plateau_is_crossed(solver):
    x = np.concatenate([np.random.default_rng(0).normal(m, 1.0, 100) for m in (-2, 2)])
    nearly_equal = ek.MixtureParams([0.5, 0.5], ek.TiedGaussianParams([[-0.01], [0.01]], [[x.var()]]))
    far = ek.MixtureParams([0.5, 0.5], ek.TiedGaussianParams([[-2.0], [2.0]], [[1.0]]))
    model = ek.Mixture(ek.TiedGaussian())
    fast = ek.fit(model, x, nearly_equal, solver=solver)
    assert fast.converged
    assert fast.evaluations < 150  # plain EM is still on the plateau after 20,000
    assert abs(fast.log_likelihood - ek.fit(model, x, far).log_likelihood) < 1e-8
