"""Slivers: few rows far narrower than another component, whatever the units and the rotation."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

WIDE, NARROW, LEAST = np.diag([4.0, 1.0]), np.diag([4.0, 1 / 500]), np.diag([4.0, 1 / 300])


def full(*covariances):
    return ek.FullGaussianParams(np.zeros((len(covariances), 2)), np.stack(covariances))


def slivers(family, params, rows):
    return np.flatnonzero(family.spread.slivers(params, np.array(rows, float))).tolist()


@pytest.mark.parametrize(
    ("covariances", "rows", "expected"),
    [
        ([WIDE, WIDE], [90, 4.4], [1]),  # fewer than 2 d + 1 rows
        ([WIDE, WIDE], [90, 4.6], []),
        ([WIDE, NARROW], [90, 17.9], [1]),  # few rows, and a twentieth as wide in one direction
        ([WIDE, NARROW], [90, 18.1], []),  # many rows make an estimate, however thin
        ([WIDE, LEAST], [90, 10], []),
        ([NARROW, NARROW], [10, 10], []),  # both alike
    ],
)
def test_slivers_among_full_covariances(covariances, rows, expected):
    assert slivers(ek.FullGaussian(), full(*covariances), rows) == expected
    turn = np.diag([1e6, 2e5]) @ np.array([[0.8, -0.6], [0.6, 0.8]])
    turned = full(*(turn @ covariance @ turn.T for covariance in covariances))
    assert slivers(ek.FullGaussian(), turned, rows) == expected


def test_slivers_where_columns_are_independent():
    means, variances = np.zeros((2, 3)), np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0 / 401]])
    assert slivers(ek.DiagonalGaussian(), ek.DiagonalGaussianParams(means, variances), [50, 11]) == [1]
    assert slivers(ek.DiagonalGaussian(), ek.DiagonalGaussianParams(means, variances), [50, 13]) == []
    assert slivers(ek.SphericalGaussian(), ek.SphericalGaussianParams(means, [1.0, 1 / 401]), [50, 11]) == [1]
    assert slivers(ek.Gamma(), ek.GammaParams([[2.0], [900.0]], [[5.0], [1e9]]), [50, 11]) == [1]
    assert slivers(ek.Gamma(), ek.GammaParams([[2.0], [700.0]], [[5.0], [1e-9]]), [50, 11]) == []


def test_families_whose_likelihood_is_bounded_have_none():
    assert slivers(ek.Poisson(), ek.PoissonParams([[0.0], [100.0]]), [1, 1]) == []
    shared = ek.TiedGaussianParams(np.zeros((2, 2)), WIDE)
    assert slivers(ek.TiedGaussian(), shared, [1, 99]) == []


def test_a_search_prefers_a_lower_maximum_to_a_sliver():
    """Five rows on a line, in the midst of two round clusters: a third component on them is higher than any sound one."""
    rng = np.random.default_rng(3)
    line = np.c_[np.linspace(2, 4, 5), 3 + 1e-2 * rng.normal(size=5)]
    x = np.concatenate([rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) + 6, line])
    found = ek.GaussianMixture(3, random_state=0).fit(x).result_
    start = ek.MixtureParams(
        [0.48, 0.48, 0.04], ek.FullGaussianParams([[0, 0], [6, 6], [3, 3]], [np.eye(2), np.eye(2), np.diag([1, 1e-4])])
    )
    sliver = ek.fit(found.model, x, start)
    assert sliver.converged
    assert sliver.log_likelihood > found.log_likelihood + 1
    assert sliver.degenerate == found.degenerate == ()  # no floor holds it: it is a maximum, but not one to look for
    assert found.model.slivers(sliver.params, sliver.source.profile) == (2,)
    assert found.model.slivers(found.params, found.source.profile) == ()
