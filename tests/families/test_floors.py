"""Parameters that a floor holds are named, have no standard error, and take none from the others."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.search import spread_start
from tests import cases

pytestmark = [
    pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning"),
    pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateDataWarning"),
]
FORMS = [ek.FullGaussian, ek.TiedGaussian, ek.DiagonalGaussian]
every_form = pytest.mark.parametrize("form", cases.FORMS.values(), ids=cases.FORMS)


def two_clouds() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(size=(150, 2)) + 4 * rng.integers(2, size=(150, 1))


def fitted(form: type, x: np.ndarray, n_components: int = 2) -> ek.Result:
    model = ek.Mixture(form())
    start = spread_start(model, ek.ArraySource(x), n_components, 1)
    return ek.fit(model, x, start, solver=ek.solvers.Squarem()).in_order()


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_constant_column_takes_no_errors_from_the_others(form: type):
    x = two_clouds()
    alone, together = fitted(form, x), fitted(form, np.column_stack([x, np.full(150, 3.0)]))
    held = [name for name in together.boundary if name.endswith("2]")]
    assert len(held) == (1 if form is ek.TiedGaussian else 2)
    assert list(together.boundary) == held
    assert together.identifiability().identifiable
    errors = together.standard_errors()
    assert set(errors.reasons) == set(held)
    assert set(errors.reasons.values()) == {"the floor under the spread holds it"}
    assert np.isnan([errors[name] for name in held]).all()
    for name, error in zip(alone.standard_errors().names, alone.standard_errors().errors, strict=True):
        assert errors[name] == pytest.approx(error, rel=1e-3), name


@pytest.mark.parametrize("form", FORMS)
def test_a_constant_first_column_holds_its_covariances_too(form: type):
    x = two_clouds()
    together = fitted(form, np.column_stack([np.full(150, 3.0), x]))
    assert "components.means[1, 0]" not in together.boundary
    assert np.isfinite(together.standard_errors().errors).sum() + len(together.boundary) == len(
        together.standard_errors().names
    )


@pytest.mark.parametrize("form", [ek.FullGaussian, ek.DiagonalGaussian, ek.SphericalGaussian])
def test_a_collapsed_component_is_held_and_the_others_have_errors(form: type):
    result = fitted(form, np.concatenate([two_clouds(), np.full((6, 2), 20.0)]), 3)
    (k,) = result.degenerate
    assert result.boundary
    assert all("varianc" in name and f"[{k}" in name for name in result.boundary)
    errors = result.standard_errors()
    assert set(errors.reasons) == set(result.boundary)
    assert np.isfinite([errors[name] for name in errors.names if name not in errors.reasons]).all()
    text = " ".join(result.summary().split())
    assert "or held by a floor, so without a standard error: " in text


def test_what_is_frozen_is_not_called_held_by_a_floor():
    x = np.column_stack([two_clouds(), np.full(150, 3.0)])
    model = ek.Frozen(ek.Mixture(ek.DiagonalGaussian()), "components.variances")
    start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[0.0, 0, 3], [4, 4, 3]], [[1.0, 1, 1e-9]] * 2))
    assert ek.fit(model, x, start).boundary == ()


@every_form
def test_sound_components_have_nothing_on_a_floor(form):
    assert fitted(form, two_clouds()).boundary == ()


@every_form
@pytest.mark.parametrize("value", [0.3, -2.0, 1e-4])
@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3, 1e6])
def test_the_unit_of_a_constant_column_adds_its_logarithm_and_nothing_else(form, value, unit):
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=60) + 4 * (np.arange(60) < 30), np.full(60, value)])
    if form in (ek.SphericalGaussian, cases.FORMS["EII"]):
        x = x[:, 1:]  # its one variance is of all columns together
    params = [ek.Mixture(form()).starts(ek.ArraySource(c * x).profile, 2, [0])[0] for c in (1.0, unit)]
    heights = [ek.fit(ek.Mixture(form()), c * x, start).log_likelihood for c, start in zip((1.0, unit), params, strict=True)]
    shift = x.size * np.log(unit)
    assert heights[1] + shift == pytest.approx(heights[0], abs=1e-6 * abs(heights[0]))


@every_form
@pytest.mark.parametrize("floor", [1e-6, 1e-2])
def test_an_em_step_never_falls_on_the_floor(form, floor):
    """Also where components collapse, and are held."""
    x = np.concatenate([two_clouds(), np.full((6, 2), 20.0), [[9.0, 0.0], [9.0, 1e-4]]])
    model = ek.Mixture(form(floor=floor))
    for seed in range(3):
        result = ek.fit(
            model, x, spread_start(model, ek.ArraySource(x), 4, seed), solver=ek.solvers.Plain(), max_evaluations=60
        )
        assert result.outcome.status is not ek.Status.DECREASED, result.outcome
        heights = np.array([moment.objective for moment in result.history])
        assert (np.diff(heights) >= -1e-9 * np.abs(heights[1:])).all()


@every_form
def test_a_thin_direction_that_many_rows_support_is_an_estimate(form):
    """Beside a round one: what components do not share is freed from the floor."""
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(size=(300, 2)), 9 + 1e-5 * rng.normal(size=(300, 2))])
    model = ek.Mixture(form())
    part = np.repeat([0, 1], 300)
    chunk = ek.Chunk(x, np.ones(600))
    result = ek.fit(model, x, model.estimated(chunk, model.even(ek.ArraySource(x).profile, 2), part, blur=0.0))
    assert result.converged
    assert result.degenerate == ()
    assert result.boundary == ()
