"""Normal components that share volume, shape or orientation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

import emkit as ek
from emkit.core.parameters import leaves
from emkit.families.gaussian.ellipsoids import Form, best_logs
from tests import cases

every_form = pytest.mark.parametrize("form", cases.FORMS)
between = pytest.mark.parametrize("form", cases.PARSIMONIOUS)
NUMBERS = {  # of a covariance of K components in d columns: a volume, d - 1 of a shape, d (d - 1) / 2 of an orientation
    "volume": {"E": lambda k, d: 1, "V": lambda k, d: k},
    "shape": {"I": lambda k, d: 0, "E": lambda k, d: d - 1, "V": lambda k, d: k * (d - 1)},
    "orientation": {"I": lambda k, d: 0, "E": lambda k, d: d * (d - 1) // 2, "V": lambda k, d: k * d * (d - 1) // 2},
}


def clouds(k: int, d: int, rows: int = 60) -> np.ndarray:
    rng = np.random.default_rng(3)
    mix = rng.normal(size=(k, d, d))
    return np.concatenate([4 * rng.normal(size=d) + rng.normal(size=(rows, d)) @ mix[i] for i in range(k)])


def estimated(family, x: np.ndarray, part: np.ndarray):
    model = ek.Mixture(family)
    return model.estimated(ek.Chunk(x, np.ones(len(x))), model.even(ek.ArraySource(x).profile, int(part.max()) + 1), part, 0.0)


@every_form
@pytest.mark.parametrize(("k", "d"), [(1, 3), (2, 1), (3, 4), (4, 2)])
def test_free_parameters_are_those_of_celeux_and_govaert(form, k, d):
    x = clouds(k, d)
    params = estimated(cases.FORMS[form](), x, np.repeat(np.arange(k), 60))
    of_covariances = sum(NUMBERS[part][letter](k, d) for part, letter in zip(NUMBERS, form, strict=True))
    assert ek.Mixture(cases.FORMS[form]()).coordinates(params).size == k - 1 + k * d + of_covariances


@between
def test_a_step_is_as_good_as_any_optimiser_finds(form):
    """In three columns, from many points; the step may lie higher, where an optimiser stays in a lesser maximum."""
    x, part = clouds(3, 3), np.repeat([0, 1, 2], 60)
    model = ek.Mixture(ek.ParsimoniousGaussian(form))
    source = ek.ArraySource(x)
    start = estimated(model.family, x, part)
    stats = ek.EMMap(model, source, start).expectation(start).statistics
    step = model.m_step(stats, start)
    coordinates = model.coordinates(step)

    def height(v: np.ndarray) -> float:
        return -model.expected(stats, start, coordinates.unpack(v, step)).value

    def slope(v: np.ndarray) -> np.ndarray:
        there = coordinates.unpack(v, step)
        return -coordinates.pull(there, model.expected(stats, start, there).slopes)

    here = coordinates.pack(step)
    assert np.abs(slope(here)).max() < 1e-5
    for seed in range(3):
        near = here + 0.1 * np.random.default_rng(seed).normal(size=len(here))
        found = minimize(height, near, jac=slope, method="BFGS", options={"gtol": 1e-9})
        assert height(here) <= found.fun + 1e-9 * abs(found.fun)


@pytest.mark.parametrize("form", ["EII", "VII", "EEI", "VEI", "EVI", "VVI"])
@pytest.mark.parametrize("seed", range(5))
def test_variances_in_bounds_are_the_best_that_obey_them(form, seed):
    rng = np.random.default_rng(seed)
    mass, squares = rng.uniform(5, 50, 3), rng.gamma(0.3, 20, size=(3, 4))
    least = np.log(rng.uniform(0.1, 1.0, (3, 1)) * rng.uniform(0.2, 1.0, (1, 4)))
    letters = Form(*form)
    found = best_logs(letters, mass, squares, np.zeros((3, 4)), least)
    assert (found >= least - 1e-12).all()

    volumes, shapes = (3 if letters.volume == "V" else 1), {"I": 0, "E": 1, "V": 3}[letters.shape]

    def logs(z: np.ndarray) -> np.ndarray:
        shape = z[volumes:].reshape(shapes, 3) if shapes else np.zeros((1, 3))
        return z[:volumes, None] + np.column_stack([shape, -shape.sum(axis=1)]) + np.zeros((3, 1))

    cost = lambda e: float((mass[:, None] * e + squares * np.exp(-e)).sum())  # noqa: E731
    start = np.concatenate([np.full(volumes, 3.0), np.zeros(3 * shapes)])
    other = minimize(
        lambda z: cost(logs(z)),
        start,
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda z: (logs(z) - least).ravel()},
        options={"ftol": 1e-13, "maxiter": 500},
    )
    outside = max(0.0, float((least - logs(other.x)).max()))  # by so little the optimiser's break the bounds
    assert cost(found) <= other.fun + 1e-6 + 8 * mass.sum() * outside


@between
def test_the_nearest_to_covariances_of_the_form_are_these(form):
    params = cases.CASE[f"gaussian-{form}"].params
    family = ek.ParsimoniousGaussian(form)
    np.testing.assert_allclose(family.nearest(params.means, params.covariances).covariances, params.covariances, rtol=1e-7)


def test_axes_in_another_order_or_sense_are_the_same_components():
    own = ek.VEVParams([[0.0, 1.0]], [2.0], [3.0, 1 / 3], [np.eye(2)])
    other = ek.VEVParams([[0.0, 1.0]], [2.0], [1 / 3, 3.0], [[[0.0, -1.0], [1.0, 0.0]]])
    np.testing.assert_allclose(own.covariances, [[[6.0, 0.0], [0.0, 2 / 3]]])
    np.testing.assert_allclose(other.covariances, own.covariances, atol=1e-15)


def test_a_component_without_rows_keeps_what_is_its_own():
    case = cases.CASE["gaussian-VEV"]
    x = case.sample(np.random.default_rng(0), 0, 50)
    family = case.family
    weights = np.column_stack([np.ones(50), np.zeros(50)])
    moved = cases.estimate(family, family.statistics(case.params, x, weights), case.params)
    assert moved.volumes[1] == pytest.approx(case.params.volumes[1], rel=0.3)
    np.testing.assert_allclose(moved.orientations[1], case.params.orientations[1], atol=1e-9)
    assert [leaf.path for leaf in leaves(moved)] == ["means", "volumes", "shape", "orientations"]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [("VVV", "a family by itself: FullGaussian"), ("XYZ", "there is no form 'XYZ'; the forms are EII, EEI, VEI")],
)
def test_a_form_that_is_none_of_these_is_named(form, sentence):
    with pytest.raises(ek.ModelError, match=sentence):
        ek.ParsimoniousGaussian(form)


def test_columns_in_very_unlike_units_are_not_held_by_the_floor():
    x = clouds(2, 2) * [1e5, 1.0]
    for form in cases.PARSIMONIOUS[1:]:
        family = ek.ParsimoniousGaussian(form)
        result = ek.fit(ek.Mixture(family), x, estimated(family, x, np.repeat([0, 1], 60)))
        assert result.boundary == (), form
