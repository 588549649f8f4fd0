"""Residuals of models without components: standard normal, and those that a written-out covariance gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import emkit as ek

N, ROWS = 80, 6


@pytest.fixture(scope="module")
def people():
    rng, who, time = np.random.default_rng(0), np.repeat(np.arange(N), ROWS), np.tile(np.arange(6.0), N)
    inner = np.tile([0.0, 1.0], N * ROWS // 2)
    y = 3 + 0.5 * time + 2 * rng.standard_normal(N)[who] + 0.7 * rng.standard_normal(N)[who] * time
    y += rng.standard_normal(2 * N)[2 * who + inner.astype(int)] + rng.standard_normal(len(who))
    y[::17] = np.nan
    return ek.ArraySource(np.column_stack([y, time, inner]), columns=["y", "time", "half"], groups=who)


def fitted(people, kind, **nested):
    model = kind("y", ("time",), ("time",), **nested)
    return ek.fit(model, people, model.start(people.profile), solver="anderson")


@pytest.mark.parametrize("kind", [ek.MixedModel, ek.RestrictedMixedModel])
def test_they_are_standard_normal(people, kind):
    z = fitted(people, kind, nested=ek.Nested("half")).quantile_residuals()[:, 0]
    assert np.array_equal(np.isnan(z), np.isnan(people.x[:, 0]))
    z = z[~np.isnan(z)]
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 0.1


def test_they_are_those_of_the_covariance_written_out(people):
    fit = fitted(people, ek.MixedModel)
    own = people.x[1:6]  # the first person, of whom one response is missing
    z = np.column_stack([np.ones(5), own[:, 1]])
    covariance = z @ fit.params.between.covariance @ z.T + fit.params.within * np.eye(5)
    wanted = np.linalg.solve(np.linalg.cholesky(covariance), own[:, 0] - z @ fit.params.fixed)
    np.testing.assert_allclose(fit.quantile_residuals()[1:6, 0], wanted, rtol=1e-7)


def test_figures_and_reports_have_them(people):
    fit = fitted(people, ek.MixedModel)
    assert len(fit.plot("qq").get_lines()) + len(fit.plot("qq").collections) > 0
    assert fit.plot("residuals").get_title("left").startswith("Residuals")
    assert "Quantile residuals" in str(fit.report().to_dict())
    with pytest.raises(ek.ModelError, match="of models without components"):
        fit.pseudo_residuals("ordinary")


def test_innovations_of_an_unknown_level_are_those_of_statsmodels():
    """Two values tell where the level and its slope began."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    rng = np.random.default_rng(1)
    y = np.cumsum(rng.standard_normal(60)) + rng.standard_normal(60)
    y[20:24] = np.nan
    peer = UnobservedComponents(y, "local linear trend", use_exact_diffuse=True).filter([0.8, 0.6, 0.1])
    model = ek.local_linear_trend()
    found = model.normal_residuals(model.params(noise=[0.8], state_noise=[0.6, 0.1]), ek.ArraySource(y[:, None]))[0]
    assert np.array_equal(np.flatnonzero(np.isnan(found)), [0, 1, 20, 21, 22, 23])
    told = ~np.isnan(found)
    np.testing.assert_allclose(found[told], peer.standardized_forecasts_error[0, told], rtol=1e-6)


def test_cells_of_a_row_come_one_after_the_other():
    """Two columns of one state whose start is known: the cells in order, by the covariance of all of them written out."""
    rng, steps, a = np.random.default_rng(2), 4, 0.7
    model = ek.StateSpace([[a]], [[1.0], [0.5]], start_covariance=[1.3])
    params = model.params(noise=[0.4, 0.9], state_noise=[0.6])
    variance = np.empty((steps, steps))
    for t in range(steps):
        variance[t, t] = 1.3 if t == 0 else a**2 * variance[t - 1, t - 1] + 0.6
        variance[t, :t] = variance[:t, t] = a * variance[t - 1, :t] if t else []
    seen = np.kron(variance, np.outer([1.0, 0.5], [1.0, 0.5])) + np.diag(np.tile([0.4, 0.9], steps))
    y = rng.standard_normal((steps, 2))
    wanted = np.linalg.solve(np.linalg.cholesky(seen), y.ravel()).reshape(steps, 2)
    found = model.normal_residuals(params, ek.ArraySource(y))
    np.testing.assert_allclose(np.column_stack([found[0], found[1]]), wanted, rtol=1e-9)


def test_residuals_far_out_are_as_far_as_they_are():
    """The probability of smaller values has no digits left there."""
    y = np.r_[np.zeros(5), 40.0, np.zeros(5)]
    model = ek.StateSpace([[0.0]], [[1.0]], start_covariance=[1.0])
    params, rows = model.params(noise=[1.0], state_noise=[3.0]), ek.ArraySource(y[:, None])
    assert model.normal_residuals(params, rows)[0].max() == pytest.approx(20.0)
    fit = ek.fit(ek.Frozen(model, "state_noise", "noise"), rows, params)
    assert fit.quantile_residuals().max() == pytest.approx(20.0)


def test_a_series_has_figures_of_its_residuals():
    rng = np.random.default_rng(3)
    y = ek.ArraySource((np.cumsum(rng.standard_normal(150)) + rng.standard_normal(150))[:, None], columns=["level"])
    model = ek.local_level()
    fit = ek.fit(model, y, model.start(y.profile), solver="anderson")
    z = fit.quantile_residuals()[1:, 0]
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert fit.plot("qq").get_xlabel() == "quantile of the normal"
