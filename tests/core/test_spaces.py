"""Spaces: what they refuse, and that their coordinates come back; by examples and by random search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import emkit as ek
from emkit.core.spaces import Correlations, HollowSimplex, Increasing, PositiveSemidefinite
from emkit.core.spaces.part import holding
from emkit.inference.differences import jacobian

SPACES = {
    "real": (ek.Real(), (2, 3), 6),
    "positive": (ek.Positive(), (4,), 4),
    "non-negative": (ek.NonNegative(), (4,), 4),
    "unit-interval": (ek.UnitInterval(), (3, 2), 6),
    "probability": (ek.Probability(), (3, 2), 6),
    "simplex": (ek.Simplex(), (2, 4), 6),
    "hollow-simplex": (HollowSimplex(), (2, 3, 3), 6),
    "increasing": (Increasing(), (2, 3), 6),
    "positive-definite": (ek.PositiveDefinite(), (2, 3, 3), 12),
    "positive-semidefinite": (PositiveSemidefinite(), (2, 3, 3), 12),
    "rotation": (ek.Rotation(), (2, 3, 3), 6),
    "correlations": (Correlations(), (2, 4, 4), 12),
    "unit-product": (ek.UnitProduct(), (2, 4), 6),
}
every_space = pytest.mark.parametrize(("space", "shape", "size"), SPACES.values(), ids=SPACES)


@every_space
@settings(max_examples=60)
@given(data=st.data())
def test_coordinates_come_back_and_land_inside(space, shape, size, data):
    there = data.draw(arrays(np.float64, size, elements=st.floats(-2, 2)))
    value = space.unpack(there, shape)
    space.check(value, "value")
    assert space.size(shape) == size
    np.testing.assert_allclose(space.pack(value), there, rtol=1e-9, atol=1e-9)


@every_space
def test_slopes_along_elements_become_slopes_along_coordinates(space, shape, size):
    rng = np.random.default_rng(0)
    there, slope = rng.normal(size=size), rng.normal(size=shape)
    if isinstance(space, ek.PositiveDefinite):
        slope = (slope + slope.swapaxes(-1, -2)) / 2
    height = lambda v: np.array([(slope * space.unpack(v, shape)).sum()])  # noqa: E731
    numeric = jacobian(height, there, np.full(size, 1e-2))[0]
    np.testing.assert_allclose(space.pull(space.unpack(there, shape), slope), numeric, rtol=1e-8, atol=1e-9)


@every_space
def test_several_values_are_packed_one_behind_the_other(space, shape, size):
    several = [space.unpack(np.random.default_rng(i).normal(size=size), shape) for i in range(3)]
    together = np.array(several)
    for name in ("pack", "entries", "free_entries"):
        one_by_one = np.concatenate([getattr(space, name)(value) for value in several])
        np.testing.assert_array_equal(getattr(space, name)(together), one_by_one, err_msg=name)
    np.testing.assert_array_equal(
        space.unpack(space.pack(together), together.shape)[1], space.unpack(space.pack(several[1]), shape)
    )


def test_values_that_no_glance_can_judge_are_looked_at_closely():
    ek.Real().check(np.array([1e200, -1e300]), "value")  # whose squares overflow
    ek.Positive().check(np.array([1e-300, 1e200]), "value")
    ek.PositiveDefinite().check(1e160 * np.eye(3), "value")
    ek.Simplex().check(np.full((10_000, 2), [0.5, 0.5 + 9e-9]), "value")  # each within the tolerance
    for value in ([np.inf], [np.nan, 1e200]):
        with pytest.raises(ek.ParameterError, match="must be finite"):
            ek.Real().check(np.array(value), "value")
    with pytest.raises(ek.ParameterError, match=r"value\[1\] sums to"):
        ek.Simplex().check(np.array([[0.5, 0.5], [0.5, 0.5 + 2e-8]]), "value")


HELD = {
    "real": (ek.Real(), (2, 3), [(0, 1)], 5),
    "positive": (ek.Positive(), (4,), [(0,), (3,)], 2),
    "simplex": (ek.Simplex(), (2, 4), [(0, 1), (1, 0), (1, 2), (1, 3)], 2),
    "simplex-all": (ek.Simplex(), (3,), [(0,), (1,)], 0),
    "hollow-simplex": (HollowSimplex(), (4, 4), [(0, 1), (2, 0), (2, 1)], 5),
    "increasing": (Increasing(), (2, 3), [(1,)], 3),
    "positive-definite": (ek.PositiveDefinite(), (2, 3, 3), [(1,)], 6),
    "rotation": (ek.Rotation(), (2, 3, 3), [(1,)], 3),
    "correlations": (Correlations(), (2, 3, 3), [(1,)], 3),
    "unit-product": (ek.UnitProduct(), (2, 4), [(0,)], 3),
}


@pytest.mark.parametrize(("space", "shape", "places", "size"), HELD.values(), ids=HELD)
def test_what_is_held_of_a_space_stays_and_the_rest_moves(space, shape, places, size):
    rng = np.random.default_rng(1)
    value = space.unpack(rng.normal(size=space.size(shape)), shape)
    mask = np.zeros(shape, dtype=bool)
    for place in places:
        mask[place] = True
    part = holding(space, mask, value)
    assert part.size(shape) == size
    there = part.pack(value)
    assert len(there) == size
    np.testing.assert_allclose(part.unpack(there, shape), value, rtol=1e-12)
    moved = part.unpack(there + 0.3, shape)
    space.check(moved, "moved")
    np.testing.assert_array_equal(moved[mask], value[mask])
    assert size == 0 or (moved[~mask] != value[~mask]).any()
    indices = part.entry_indices(shape)
    np.testing.assert_array_equal(part.entries(value), [value[index] for index in indices])
    assert not any(mask[index] for index in indices)
    assert len(part.free_entries(value)) == size
    assert part.at_edge(there, shape).tolist() == [False] * size
    slope = rng.normal(size=shape)
    slope = (slope + slope.swapaxes(-1, -2)) / 2 if space.event_axes == 2 else slope
    height = lambda v: np.array([(slope * part.unpack(v, shape)).sum()])  # noqa: E731
    numeric = jacobian(height, there, np.full(size, 1e-2))[0] if size else np.empty(0)
    np.testing.assert_allclose(part.pull(value, slope), numeric, rtol=1e-8, atol=1e-9)


def blocks(space, seed=1):
    """A space of five by five of which two blocks are free, and a value in it."""
    rng, sides = np.random.default_rng(seed), ([0, 3], [1, 2, 4])
    held = np.ones((5, 5), dtype=bool)
    value = np.zeros((5, 5))
    for own in sides:
        held[np.ix_(own, own)] = False
        value[np.ix_(own, own)] = space.unpack(rng.normal(size=space.size((len(own),) * 2)), (len(own),) * 2)
    return holding(space, held, value), value, held


@pytest.mark.parametrize("space", [ek.PositiveDefinite(), PositiveSemidefinite(), Correlations()], ids=type)
def test_matrices_that_are_0_between_blocks_are_those_of_the_blocks(space):
    rng, (part, value, held) = np.random.default_rng(2), blocks(space)
    there = part.pack(value)
    assert part.size((5, 5)) == len(there) == space.size((2, 2)) + space.size((3, 3))
    np.testing.assert_allclose(part.unpack(there, (5, 5)), value, rtol=1e-12)
    moved = part.unpack(there + 0.3, (5, 5))
    space.check(moved, "moved")
    assert (moved[held] == 0).all()
    indices = part.entry_indices((5, 5))
    np.testing.assert_array_equal(part.entries(value), [value[index] for index in indices])
    assert not any(held[index] for index in indices)
    assert len(part.free_entries(value)) == len(part.links((5, 5))) == len(indices) == len(there)
    slope = rng.normal(size=(5, 5))
    slope = slope + slope.T
    height = lambda v: np.array([(slope * part.unpack(v, (5, 5))).sum()])  # noqa: E731
    numeric = jacobian(height, there, np.full(len(there), 1e-2))[0]
    np.testing.assert_allclose(part.pull(value, slope), numeric, rtol=1e-8, atol=1e-9)
    mixed = held.copy()
    mixed[0, 3] = mixed[3, 0] = True
    assert len(holding(space, mixed, np.where(mixed, 0.0, value)).pack(value)) == len(there) - 1
    mixed[0, 1] = mixed[1, 0] = False
    with pytest.raises(ek.ModelError, match="single elements of a covariance cannot be held"):
        holding(space, mixed, np.where(mixed, 0.0, value))
    with pytest.raises(ek.ModelError, match="single elements of a covariance cannot be held"):
        holding(space, held, value + held)


def test_blocks_have_the_edges_of_each():
    part, value, _ = blocks(Correlations())
    near = value.copy()
    near[0, 3] = near[3, 0] = 0.99
    pace = part.pace_to_edge(near, np.where(near == 0.99, 0.995, near))
    assert np.argwhere(pace > 0).tolist() == [[3, 0]]
    edge = part.on_edge(near, pace > 0)
    assert edge[0, 3] == edge[3, 0] == 1
    assert part.on_boundary(edge) == [(3, 0)]
    assert part.at_edge(part.pack(edge), (5, 5)).tolist() == [True, False, False, False]
    np.testing.assert_allclose(part.way_to_edge(near)[3, 0], 0.01)
    assert part.is_crept_along


def test_zero_is_the_edge_of_what_is_not_negative():
    space, value = ek.NonNegative(), np.array([0.0, 2.0])
    there = space.pack(value)
    assert there[0] == -np.inf
    assert space.at_edge(there, (2,)).tolist() == [True, False]
    assert space.on_boundary(value) == [(0,)]
    np.testing.assert_allclose(space.unpack(there, (2,)), value, rtol=1e-15)


def test_a_covariance_may_lose_its_rank():
    space, root = PositiveSemidefinite(), np.array([[2.0, 0.0, 0.0], [1.0, 0.0, 0.0], [3.0, 0.0, 1.5]])
    value = root @ root.T
    space.check(value, "value")
    there = space.pack(value)
    np.testing.assert_allclose(space.unpack(there, (3, 3)), value, rtol=1e-12)
    assert space.at_edge(there, (3, 3)).tolist() == [False, False, True, False, True, False]
    assert space.on_boundary(value) == [(1, 1)]
    assert space.on_boundary(np.zeros((2, 2))) == [(0, 0), (1, 1)]
    with pytest.raises(ek.ParameterError, match="negative eigenvalue"):
        space.check(value - 0.1 * np.eye(3), "value")


def test_correlations_may_be_of_the_same():
    space, value = Correlations(), np.array([[1.0, 1.0, 0.6], [1.0, 1.0, 0.6], [0.6, 0.6, 1.0]])
    there = space.pack(value)
    assert np.isposinf(there).tolist() == [True, False, False]
    assert space.at_edge(there, (3, 3)).tolist() == [True, False, True]  # given the first, the second tells the third nothing
    assert space.on_boundary(value) == [(1, 0)]
    moved = space.unpack(np.add(there, [0.0, 0.0, 0.5]), (3, 3))
    np.testing.assert_allclose(moved, value, atol=1e-12)
    plane = np.array([[1.0, 0.6, 0.8], [0.6, 1.0, 0.0], [0.8, 0.0, 1.0]])  # the third is a sum of the first and the second
    plane[1, 2] = plane[2, 1] = 0.6 * 0.8 + 0.8 * 0.6
    assert space.at_edge(space.pack(plane), (3, 3)).tolist() == [False, False, True]
    assert space.on_boundary(plane) == [(2, 1)]
    np.testing.assert_allclose(space.unpack(there, (3, 3)), value, atol=1e-12)
    near = np.array([[1.0, -0.9], [-0.9, 1.0]])
    np.testing.assert_allclose(space.pace_to_edge(near, np.array([[1.0, -0.95], [-0.95, 1.0]])), [[0.0, 0.0], [0.5, 0.0]])
    np.testing.assert_allclose(space.pace_to_edge(near, np.array([[1.0, -0.8], [-0.8, 1.0]])), 0.0)
    np.testing.assert_allclose(space.on_edge(near, np.array([[False, False], [True, False]])), [[1.0, -1.0], [-1.0, 1.0]])
    for wrong, sentence in (([[1, 0.5], [0.4, 1]], "not symmetric"), ([[1, 0.5], [0.5, 2]], "with itself is 1"),
                            ([[1, 1.5], [1.5, 1]], "negative eigenvalue"), ([[1.0, 0.5]], "must be equal")):  # fmt: skip
        with pytest.raises(ek.ParameterError, match=sentence):
            space.check(np.array(wrong, dtype=float), "value")


def test_what_varies_little_given_others_goes_to_the_edge():
    space, before, after = PositiveSemidefinite(), np.array([[4.0, 2.0], [2.0, 1.5]]), np.array([[4.0, 2.0], [2.0, 1.25]])
    np.testing.assert_allclose(space.pace_to_edge(before, after), [[0.0, 0.0], [0.0, 0.5]])
    np.testing.assert_allclose(space.on_edge(before, np.array([[False, False], [False, True]])), [[4.0, 2.0], [2.0, 1.0]])
    np.testing.assert_allclose(space.on_edge(before, np.array([[True, False], [False, False]])), [[0.0, 0.0], [0.0, 1.5]])


def test_numbers_that_come_together_are_on_the_edge_of_what_increases():
    space, value = Increasing(), np.array([[-1.0, 0.5, 0.5, 2.0], [0.0, 1.0, 3.0, 3.0 + 1e-12]])
    there = space.pack(value)
    assert space.at_edge(there, (2, 4)).tolist() == [False, False, True, False, False, False, False, True]
    assert there[2] == -np.inf
    assert space.on_boundary(value) == [(0, 2), (1, 3)]
    np.testing.assert_allclose(space.unpack(there, (2, 4)), value, rtol=1e-15)
    after = value + np.array([[0.0, 0.0, 0.0, -0.5], [0.0, 0.0, -1.0, 0.0]])
    np.testing.assert_allclose(space.pace_to_edge(value, after), [[0.0, 0.0, 0.0, 1 / 3], [0.0, 0.0, 0.5, 0.0]])
    np.testing.assert_allclose(space.way_to_edge(value), [[np.inf, 1.5, 0.0, 1.5], [np.inf, 1.0, 2.0, 1e-12]], rtol=1e-3)
    together = space.on_edge(value, np.array([[False, True, False, True], [False, False, True, True]]))
    np.testing.assert_allclose(together, [[-0.25, -0.25, 1.25, 1.25], [0.0, 7 / 3, 7 / 3, 7 / 3]])
    assert np.diff(space.unsaid(value)).tolist() == [[1.0] * 3] * 2


def test_distances_are_their_own_coordinates_where_they_are_large():
    space = Increasing()
    np.testing.assert_allclose(space.pack(np.array([3.0, 903.0, 4903.0])), [3.0, 900.0, 4000.0], rtol=1e-15)
    assert np.isfinite(space.unpack(np.array([0.0, 4e4, -4e4]), (3,))).all()


@pytest.mark.parametrize("corner", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1 - 2e-12, 1e-12, 1e-12]])
def test_at_a_corner_of_a_simplex_every_coordinate_is_at_an_edge(corner):
    space, value = ek.Simplex(), np.array([corner, [0.2, 0.3, 0.5]])
    there = space.pack(value)
    assert space.at_edge(there, (2, 3)).tolist() == [True, True, False, False]
    np.testing.assert_allclose(space.unpack(there, (2, 3)), value, atol=1e-15)


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
        (ek.NonNegative(), [[1.0, -0.5]], r"theta\[0, 1\] is -0.5; it must be >= 0"),
        (ek.UnitInterval(), [0.2, 1.0], r"theta\[1\] is 1; it must lie between 0 and 1, which are excluded"),
        (ek.Probability(), [0.2, 1.5], r"theta\[1\] is 1.5; a probability must lie between 0 and 1"),
        (ek.Simplex(), [0.5, 0.6, -0.1], r"theta\[2\] is -0.1; proportions must be >= 0"),
        (ek.Simplex(), [[0.5, 0.5], [0.5, 0.6]], r"theta\[1\] sums to 1.1"),
        (ek.Simplex(), 0.5, "theta has 0 axes"),
        (HollowSimplex(), [[0.0, 1.0], [0.5, 0.5]], r"theta\[1, 1\] is 0.5; the diagonal must be 0"),
        (HollowSimplex(), [[0.0, 1.0], [0.9, 0.0]], r"theta\[1\] sums to 0.9"),
        (HollowSimplex(), [[0.0]], "as many columns as rows, and more than one"),
        (Increasing(), [[0.0, 1.0, 2.0], [0.0, 1.0, 0.5]], r"theta\[1, 2\] is 0.5, below the 1 before it"),
        (ek.PositiveDefinite(), [[1.0, 2.0]], r"theta has shape \(1, 2\)"),
        (ek.PositiveDefinite(), [[1.0, 2.0], [0.0, 9.0]], "theta is not symmetric"),
        (ek.Rotation(), [[1.0, 0.0]], r"theta has shape \(1, 2\)"),
        (ek.Rotation(), [[1.0, 0.1], [0.0, 1.0]], "theta is not orthogonal"),
        (ek.Rotation(), [np.eye(2), [[0.0, 1.0], [1.0, 0.0]]], r"theta\[1\] is a reflection"),
        (ek.UnitProduct(), [2.0, 0.4], "theta has the product 0.8"),
        (ek.UnitProduct(), [[1.0, 1.0], [-1.0, -1.0]], r"theta\[1, 0\] is -1; it must be > 0"),
        (ek.PositiveDefinite(), [np.eye(2), [[1.0, 2.0], [2.0, 1.0]]], r"theta\[1\] is not positive definite .* is -1\)"),
    ],
)
def test_a_value_outside_is_named(space, value, complaint):
    with pytest.raises(ek.ParameterError, match=complaint):
        space.check(np.array(value), "theta")


def test_half_a_turn_has_no_finite_coordinates():
    assert np.isinf(ek.Rotation().pack(-np.eye(2))).all()
    with pytest.raises(ek.ParameterError, match="must be finite"):
        ek.Rotation().check(ek.Rotation().unpack(np.array([np.inf]), (2, 2)), "theta")


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


def test_on_the_edge_of_a_hollow_simplex_the_diagonal_counts_for_nothing():
    space, value = HollowSimplex(), np.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
    assert space.on_boundary(value) == [(0, 1), (0, 2), (2, 0), (2, 1)]
    there = space.pack(value)
    assert space.at_edge(there, (3, 3)).tolist() == [True, False, True]
    np.testing.assert_allclose(space.unpack(there, (3, 3)), value, atol=1e-15)
    assert space.on_boundary(np.array([[0.0, 1.0], [1.0, 0.0]])) == []
    assert len(space.links((3, 3))) == 6
