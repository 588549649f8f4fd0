"""What a mixture leaves unexplained, against tables and distributions that are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit import views

RNG = np.random.default_rng(1)


def one_class(x):
    return ek.MixtureModel("categorical", 1, random_state=0).fit(x).result_


def test_the_residual_of_a_pair_under_independence_is_pearsons():
    x = RNG.integers(0, 3, (300, 3)).astype(float)
    x[:, 1] = np.where(RNG.random(300) < 0.4, x[:, 0], x[:, 1])
    found = one_class(x).bivariate_residuals()
    for i, j in ((0, 1), (0, 2), (1, 2)):
        table = np.histogram2d(x[:, i], x[:, j], bins=3)[0]
        chi_square = stats.chi2_contingency(table, correction=False)
        assert found.values[i, j] == pytest.approx(chi_square.statistic / chi_square.dof, rel=1e-10)
    assert np.isnan(np.diag(found.values)).all()
    assert found.worst(1)[0][:2] == ("x0", "x1")
    assert json.loads(json.dumps(found.to_dict()))["values"][0][0] is None


def test_classes_explain_what_goes_together_through_them():
    classes = RNG.random(3_000) < 0.5
    x = (RNG.random((3_000, 5)) < np.where(classes, 0.85, 0.2)[:, None]).astype(float)
    one, two = (ek.MixtureModel("bernoulli", k, random_state=0).fit(x).result_.bivariate_residuals() for k in (1, 2))
    assert np.nanmin(one.values) > 100
    assert np.nanmax(two.values) < 7


def test_weights_count_rows():
    x, weights = RNG.integers(0, 2, (60, 3)).astype(float), RNG.integers(1, 5, 60)
    weighted = ek.MixtureModel("bernoulli", 1, random_state=0).fit(x, sample_weight=weights).result_.bivariate_residuals()
    repeated = ek.MixtureModel("bernoulli", 1, random_state=0).fit(np.repeat(x, weights, axis=0)).result_.bivariate_residuals()
    np.testing.assert_allclose(weighted.values, repeated.values, rtol=1e-9)


@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_quantile_residuals_of_a_true_model_are_standard_normal(family):
    component = RNG.random(2_000) < 0.4
    x = (
        RNG.normal(np.where(component, 0, 5), 1)
        if family == "gaussian"
        else RNG.poisson(np.where(component, 1, 8)).astype(float)
    )
    result = ek.MixtureModel(family, 2, random_state=0).fit(x[:, None]).result_
    found = result.quantile_residuals()
    assert found.shape == (2_000, 1)
    assert stats.kstest(found[:, 0], "norm").pvalue > 0.01
    np.testing.assert_array_equal(found, result.quantile_residuals())
    by_lot = family == "poisson"  # of a number, nothing is left to chance
    assert (found != result.quantile_residuals(seed=1)).any() == by_lot


def test_quantile_residuals_of_a_wrong_model_are_not():
    x = RNG.exponential(1.0, 1_000)
    result = ek.MixtureModel("gaussian", 1, random_state=0).fit(x[:, None]).result_
    assert stats.kstest(result.quantile_residuals()[:, 0], "norm").pvalue < 1e-6


def counts():
    return RNG.poisson(np.where(RNG.random(500) < 0.3, 0.5, 6.0)).astype(float)[:, None]


def test_a_rootogram_has_the_counts_and_what_is_expected():
    x = counts()
    result = ek.MixtureModel("poisson", 2, random_state=0).fit(x).result_
    found = views.rootogram(result._subject(), result.params)
    p, rates = result.params.proportions, result.params.components.rates
    np.testing.assert_array_equal(found.observed, np.bincount(x[:, 0].astype(int)))
    np.testing.assert_allclose(found.expected, 500 * (p @ stats.poisson.pmf(found.x, rates)), rtol=1e-9)
    np.testing.assert_allclose(found.hanging, np.sqrt(found.expected) - np.sqrt(found.observed))
    assert set(found.to_dict()) == {"column", "x", "observed", "expected", "hanging"}


def test_other_columns_have_no_such_residuals():
    normal = ek.MixtureModel("gaussian", 1, random_state=0).fit(RNG.normal(size=(30, 2))).result_
    with pytest.raises(ek.ModelError, match="a rootogram is of one column of counts, not of x0"):
        views.rootogram(normal._subject(), normal.params)
    with pytest.raises(ek.ModelError, match="gaussian columns have none"):
        normal.bivariate_residuals()
    with pytest.raises(ek.ModelError, match="Cells does not say what the residuals of its rows are"):
        ek.lessons.linkage().fit().quantile_residuals()


def test_gaps_leave_the_pairs_that_were_seen():
    x = RNG.integers(0, 2, (400, 3)).astype(float)
    x[::3, 1] = np.nan
    result = ek.MixtureModel("bernoulli", 1, random_state=0).fit(x).result_
    found, seen = result.bivariate_residuals(), np.isfinite(x[:, 1])
    p = result.params.components.probabilities[0]
    expected = seen.sum() * np.outer([1 - p[0], p[0]], [1 - p[1], p[1]])
    observed = np.histogram2d(x[seen, 0], x[seen, 1], bins=2)[0]
    assert found.values[0, 1] == pytest.approx(((observed - expected) ** 2 / expected).sum(), rel=1e-9)
    residuals = result.quantile_residuals()
    np.testing.assert_array_equal(np.isnan(residuals), np.isnan(x))


def test_values_known_up_to_intervals_have_no_quantile_residuals():
    times = np.random.default_rng(0).weibull(1.5, 60)
    result = ek.MixtureModel("censored:weibull", 1).fit(ek.survival(np.minimum(times, 1.0), times <= 1)).result_
    for ask in (result.quantile_residuals, lambda: result.plot("qq"), lambda: result.plot("residuals")):
        with pytest.raises(ek.ModelError, match="values known up to intervals have no residuals"):
            ask()
