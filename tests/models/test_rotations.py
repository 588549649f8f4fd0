"""Turns of factors."""

from __future__ import annotations

import numpy as np
import pytest

from emkit.models.rotations import principal, promax, rotated, varimax

LOADINGS = np.array([[0.65, 0.35], [0.35, 0.54], [0.47, 0.75], [0.25, 0.41], [0.96, -0.13], [0.81, -0.04]])
NOISE = 1 - (LOADINGS**2).sum(axis=1)
HOWS = [None, "varimax", "promax"]


def simplicity(loadings):
    """Kaiser's criterion: how much the squares of loadings vary within factors, rows taken at equal length."""
    equal = loadings / np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    return float((equal**2).var(axis=0).sum())


def test_varimax_is_the_best_of_all_rotations():
    best = simplicity(LOADINGS @ varimax(LOADINGS))
    for angle in np.linspace(0, np.pi, 400):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        assert simplicity(LOADINGS @ turn) <= best + 1e-12


def test_promax_makes_small_loadings_smaller_and_factors_of_variance_1():
    found = rotated(LOADINGS, NOISE, "promax")
    np.testing.assert_allclose(np.diag(found.correlation), 1, rtol=1e-12)
    assert np.abs(found.loadings).min(axis=1).sum() < np.abs(LOADINGS @ varimax(LOADINGS)).min(axis=1).sum()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("m", [1, 2])
def test_turned_factors_have_the_same_covariance(how, m):
    found = rotated(LOADINGS[:, :m], NOISE, how)
    np.testing.assert_allclose(found.loadings, LOADINGS[:, :m] @ found.turn, atol=1e-12)
    common = found.loadings @ found.correlation @ found.loadings.T
    np.testing.assert_allclose(common, LOADINGS[:, :m] @ LOADINGS[:, :m].T, atol=1e-12)
    assert (found.loadings.sum(axis=0) > 0).all()


@pytest.mark.parametrize("how", HOWS)
def test_the_turn_before_does_not_matter(how):
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((2, 2)))[0]
    one, other = (rotated(given, NOISE, how).loadings for given in (LOADINGS, LOADINGS @ turn))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_principal_axes_are_orthogonal_in_units_of_uniquenesses():
    found = principal(LOADINGS, NOISE)
    across = found.T @ (found / NOISE[:, None])
    assert abs(across[0, 1]) < 1e-12
    assert across[0, 0] > across[1, 1]


def test_no_column_on_a_factor_is_no_harm():
    assert np.isfinite(varimax(np.zeros((3, 2)))).all()
    assert promax(LOADINGS[:, :1]) == 1
