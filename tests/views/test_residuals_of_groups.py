"""Residuals of mixed models: standard normal, and those that a written-out covariance gives."""

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
