"""Unit rows: SciPy's density, other solvers, many dimensions, and rows from everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek

RNG = np.random.default_rng(4)
VECTORS = np.array([[3.0, 0.0, 4.0], [-20.0, 50.0, 10.0], [0.01, 0.02, 0.0]])


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("d", [2, 3, 12, 60])
def test_the_density_is_scipys(d):
    x, vectors = unit(RNG.standard_normal((40, d))), RNG.standard_normal((4, d)) * np.array([[0.1], [1.0], [20.0], [90.0]])
    params = ek.VonMisesFisherParams(vectors)
    ours = ek.VonMisesFisher().log_density(params, x)
    pairs = zip(params.directions, params.concentrations, strict=True)
    theirs = np.stack([stats.vonmises_fisher(m, c).logpdf(x) for m, c in pairs], axis=1)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-11)


def test_known_parameters_come_back_from_drawn_rows():
    states = np.repeat([0, 1], [6_000, 14_000])
    x = ek.VonMisesFisher().draw(ek.VonMisesFisherParams(VECTORS[:2]), RNG, states)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1)
    start = ek.VonMisesFisherParams([[1.0, 0.0, 1.0], [-1.0, 2.0, 0.0]])
    fit = ek.fit(ek.Mixture(ek.VonMisesFisher()), x, ek.MixtureParams([0.5, 0.5], start))
    np.testing.assert_allclose(fit.params.components.directions, unit(VECTORS[:2]), atol=0.02)
    np.testing.assert_allclose(fit.params.components.concentrations, [5.0, np.linalg.norm(VECTORS[1])], rtol=0.04)


def test_one_component_is_scipys_fit():
    x = unit(RNG.normal([2.0, 0, 0, 1, 0], 1.0, (200, 5)))
    params = ek.MixtureModel("von-mises-fisher", 1).fit(x).components_
    direction, concentration = stats.vonmises_fisher.fit(x)
    np.testing.assert_allclose(params.directions[0], direction, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(params.concentrations, concentration, rtol=1e-7)


def test_texts_of_two_kinds_in_a_thousand_dimensions_are_told_apart():
    centres = unit(RNG.standard_normal((2, 1000)))
    kinds = RNG.integers(0, 2, 300)
    x = unit(centres[kinds] + 0.03 * RNG.standard_normal((300, 1000)))
    model = ek.MixtureModel("von-mises-fisher", 2, random_state=0, n_init=2).fit(x)
    labels = model.predict(x)
    assert (labels == kinds).all() or (labels != kinds).all()


def test_opposite_rows_come_from_everywhere():
    x = np.concatenate([np.eye(3), -np.eye(3)])
    params = ek.MixtureModel("von-mises-fisher", 1).fit(x).components_
    np.testing.assert_array_equal(params.concentrations, 0)
    assert np.isfinite(ek.VonMisesFisher().log_density(params, x)).all()
    np.testing.assert_allclose(ek.VonMisesFisher().log_density(params, x), -np.log(4 * np.pi), rtol=1e-13)


def test_equal_rows_rest_on_the_floor():
    x = np.concatenate([np.tile([0.0, 0.0, 1.0], (5, 1)), unit(RNG.normal([1.0, 0, 0], 1.0, (60, 3)))])
    start = ek.MixtureParams([0.1, 0.9], ek.VonMisesFisherParams([[0.0, 0.0, 500.0], [1.0, 0.0, 0.0]]))
    with pytest.warns(ek.DegenerateFitWarning):
        fit = ek.fit(ek.Mixture(ek.VonMisesFisher()), x, start)
    assert 0 in fit.degenerate


def test_rows_of_another_length_are_refused():
    with pytest.raises(ek.DataError, match="the rows must have length 1"):
        ek.MixtureModel("von-mises-fisher", 1).fit([[1.0, 0.0], [1.0, 1.0]])
