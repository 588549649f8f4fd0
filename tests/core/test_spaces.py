"""Spaces: what they refuse, and that their coordinates come back; by examples and by random search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import emkit as ek

SPACES = {
    "real": (ek.Real(), (2, 3), 6),
    "positive": (ek.Positive(), (4,), 4),
    "probability": (ek.Probability(), (3, 2), 6),
    "simplex": (ek.Simplex(), (2, 4), 6),
    "positive-definite": (ek.PositiveDefinite(), (2, 3, 3), 12),
}
every_space = pytest.mark.parametrize(("space", "shape", "size"), SPACES.values(), ids=SPACES)


@every_space
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_coordinates_come_back_and_land_inside(space, shape, size, data):
    there = data.draw(arrays(np.float64, size, elements=st.floats(-2, 2)))
    value = space.unpack(there, shape)
    space.check(value, "value")
    assert space.size(shape) == size
    np.testing.assert_allclose(space.pack(value), there, rtol=1e-9, atol=1e-9)


@every_space
def test_entries_have_a_name_each(space, shape, size):
    value = space.unpack(np.linspace(-1, 1, size), shape)
    indices = space.entry_indices(shape)
    np.testing.assert_array_equal(space.entries(value), [value[index] for index in indices])
    assert len(space.free_entries(value)) == size


@pytest.mark.parametrize(
    ("space", "value", "complaint"),
    [
        (ek.Real(), [0.0, np.nan], r"theta\[1\] is nan; parameters must be finite numbers"),
        (ek.Positive(), [[1.0, 0.0]], r"theta\[0, 1\] is 0; it must be > 0"),
        (ek.Probability(), [0.2, 1.5], r"theta\[1\] is 1.5; a probability must lie between 0 and 1"),
        (ek.Simplex(), [0.5, 0.6, -0.1], r"theta\[2\] is -0.1; proportions must be >= 0"),
        (ek.Simplex(), [[0.5, 0.5], [0.5, 0.6]], r"theta\[1\] sums to 1.1"),
        (ek.Simplex(), 0.5, "theta has 0 axes"),
        (ek.PositiveDefinite(), [[1.0, 2.0]], r"theta has shape \(1, 2\)"),
        (ek.PositiveDefinite(), [[1.0, 2.0], [0.0, 9.0]], "theta is not symmetric"),
        (ek.PositiveDefinite(), [np.eye(2), [[1.0, 2.0], [2.0, 1.0]]], r"theta\[1\] is not positive definite .* is -1\)"),
    ],
)
def test_a_value_outside_is_named(space, value, complaint):
    with pytest.raises(ek.ParameterError, match=complaint):
        space.check(np.array(value), "theta")


def test_probabilities_may_lie_on_the_boundary():
    space = ek.Probability()
    value = np.array([0.0, 0.3, 1.0])
    space.check(value, "p")
    with np.errstate(divide="ignore"):
        there = space.pack(value)
    assert there[[0, 2]].tolist() == [-np.inf, np.inf]
    np.testing.assert_allclose(space.unpack(there, (3,)), value, rtol=1e-15)
    assert space.on_boundary(value) == [(0,), (2,)]


def test_a_zero_proportion_makes_only_its_own_coordinate_infinite():
    space = ek.Simplex()
    value = np.array([0.3, 0.0, 0.7])
    there = space.pack(value)
    assert np.isfinite(there).tolist() == [True, False]
    np.testing.assert_allclose(space.unpack(there, (3,)), value, rtol=1e-15)
    assert space.on_boundary(value) == [(1,)]


def test_all_in_one_proportion_can_be_packed_and_one_alone_is_no_boundary():
    space = ek.Simplex()
    corner = np.array([1.0, 0.0, 0.0])
    np.testing.assert_array_equal(space.unpack(space.pack(corner), (3,)), corner)
    assert space.size((1,)) == 0
    assert space.on_boundary(np.ones(1)) == []
    np.testing.assert_array_equal(space.unpack(np.empty(0), (1,)), [1.0])


@given(arrays(np.float64, 3, elements=st.floats(-700, 700)))
def test_no_extrapolation_leaves_the_simplex(there):
    value = ek.Simplex().unpack(there, (4,))
    assert (value >= 0).all()
    assert abs(value.sum() - 1) < 1e-12
