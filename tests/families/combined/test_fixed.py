"""Families without anything to estimate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek


def test_a_uniform_has_the_density_of_scipy():
    params = ek.UniformParams([[-1.0, 2.0], [0.0, 0.0]], [[3.0, 2.5], [1.0, 4.0]])
    x = np.random.default_rng(0).uniform(-2, 5, (200, 2))
    pairs = zip(params.least, params.highest, strict=True)
    wanted = np.stack([stats.uniform.pdf(x, least, highest - least).prod(axis=1) for least, highest in pairs], axis=1)
    np.testing.assert_allclose(np.exp(ek.Uniform().log_density(params, x)), wanted, rtol=1e-12)


def test_bounds_are_those_of_the_data_or_given():
    profile = ek.ArraySource([[1.0, 5.0], [4.0, -2.0]]).profile
    found = ek.Uniform().pooled(profile, 2)
    assert (found.least.tolist(), found.highest.tolist()) == ([[1.0, -2.0]] * 2, [[4.0, 5.0]] * 2)
    assert ek.Uniform(highest=(9, 8)).pooled(profile, 1).highest.tolist() == [[9.0, 8.0]]
    assert ek.PointMass((1, 2)).pooled(profile, 2).at.tolist() == [[1.0, 2.0]] * 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ek.Uniform(1, 1), "a uniform from 1 to 1 has no room"),
        (lambda: ek.Uniform((0, 5), (1, 4)), "from 0, 5 to 1, 4 has no room"),
        (lambda: ek.Uniform("a"), "least is 'a'; give a number for all columns, or one for each"),
        (lambda: ek.PointMass(np.nan), "at is nan; give a number"),
        (lambda: ek.PointMass(()), "give a number"),
    ],
)
def test_settings_that_cannot_be(make, message):
    with pytest.raises(ek.ModelError, match=message):
        make()


def test_data_that_cannot_be():
    constant = ek.ArraySource([[1.0, 2.0], [3.0, 2.0]], columns=["a", "b"]).profile
    with pytest.raises(ek.DataError, match="column 'b' leaves no room from 2 to 2"):
        ek.Uniform().pooled(constant, 1)
    with pytest.raises(ek.DataError, match="at has 3 numbers and the data 2 columns"):
        ek.PointMass((0, 0, 0)).pooled(constant, 1)
    with pytest.raises(ek.DataError, match=r"row 1, column 'a' is 3; a uniform up to 2 has no such rows"):
        ek.Uniform(0, 2).support.check(constant)
    with pytest.raises(ek.DataError, match=r"row 0, column 'b' is 2; a point mass at 1 has no other rows"):
        ek.PointMass(1).support.check(constant)
    with pytest.raises(ek.ParameterError, match=r"least\[0, 1\] is 2, and highest 2; give less"):
        ek.UniformParams([[0.0, 2.0]], [[1.0, 2.0]])


def test_there_is_nothing_to_estimate():
    params = ek.MixtureParams([0.5, 0.5], ek.UniformParams([[0.0], [2.0]], [[3.0], [5.0]]))
    fit = ek.fit(ek.Mixture(ek.Uniform()), np.array([0.5, 1.0, 2.5, 4.0, 4.5, 4.9]), params)
    assert fit.free_parameters == 1
    assert fit.params.proportions == pytest.approx([0.4, 0.6])  # of six rows two and three are certain, and one is shared
    np.testing.assert_array_equal(fit.params.components.least, params.components.least)
