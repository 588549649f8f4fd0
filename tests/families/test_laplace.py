"""Laplace columns: their density, and medians found from sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek

PARAMS = ek.LaplaceParams([[0.0, 1.0], [3.0, 0.0]], [[1.0, 2.0], [0.1, 0.5]])


def test_the_density_is_scipys():
    x = 3 * np.random.default_rng(0).normal(size=(60, 2))
    own = ek.Laplace().log_density(PARAMS, x)
    for k in range(2):
        columns = [stats.laplace(PARAMS.locations[k, j], PARAMS.scales[k, j]) for j in range(2)]
        np.testing.assert_allclose(own[:, k], sum(c.logpdf(x[:, j]) for j, c in enumerate(columns)), rtol=1e-12)


@pytest.mark.parametrize("solver", ["plain", "squarem", "anderson"])
@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (1e6, 1), (0, 1e-6), (-3, 1e6)])
def test_one_component_is_the_median_and_the_mean_distance_from_it(solver, shift, scale):
    x = shift + scale * np.random.default_rng(1).laplace(size=(301, 2))
    found = ek.MixtureModel("laplace", 1, random_state=0, solver=solver).fit(x).params_.components
    median = np.median(x, axis=0)
    np.testing.assert_allclose(found.locations[0], median, rtol=1e-12, atol=1e-9 * scale)
    np.testing.assert_allclose(found.scales[0], np.abs(x - median).mean(axis=0), rtol=1e-8)


def test_weights_make_a_weighted_median():
    found = ek.MixtureModel("laplace", 1, random_state=0).fit([[1.0], [2.0], [10.0]], sample_weight=[1, 1, 3]).params_
    assert found.components.locations.item() == pytest.approx(10.0)


def test_expected_is_the_distance_at_any_place_and_a_bound_between():
    rng = np.random.default_rng(2)
    x, weights = 3 * rng.normal(size=(50, 1)), rng.random((50, 1))
    before, family = ek.LaplaceParams([[0.2]], [[1.5]]), ek.Laplace()
    statistics = family.statistics(before, x, weights)

    def direct(now: ek.LaplaceParams) -> float:
        return float((weights * family.log_density(now, x)).sum())

    for power in (-30, -3, 0, 4):
        now = ek.LaplaceParams([[0.2 + 1.5 * 2.0**power]], [[0.7]])
        assert family.expected(statistics, before, now).value == pytest.approx(direct(now), rel=1e-12)
    for move in (-80.0, -7.7, -0.3, 0.1, 5.0, 100.0):
        now = ek.LaplaceParams([[0.2 + move]], [[0.7]])
        assert family.expected(statistics, before, now).value <= direct(now) + 1e-9


def test_parameters_are_recovered_from_what_is_drawn_with_them():
    right = ek.MixtureParams([0.4, 0.6], ek.LaplaceParams([[-6.0], [6.0]], [[1.0], [2.0]]))
    x, _ = ek.Mixture(ek.Laplace()).draw(right, np.random.default_rng(3), 5_000)
    found = ek.MixtureModel("laplace", 2, random_state=0, n_init=2).fit(x).result_.in_order().params
    np.testing.assert_allclose(found.proportions, right.proportions, atol=0.03)
    np.testing.assert_allclose(found.components.locations, right.components.locations, atol=0.1)
    np.testing.assert_allclose(found.components.scales, right.components.scales, atol=0.1)


def test_equal_rows_rest_on_the_floor():
    x = np.concatenate([np.random.default_rng(0).laplace(size=(100, 1)), np.full((6, 1), 30.0)])
    model = ek.Mixture(ek.Laplace())
    start = ek.MixtureParams([0.9, 0.1], ek.LaplaceParams([[0.0], [30.0]], [[1.0], [0.1]]))
    with pytest.warns(ek.DegenerateFitWarning):
        assert ek.fit(model, x, start).degenerate == (1,)


RIGHT = ek.MixtureParams([0.4, 0.6], ek.LaplaceParams([[0.0], [4.0]], [[1.0], [2.0]]))


def expected_errors(right, rows):
    """Standard errors of a proportion, two locations and two scales by the expected information, an integral."""
    x = np.linspace(-40, 60, 200_001)
    (share, _), locations, scales = right.proportions, right.components.locations.ravel(), right.components.scales.ravel()
    one, other = (np.exp(-np.abs(x - at) / scale) / (2 * scale) for at, scale in zip(locations, scales, strict=True))
    density = share * one + (1 - share) * other
    belongs = [share * one / density, (1 - share) * other / density]
    z = [(x - at) / scale for at, scale in zip(locations, scales, strict=True)]
    of_locations = [r * np.sign(each) / scale for r, each, scale in zip(belongs, z, scales, strict=True)]
    of_scales = [r * (np.abs(each) - 1) / scale for r, each, scale in zip(belongs, z, scales, strict=True)]
    scores = np.stack([(one - other) / density, *of_locations, *of_scales])
    return np.sqrt(np.diag(np.linalg.inv((scores * density) @ scores.T * (x[1] - x[0]))) / rows)


def test_standard_errors_are_those_of_the_expected_information():
    x, _ = ek.Mixture(ek.Laplace()).draw(RIGHT, np.random.default_rng(0), 8_000)
    result = ek.fit(ek.Mixture(ek.Laplace()), x, RIGHT)
    found = result.standard_errors()
    assert found.reasons == {}
    np.testing.assert_allclose(found.errors[1:], expected_errors(result.params, 8_000), rtol=0.06)


@pytest.mark.slow
def test_standard_errors_are_how_far_estimates_vary():
    rng, model, found = np.random.default_rng(1), ek.Mixture(ek.Laplace()), []
    for _ in range(300):
        params = ek.fit(model, model.draw(RIGHT, rng, 1_000)[0], RIGHT).params
        found.append([params.proportions[0], *params.components.locations.ravel(), *params.components.scales.ravel()])
    np.testing.assert_allclose(np.std(found, axis=0), expected_errors(RIGHT, 1_000), rtol=0.2)


def test_one_component_has_the_error_of_a_median():
    x = 5 + 2 * np.random.default_rng(4).laplace(size=(2_000, 1))
    errors = ek.MixtureModel("laplace", 1, random_state=0).fit(x).result_.standard_errors()
    assert errors["components.locations[0, 0]"] == pytest.approx(2 / np.sqrt(2_000), rel=0.05)


@pytest.mark.parametrize("family", [ek.Tied(ek.Laplace(), "locations"), ek.Product({0: ek.Laplace(), 1: ek.Poisson()})])
def test_families_made_of_it_have_kinks_too(family):
    rng = np.random.default_rng(5)
    x = np.column_stack([rng.laplace(size=800), rng.poisson(3, 800)])
    result = ek.MixtureModel(family, 1, random_state=0).fit(x).result_
    name = next(name for name in result.standard_errors().names if "locations" in name)
    assert result.standard_errors()[name] == pytest.approx(1 / np.sqrt(800), rel=0.1)


def test_what_needs_curvature_is_refused():
    x = np.random.default_rng(4).laplace(size=(200, 1))
    result = ek.MixtureModel("laplace", 1, random_state=0).fit(x).result_
    robust = result.standard_errors(kind="robust")
    assert np.isnan(robust.errors).all()
    assert "a sandwich needs its curvature" in robust.reasons["components.locations[0, 0]"]
    with pytest.raises(ek.ModelError, match="the log-likelihood has kinks"):
        result.fraction_missing()
