"""Influence of rows, against fits without them."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(4)
X = np.concatenate([RNG.normal(0, 1, 120), RNG.normal(5, 1, 80), [9.5]])
START = ek.MixtureParams([0.6, 0.4], ek.DiagonalGaussianParams([[0.0], [5.0]], [[1.0], [1.0]]))
MODEL = ek.Mixture(ek.DiagonalGaussian())
FIT = ek.fit(MODEL, X, START, tol=1e-13)


def moved_without(row: int) -> np.ndarray:
    there = ek.fit(MODEL, np.delete(X, row), START, tol=1e-13)
    entries = FIT.model.coordinates(FIT.params).entries
    return entries(there.params) - entries(FIT.params)


def test_the_row_farthest_out_moves_the_estimates_most():
    assert FIT.influence().most(1).tolist() == [200]


@pytest.mark.parametrize("row", [0, 50, 130, 199])
def test_a_shift_is_about_that_of_a_fit_without_the_row(row):
    found, wanted = FIT.influence().shifts[row], moved_without(row)
    errors = FIT.standard_errors().errors
    np.testing.assert_allclose(found / errors, wanted / errors, atol=0.02)
    assert np.sign(found[3]) == np.sign(wanted[3])


def test_distances_are_those_of_the_shifts():
    """For means alone: n (mean without - mean)^2 / variance."""
    x = RNG.normal(2, 3, 50)
    held = ek.Frozen(MODEL, "components.variances")
    result = ek.fit(held, x, ek.MixtureParams([1.0], ek.DiagonalGaussianParams([[2.0]], [[9.0]])))
    found = result.influence()
    np.testing.assert_allclose(found.distances, 50 * ((x - x.mean()) / 50) ** 2 / 9, rtol=1e-6)


def test_weights_are_left_out_together():
    weighted = ek.fit(MODEL, X, START, weights=np.where(np.arange(201) == 7, 3.0, 1.0), tol=1e-13).influence()
    repeated = ek.fit(MODEL, np.concatenate([X, [X[7]] * 2]), START, tol=1e-13).influence()
    np.testing.assert_allclose(weighted.shifts[7], 3 * repeated.shifts[7], rtol=1e-6, atol=1e-12)


def test_boundary_estimates_do_not_move_and_a_singular_fit_has_no_influence():
    counts = [0.0] * 20 + [3, 4, 5, 6, 2, 4]
    result = ek.fit(ek.Mixture(ek.Poisson()), counts, ek.MixtureParams([0.7, 0.3], ek.PoissonParams([[0.0], [4.0]])))
    found = result.influence()
    assert np.isnan(found.shifts[:, found.names.index("components.rates[0, 0]")]).all()
    assert np.isfinite(found.distances).all()
    flat = ek.fit(ek.Mixture(ek.Bernoulli()), [0.0, 1, 1, 0, 1], ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.3], [0.8]])))
    with pytest.raises(ek.ModelError, match=r"there is no telling how much a row moves the estimates: .*singular"):
        flat.influence()
