"""Windows: SciPy's truncated densities, independent solvers, narrow and far windows, nesting."""

from __future__ import annotations

from itertools import islice

import mpmath as mp
import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq, minimize

import emkit as ek
from emkit.families.combined.window import seen

RNG = np.random.default_rng(19)


def test_the_density_is_scipys_truncated_normal():
    means, deviations = np.array([0.0, 3.0]), np.array([1.0, 0.5])
    x = np.linspace(-1, 2, 40)[:, None]
    found = ek.Truncated(ek.DiagonalGaussian(), -1, 2).log_density(
        ek.DiagonalGaussianParams(means[:, None], deviations[:, None] ** 2), x
    )
    wanted = stats.truncnorm.logpdf(x, (-1 - means) / deviations, (2 - means) / deviations, means, deviations)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("mean", "deviation", "low", "high"),
    [(0, 1, 3, np.inf), (0, 1, 12, np.inf), (0, 1, -np.inf, -10), (5, 1e-3, 0, 10), (0, 100, 1, 2), (0, 1, -30, 30)],
)
def test_how_much_lies_in_narrow_and_far_windows(mean, deviation, low, high):
    found = seen(ek.DiagonalGaussian(), ek.DiagonalGaussianParams([[mean]], [[deviation**2]]), low, high).log_mass
    own = stats.norm(mean, deviation)
    wanted = own.logsf(low) if high == np.inf else own.logcdf(high) if low == -np.inf else np.log(own.cdf(high) - own.cdf(low))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shape", [0.2, 1.0, 80.0])
@pytest.mark.parametrize(("low", "high"), [(0, 2.0), (2.0, np.inf), (0.1, 4.0)])
def test_densities_that_are_infinite_at_an_edge(shape, low, high):
    found = seen(ek.Gamma(), ek.GammaParams([[shape]], [[3.0]]), low, high).log_mass
    own = stats.gamma(shape, scale=3 / shape)
    wanted = own.logsf(low) if high == np.inf else np.log(own.cdf(high) - own.cdf(low))
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("rate", [1e-9, 0.3, 40.0])
def test_counts_without_zeros_at_any_rate(rate):
    found = seen(ek.Poisson(), ek.PoissonParams([[rate]]), 1, np.inf).log_mass
    np.testing.assert_allclose(found, np.log(-np.expm1(-rate)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("mean", [0.5, 50.0, 1e4])
@pytest.mark.parametrize("zeros", [0.3, 0.4999, 0.5001, 0.9, 0.999])
def test_heavy_tails_of_counts_lie_inside_as_a_whole(mean, zeros):
    """Whatever share of negative binomial counts is 0, what is seen is the rest to 1."""
    share = lambda size: stats.nbinom.pmf(0, size, size / (size + mean)) - zeros  # noqa: E731
    size = brentq(share, 1e-6, 1e6) if np.exp(-mean) < zeros else 1e6
    zeros = stats.nbinom.pmf(0, size, size / (size + mean))
    params = ek.NegativeBinomialParams([[mean]], [[1 / size]])
    assert seen(ek.NegativeBinomial(), params, 1, np.inf).log_mass == pytest.approx(np.log1p(-zeros), abs=1e-9)


def test_next_to_nothing_inside_is_added_up():
    low, rates = 40, np.array([[1.0], [5.0], [30.0]])
    found = seen(ek.Poisson(), ek.PoissonParams(rates), low, np.inf)
    assert found.log_mass == pytest.approx(stats.poisson.logsf(low - 1, rates[:, 0]), rel=1e-12)
    assert all(np.isfinite(weights).all() for _, weights, _ in found.parts)


def test_a_narrow_component_beside_a_wide_one():
    params = ek.DiagonalGaussianParams([[0.0], [0.3]], [[1e6], [1e-6]])
    found = seen(ek.DiagonalGaussian(), params, 0.2995, np.inf)
    assert found.log_mass == pytest.approx(stats.norm.logsf(0.2995, [0, 0.3], [1e3, 1e-3]), rel=1e-10)


def test_a_mixture_of_truncated_normals_is_where_another_solver_finds_it():
    x = np.concatenate([RNG.normal(0, 1, 500), RNG.normal(4, 1, 400)])
    x = x[(x > -0.5) & (x < 5)]
    start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams([[0.0], [4.0]], [[1.0], [1.0]]))
    fit = ek.fit(ek.Mixture(ek.Truncated(ek.DiagonalGaussian(), -0.5, 5)), x, start, solver=ek.solvers.Anderson())

    def loss(z):
        p, parts = 1 / (1 + np.exp(-z[0])), []
        for mean, log_sd in (z[1:3], z[3:5]):
            sd = np.exp(log_sd)
            parts.append(stats.truncnorm.pdf(x, (-0.5 - mean) / sd, (5 - mean) / sd, mean, sd))
        return -np.log(p * parts[0] + (1 - p) * parts[1]).sum()

    other = minimize(loss, [0.0, 0.0, 0.0, 4.0, 0.0], method="BFGS", options={"gtol": 1e-5})
    assert fit.converged
    assert fit.log_likelihood >= -other.fun - 1e-6
    np.testing.assert_allclose(fit.params.components.means.ravel(), other.x[[1, 3]], atol=2e-3)


def test_geometric_counts_cut_at_both_ends_with_a_window_for_each_column():
    x = np.stack([RNG.geometric(0.3, 4000) - 1, RNG.geometric(0.5, 4000) - 1], axis=1)
    x = x[(x[:, 0] >= 1) & (x[:, 0] <= 6) & (x[:, 1] <= 3)]
    params = ek.MixtureModel(ek.Truncated(ek.Geometric(), (1, 0), (6, 3)), 1).fit(x).components_

    def loss(z, column, low, high):
        p = 1 / (1 + np.exp(-z[0]))
        own = stats.geom(p, loc=-1)
        return -(own.logpmf(column) - np.log(own.cdf(high) - own.cdf(low - 1))).sum()

    for j, (low, high) in enumerate([(1, 6), (0, 3)]):
        other = minimize(loss, [0.0], args=(x[:, j], low, high), method="BFGS")
        np.testing.assert_allclose(params.chances[0, j], 1 / (1 + np.exp(-other.x[0])), rtol=1e-5)


def test_it_nests_with_tied_fields_priors_and_repeats():
    x = np.concatenate([RNG.normal(0, 1, 300), RNG.normal(4, 1, 300)])
    x = x[x > -0.5][:, None]
    family = ek.Tied(ek.Truncated(ek.DiagonalGaussian(), -0.5), "variances")
    start = family.tied(ek.DiagonalGaussianParams([[0.0], [4.0]], [[1.0], [1.0]]))
    squarem = ek.solvers.Squarem()
    fit = ek.fit(ek.Mixture(family), x, ek.MixtureParams([0.5, 0.5], start), solver=squarem)
    inside_out = ek.Truncated(ek.Tied(ek.DiagonalGaussian(), "variances"), -0.5)
    other = ek.fit(ek.Mixture(inside_out), x, ek.MixtureParams([0.5, 0.5], start), solver=squarem)
    assert fit.params.components.variances.shape == (1,)
    assert abs(fit.log_likelihood - other.log_likelihood) < 1e-7
    prior = {"components": ek.NormalPrior(), "proportions": ek.DirichletPrior(3.0)}
    known = ek.fit(ek.WithPrior(ek.Mixture(family), prior), x, ek.MixtureParams([0.5, 0.5], start), solver=squarem)
    assert known.converged
    assert known.log_likelihood <= fit.log_likelihood


def test_rows_outside_are_refused_and_have_no_density():
    family = ek.Truncated(ek.Poisson(), 1)
    with pytest.raises(ek.DataError, match="row 1, column 'x0' is 0; nothing below 1 is seen"):
        ek.MixtureModel(family, 1).fit([[1], [0], [2]])
    assert family.log_density(ek.PoissonParams([[1.0]]), np.zeros((1, 1))).item() < -1e299


@pytest.mark.parametrize(("low", "high"), [(3, 1), (2, 2)])
def test_an_empty_window_is_refused(low, high):
    with pytest.raises(ek.ModelError, match=f"nothing lies from low={low} to high={high}"):
        ek.Truncated(ek.Poisson(), low, high)


def test_joined_columns_are_refused():
    with pytest.raises(ek.ModelError, match="only independent columns can be truncated"):
        ek.MixtureModel(ek.Truncated(ek.FullGaussian(), 0), 1).fit(RNG.random((20, 2)))


LONG = [pytest.mark.slow, pytest.mark.long]  # two minutes each: steps along a ridge are climbed numerically


@pytest.mark.parametrize(
    "solver",
    [pytest.param(ek.solvers.Plain(), marks=LONG), pytest.param(ek.solvers.Squarem(), marks=LONG), ek.solvers.Anderson()],
    ids=repr,
)
def test_where_the_likelihood_rises_without_end_no_step_falls(solver):
    """Rows that fill their window evenly are best told by a normal of ever larger variance, or ever farther mean."""
    x = np.repeat(np.array([[0.4], [2.8], [3.6], [3.9]]), 3, axis=0)
    family = ek.Truncated(ek.DiagonalGaussian(), -1.5, 4.0)
    start = ek.MixtureParams([1.0], ek.DiagonalGaussianParams([[2.0]], [[3.0]]))
    em = ek.EMMap(ek.Mixture(family), ek.ArraySource(x), start)
    heights = [step.here.objective for step in islice(ek.iterate(em, start, solver), 80)]
    assert np.diff(heights).min() >= -1e-9


@pytest.mark.parametrize("shape", [0.05, 0.09, 0.5, 1.3, 30.0])
@pytest.mark.parametrize(("low", "high"), [(27.2, 424.7), (27.2, np.inf), (1e-6, 1.0)])
def test_a_window_is_met_however_far_a_component_reaches_beyond_it(shape, low, high):
    """A Weibull of shape 0.05 draws from 1e-40 to 1e30, and places to integrate between must lie in the window."""
    scale = 1e4
    with mp.workdps(200):
        beyond_low, beyond_high = (mp.exp(-((mp.mpf(each) / scale) ** mp.mpf(shape))) for each in (low, high))
        wanted = float(mp.log(beyond_low - beyond_high))
    found = seen(ek.Weibull(), ek.WeibullParams([[shape]], [[scale]]), low, high).log_mass[0]
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("low", "high"), [(27.2, 424.7), (1e-6, 1.0)])
def test_a_window_is_met_where_drawn_rows_overflow(low, high):
    found = seen(ek.LogNormal(), ek.LogNormalParams([[1e3]], [[1e6]]), low, high).log_mass[0]
    ends = (np.log([low, high]) - 1e3) / 1e3
    wanted = np.log(np.diff(stats.norm.cdf(ends)).item())
    assert found == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("mean", "deviation"), [(700.0, 50.0), (300.0, 400.0), (-800.0, 3.0), (0.0, 1.0)])
@pytest.mark.parametrize(("low", "high"), [(1.0, np.inf), (0.0, 1e100), (1e3, 1e6)])
def test_log_normal_components_beyond_the_largest_number(mean, deviation, low, high):
    """What no double can hold is still there: the window is one of the logarithm."""
    params = ek.LogNormalParams([[mean]], [[deviation**2]])
    found = seen(ek.LogNormal(), params, low, high).log_mass
    z = [
        mp.mpf("-inf") if low == 0 else (mp.log(low) - mean) / deviation,
        mp.inf if high == np.inf else (mp.log(high) - mean) / deviation,
    ]
    with mp.workdps(60):
        far = (
            [mp.erfc(-each / mp.sqrt(2)) / 2 for each in z]
            if z[0] < 0
            else [mp.erfc(z[1] / mp.sqrt(2)) / 2, mp.erfc(z[0] / mp.sqrt(2)) / 2]
        )
        wanted = float(mp.log(far[1] - far[0]))
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)
