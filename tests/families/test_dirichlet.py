"""Rows of shares: SciPy's density, other solvers, and rows at the edge of what is possible."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek

RNG = np.random.default_rng(3)
A = np.array([[0.3, 2.0, 5.0, 1.0], [9.0, 40.0, 3.0, 0.8], [400.0, 300.0, 150.0, 900.0]])


def test_the_density_is_scipys():
    x = RNG.dirichlet([2.0, 3.0, 1.0, 4.0], 50)
    x /= x.sum(axis=1, keepdims=True)
    ours = ek.Dirichlet().log_density(ek.DirichletParams(A), x)
    theirs = np.array([[stats.dirichlet.logpdf(row[:3], a) for a in A] for row in x])
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-10)


def test_known_parameters_come_back_from_drawn_rows():
    x = ek.Dirichlet().draw(ek.DirichletParams(A[:2]), RNG, np.repeat([0, 1], [12_000, 18_000]))
    fit = ek.fit(ek.Mixture(ek.Dirichlet()), x, ek.MixtureParams([0.5, 0.5], ek.DirichletParams([[1, 2, 4, 1], [6, 20, 3, 1]])))
    np.testing.assert_allclose(fit.params.components.concentrations, A[:2], rtol=0.06)
    np.testing.assert_allclose(fit.params.proportions, [0.4, 0.6], atol=0.01)


def test_newtons_method_arrives_from_far_away():
    from emkit.families.dirichlet import best

    logs = np.log(RNG.dirichlet(A[1], 500)).mean(axis=0, keepdims=True)
    ends = [best(np.full((1, 4), start), logs) for start in (1e-3, 1.0, 1e6)]
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-9)
    np.testing.assert_allclose(ends[2], ends[1], rtol=1e-9)


def test_equal_rows_rest_on_the_floor():
    x = np.concatenate([np.tile([0.2, 0.3, 0.5], (5, 1)), RNG.dirichlet([2, 2, 2], 60)])
    start = ek.MixtureParams([0.1, 0.9], ek.DirichletParams([[200.0, 300.0, 500.0], [2.0, 2.0, 2.0]]))
    with pytest.warns(ek.DegenerateFitWarning):
        fit = ek.fit(ek.Mixture(ek.Dirichlet()), x, start)
    assert 0 in fit.degenerate
    assert np.isfinite(fit.params.components.concentrations).all()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([0.5, 0.5, 0.0], "row 1, column 'x2' is 0; shares must be numbers > 0"),
        ([0.5, 0.4, 0.2], "shares of a row must sum to 1"),
    ],
)
def test_impossible_rows_are_refused(row, said):
    with pytest.raises(ek.DataError, match=said):
        ek.MixtureModel("dirichlet", 1).fit([[0.2, 0.3, 0.5], row])
