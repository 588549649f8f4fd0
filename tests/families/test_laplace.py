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
