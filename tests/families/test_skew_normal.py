"""Skew normal columns: their density, and fits that SciPy's optimiser finds no better."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

import emkit as ek
from emkit.families.skew_normal import cut_normal

PARAMS = ek.SkewNormalParams([[0.0, 1.0], [3.0, 0.0]], [[1.0, -2.0], [0.0, 0.5]], [[0.5, 1.0], [2.0, 0.1]])


def test_the_density_is_scipys():
    x = 3 * np.random.default_rng(0).normal(size=(60, 2))
    own = ek.SkewNormal().log_density(PARAMS, x)
    for k in range(2):
        columns = [stats.skewnorm(PARAMS.slants[k, j], PARAMS.locations[k, j], PARAMS.scales[k, j]) for j in range(2)]
        np.testing.assert_allclose(own[:, k], sum(c.logpdf(x[:, j]) for j, c in enumerate(columns)), rtol=1e-12)


def test_means_and_variances_are_scipys():
    means, variances = stats.skewnorm(PARAMS.slants, PARAMS.locations, PARAMS.scales).stats("mv")
    np.testing.assert_allclose(PARAMS.means, means)
    np.testing.assert_allclose(PARAMS.spreads, variances)


@pytest.mark.parametrize("y", [4.0, 0.0, -2.0, -8.0])
def test_moments_of_a_cut_normal_are_integrals(y):
    mass, first, second = (
        quad(lambda t, p=p: t**p * np.exp(-((t - y) ** 2) / 2 + min(y, 0) ** 2 / 2), 0, max(y, 0) + 12)[0] for p in range(3)
    )
    found = cut_normal(np.array([y]))
    np.testing.assert_allclose([each[0] for each in found], [first / mass, second / mass], rtol=1e-7)


def test_where_a_series_takes_over_nothing_changes():
    below, above = cut_normal(np.array([-30 - 1e-9])), cut_normal(np.array([-30 + 1e-9]))
    np.testing.assert_allclose(below, above, rtol=1e-9)


def test_one_column_as_scipy_fits_it():
    x = stats.skewnorm(4, loc=2, scale=3).rvs(500, random_state=0)
    slant, location, scale = stats.skewnorm.fit(x, 2.0)
    found = ek.MixtureModel("skew-normal", 1, random_state=0).fit(x[:, None]).result_
    assert found.log_likelihood >= stats.skewnorm(slant, location, scale).logpdf(x).sum() - 1e-9
    assert found.params.components.slants.item() == pytest.approx(slant, rel=1e-3)


def test_parameters_are_recovered_from_what_is_drawn_with_them():
    components = ek.SkewNormalParams([[0.0], [30.0]], [[3.0], [-2.0]], [[0.3], [0.5]])
    right = ek.MixtureParams([0.5, 0.5], components)
    x, _ = ek.Mixture(ek.SkewNormal()).draw(right, np.random.default_rng(3), 4_000)
    found = ek.MixtureModel("skew-normal", 2, random_state=0).fit(x).result_.in_order().params
    np.testing.assert_allclose(found.components.locations, components.locations, atol=0.15)
    np.testing.assert_allclose(found.components.skews, components.skews, atol=0.2)
    np.testing.assert_allclose(found.components.variances, components.variances, atol=0.1)


@pytest.mark.parametrize(
    ("slants", "skews"), [((5.0, -3.0), (1.0, 1.0)), ((5.0, -3.0), (-1.0, 0.1)), ((-4.0, -4.0), (0.1, 2.0))]
)
def test_starts_that_are_skew_to_the_wrong_side_turn_around(slants, skews):
    x = np.concatenate([stats.skewnorm(a, m, 2).rvs(200, random_state=1) for a, m in zip(slants, (0, 20), strict=True)])
    signs, starts = np.sign(slants), []
    for each in (skews, np.abs(skews) * signs):
        components = ek.SkewNormalParams([[0.0], [20.0]], np.reshape(each, (2, 1)), [[2.0], [2.0]])
        starts.append(ek.MixtureParams([0.5, 0.5], components))
    wrong, right = (ek.fit(ek.Mixture(ek.SkewNormal()), x, start, solver="anderson") for start in starts)
    assert (np.sign(wrong.params.components.skews.ravel()) == signs).all()
    assert wrong.log_likelihood == pytest.approx(right.log_likelihood, abs=1e-6)


def test_half_of_a_normal_distribution_rests_on_the_floor():
    x = np.abs(np.random.default_rng(0).normal(size=(60, 1)))
    result = ek.MixtureModel("skew-normal", 1, random_state=0, max_iter=3000).fit(x).result_
    assert result.params.components.slants.item() > 10
    assert np.isfinite(result.log_likelihood)


def test_columns_that_do_not_vary_are_named():
    x = np.column_stack([np.random.default_rng(0).normal(size=40), np.full(40, 3.0)])
    with pytest.warns(ek.DegenerateDataWarning, match="some columns are constant: x1"):
        ek.MixtureModel("skew-normal", 1, random_state=0).fit(x)


@pytest.mark.parametrize("censored", [False, True])
def test_rows_of_half_a_normal_distribution_rest_on_the_floor_and_slants_stay_finite(censored: bool):
    """Few rows have their highest likelihood at an infinite slant, as often as not (Azzalini & Capitanio 1999)."""
    rng = np.random.default_rng(0)
    y = 2 * np.abs(rng.normal(size=25)) + 0.3 * rng.normal(size=25)
    end = np.quantile(y, 0.7)
    x = np.column_stack([np.minimum(y, end), np.where(y > end, np.nan, y)]) if censored else y[:, None]
    family = ek.Censored("skew-normal") if censored else ek.SkewNormal()
    found = ek.MixtureModel(family, 1, random_state=0).fit(x).result_
    assert found.converged
    assert found.boundary == ("components.variances[0, 0]",)
    assert 100 < found.params.components.slants.item() < 1e4
