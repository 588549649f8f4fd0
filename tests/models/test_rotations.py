"""Turns of factors."""

from __future__ import annotations

import numpy as np
import pytest

from emkit.models.rotations import oblimin, principal, promax, rotated, varimax

LOADINGS = np.array([[0.65, 0.35], [0.35, 0.54], [0.47, 0.75], [0.25, 0.41], [0.96, -0.13], [0.81, -0.04]])
NOISE = 1 - (LOADINGS**2).sum(axis=1)
HOWS = [None, "varimax", "promax", "oblimin"]


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


def products(loadings):
    """Across the two factors, of squares of loadings."""
    return float((loadings[:, 0] ** 2 * loadings[:, 1] ** 2).sum())


def test_oblimin_is_the_best_of_all_pairs_of_factors():
    best = products(LOADINGS @ oblimin(LOADINGS))
    assert best < products(LOADINGS @ varimax(LOADINGS))
    angles = np.linspace(0, np.pi, 181)
    for a in angles:
        for b in angles[np.abs(np.sin(angles - a)) > 0.05]:
            factors = np.array([[np.cos(a), np.cos(b)], [np.sin(a), np.sin(b)]])
            assert products(LOADINGS @ np.linalg.inv(factors).T) >= best - 1e-12
    found = rotated(LOADINGS, NOISE, "oblimin")
    np.testing.assert_allclose(np.diag(found.correlation), 1, rtol=1e-12)
    assert abs(found.correlation[0, 1]) < 1


def test_oblimin_finds_factors_of_which_each_column_knows_one():
    simple = np.array([[0.8, 0], [0.7, 0], [0.6, 0], [0, 0.9], [0, 0.5], [0, 0.7]])
    factors = np.array([[1.0, 0.4], [0.0, np.sqrt(1 - 0.16)]])
    found = rotated(simple @ factors.T, np.full(6, 0.3), "oblimin")
    np.testing.assert_allclose(np.sort(np.abs(found.loadings), axis=1)[:, 0], 0, atol=1e-6)
    assert abs(found.correlation[0, 1]) == pytest.approx(0.4, abs=1e-6)


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
    assert np.isfinite(oblimin(np.zeros((3, 2)))).all()
    assert promax(LOADINGS[:, :1]) == 1
    assert oblimin(LOADINGS[:, :1]) == 1
