"""Intervals inside their spaces, against closed forms and against searches for their ends by other means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import chi2, norm

import emkit as ek

RNG = np.random.default_rng(2)
Z = norm.ppf(0.975)


def one(family, params, x, weights=None):
    return ek.fit(ek.Mixture(family), x, ek.MixtureParams([1.0], params), weights=weights, tol=1e-13)


X = RNG.normal(3.0, 2.0, 40)
NORMAL = one(ek.DiagonalGaussian(), ek.DiagonalGaussianParams([[3.0]], [[4.0]]), X)
COINS = one(ek.Bernoulli(), ek.SuccessParams([[0.2]]), np.repeat([0.0, 1.0], [37, 3]))


def test_a_real_number_has_a_symmetric_interval_and_a_variance_a_logarithmic_one():
    found = NORMAL.confidence_intervals()
    mean, variance, n = X.mean(), X.var(), len(X)
    half = Z * np.sqrt(variance / n)
    assert found["components.means[0, 0]"] == pytest.approx((mean - half, mean + half), rel=1e-7)
    factor = np.exp(Z * np.sqrt(2 / n))
    assert found["components.variances[0, 0]"] == pytest.approx((variance / factor, variance * factor), rel=1e-6)


def test_a_probability_has_an_interval_in_log_odds():
    low, high = COINS.confidence_intervals(0.99)["components.probabilities[0, 0]"]
    p, z = 3 / 40, norm.ppf(0.995)
    half = z / np.sqrt(40 * p * (1 - p))
    assert (low, high) == pytest.approx((expit(logit(p) - half), expit(logit(p) + half)), rel=1e-6)


def end_of(log_likelihood, best, far, level=0.95):
    least = log_likelihood(best) - chi2.ppf(level, 1) / 2
    return brentq(lambda value: log_likelihood(value) - least, best, far, xtol=1e-12)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_profiles_of_one_parameter_are_where_the_likelihood_has_fallen(level):
    found = COINS.confidence_intervals(level, "profile")["components.probabilities[0, 0]"]
    height = lambda p: 3 * np.log(p) + 37 * np.log(1 - p)  # noqa: E731
    wanted = [end_of(height, 3 / 40, far, level) for far in (1e-9, 1 - 1e-9)]
    assert found == pytest.approx(wanted, rel=2e-3)


def test_the_profile_of_a_mean_has_the_variance_at_its_best():
    height = lambda mean: -len(X) / 2 * np.log(((X - mean) ** 2).mean())  # noqa: E731
    found = NORMAL.confidence_intervals(method="profile", names="components.means[0, 0]")
    assert found.names == ("components.means[0, 0]",)
    assert found[found.names[0]] == pytest.approx([end_of(height, X.mean(), X.mean() + off) for off in (-9, 9)], rel=2e-3)


TWO = np.concatenate([RNG.normal(0, 1, 90), RNG.normal(3.5, 1, 60)])
START = ek.MixtureParams([0.6, 0.4], ek.DiagonalGaussianParams([[0.0], [3.5]], [[1.0], [1.0]]))
MIXED = ek.fit(ek.Mixture(ek.DiagonalGaussian()), TWO, START, tol=1e-12)


def test_the_profile_of_a_mixture_is_that_of_fits_with_the_parameter_held():
    name = "components.means[1, 0]"
    for end in MIXED.confidence_intervals(method="profile", names=[name])[name]:
        best = MIXED.params.components
        moved = ek.DiagonalGaussianParams([best.means[0], [end]], best.variances)
        held = ek.Frozen(MIXED.model, "components.means[1]")
        refit = ek.fit(held, TWO, ek.MixtureParams(MIXED.params.proportions, moved), tol=1e-10)
        assert MIXED.log_likelihood - refit.log_likelihood == pytest.approx(chi2.ppf(0.95, 1) / 2, rel=5e-3)


def test_profiles_do_not_depend_on_the_scale():
    """The interval of a proportion is that of the other one turned round."""
    found = MIXED.confidence_intervals(method="profile")
    low, high = found["proportions[0]"]
    assert found["proportions[1]"] == pytest.approx((1 - high, 1 - low), rel=1e-3)


def test_with_many_rows_both_methods_agree():
    x = np.concatenate([RNG.normal(0, 1, 6_000), RNG.normal(4, 1, 4_000)])
    result = ek.fit(ek.Mixture(ek.DiagonalGaussian()), x, START, tol=1e-12)
    one, other = result.confidence_intervals(), result.confidence_intervals(method="profile")
    width = one.upper - one.lower
    np.testing.assert_allclose((other.lower - one.lower) / width, 0, atol=0.02)
    np.testing.assert_allclose((other.upper - one.upper) / width, 0, atol=0.02)


def test_an_interval_that_reaches_an_edge_ends_there_and_says_so():
    x = np.repeat([0.0, 1, 4, 5, 6, 7], [30, 1, 5, 5, 5, 5])
    start = ek.MixtureParams([0.6, 0.4], ek.PoissonParams([[0.05], [5.5]]))
    result = ek.fit(ek.Mixture(ek.Poisson()), x, start, tol=1e-12)
    found = result.confidence_intervals(method="profile")
    low, high = found["components.rates[0, 0]"]
    assert low == 0.0
    assert result.params.components.rates[0, 0] < high < 0.4
    assert found.open_ends == ("components.rates[0, 0]",)


def test_intervals_lie_inside_their_spaces():
    x = (RNG.random((60, 4)) < np.where(RNG.random((60, 1)) < 0.5, 0.05, 0.9)).astype(float)
    result = ek.MixtureModel("bernoulli", 2, random_state=0).fit(x).result_
    for method in ("wald", "profile"):
        found = result.confidence_intervals(method=method)
        inside = [name for name in found.names if name not in found.reasons]
        for name in inside:
            low, high = found[name]
            assert 0 <= low <= high <= 1
        assert all(np.isnan(found[name]).all() for name in found.reasons)


def test_what_is_on_a_boundary_has_none_and_the_reason():
    result = ek.fit(
        ek.Mixture(ek.Poisson()),
        [0.0] * 20 + [3, 4, 5, 6, 2, 4],
        ek.MixtureParams([0.7, 0.3], ek.PoissonParams([[0.0], [4.0]])),
    )
    for method in ("wald", "profile"):
        found = result.confidence_intervals(method=method)
        assert np.isnan(found["components.rates[0, 0]"]).all()
        assert "boundary" in found.reasons["components.rates[0, 0]"]
        assert np.isfinite(found["components.rates[1, 0]"]).all()


def test_nothing_is_said_where_the_information_is_singular():
    x = np.repeat([0.0, 1, 2, 3], [10, 20, 20, 10])
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.5], [0.5]]))
    result = ek.fit(ek.Mixture(ek.Binomial(trials=3)), x, start, escape=False)
    for method in ("wald", "profile"):
        found = result.confidence_intervals(method=method)
        assert np.isnan(found.lower).all()
        assert all("singular" in reason for reason in found.reasons.values())
    assert "singular" in str(result.delta(lambda p: p.proportions[0]))


def test_wrong_questions_are_answered_in_words():
    for level in (0, 1, 95, "high"):
        with pytest.raises(ek.ModelError, match=r"level is .*; it must lie between 0 and 1, such as 0.95"):
            NORMAL.confidence_intervals(level)
    with pytest.raises(ek.ModelError, match="method is 'exact'; it must be one of wald, profile"):
        NORMAL.confidence_intervals(method="exact")
    for method in ("wald", "profile"):
        with pytest.raises(ek.ModelError, match=r"there is no free parameter 'means'; there are proportions\[0\]"):
            NORMAL.confidence_intervals(method=method, names=["means"])
    with pytest.raises(ek.ModelError, match="a profile is of the likelihood as it is"):
        NORMAL.confidence_intervals(method="profile", kind="robust")


def test_intervals_are_printed():
    lines = str(NORMAL.confidence_intervals(0.9)).splitlines()
    assert lines[0] == "0.9 intervals, wald"
    assert lines[2].split()[0] == "components.means[0,"


# -- the delta method


def test_the_delta_method_of_an_entry_is_its_standard_error():
    found = MIXED.delta(lambda p: p.components.means[1, 0])
    errors = MIXED.standard_errors()
    assert float(found.error) == pytest.approx(errors["components.means[1, 0]"], rel=1e-9)
    assert np.ravel(found.interval()) == pytest.approx(MIXED.confidence_intervals()["components.means[1, 0]"], rel=1e-9)


def test_a_difference_has_the_error_of_a_difference():
    found = MIXED.delta(lambda p: p.components.means[1] - p.components.means[0])
    errors = MIXED.standard_errors()
    i, j = (errors.names.index(f"components.means[{k}, 0]") for k in (1, 0))
    wanted = errors.covariance[i, i] + errors.covariance[j, j] - 2 * errors.covariance[i, j]
    assert found.error == pytest.approx(np.sqrt(wanted), rel=1e-7)
    assert found.estimate.shape == (1,)
    assert found.p < 1e-10
    robust = MIXED.delta(lambda p: p.components.means[1] - p.components.means[0], kind="robust")
    assert robust.error != found.error
    assert "standard error" in str(found)


def test_a_curved_function_and_several_at_once():
    found = NORMAL.delta(lambda p: np.stack([p.components.variances[0, 0] ** 0.5, p.components.means[0, 0] ** 2]))
    n = len(X)
    np.testing.assert_allclose(found.error, [X.std() / np.sqrt(2 * n), 2 * abs(X.mean()) * X.std() / np.sqrt(n)], rtol=1e-5)


def test_a_function_of_what_is_known_has_no_error():
    found = NORMAL.delta(lambda p: p.proportions[0])
    assert np.isnan(found.error)
    assert "it depends on no parameter that has a standard error" in found.reason


def test_what_is_no_function_of_the_parameters_is_refused():
    for wrong, words in (
        (3, "needs a function"),
        (lambda p: "x", "must return a number"),
        (lambda p: np.inf, "must be finite"),
    ):
        with pytest.raises(ek.ModelError, match=words):
            NORMAL.delta(wrong)
