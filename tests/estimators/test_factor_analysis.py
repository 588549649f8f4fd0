"""Factor analysis with scikit-learn's face."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn.decomposition
from scipy.optimize import minimize
from scipy.stats import chi2
from sklearn.datasets import load_diabetes
from sklearn.utils.estimator_checks import parametrize_with_checks

import emkit as ek
from tests.oracles.answers import column, table

RNG = np.random.default_rng(4)
LOADINGS = np.array([[1.2, 0.1], [1.0, 0.2], [0.9, -0.1], [0.1, 1.0], [-0.2, 1.1], [0.2, 0.9]])
X = RNG.standard_normal((150, 2)) @ LOADINGS.T + RNG.standard_normal((150, 6)) * 0.8 + [0, 1, 2, 3, 4, 5]
GAPPY = np.where(RNG.random(X.shape) < 0.15, np.nan, X)


def ability(**settings):
    rows = table("fa_ability")
    return ek.FactorAnalysis(2, **settings).fit_covariance(column(rows, *rows[0]), 112, columns=list(rows[0]))


AS_EXPECTED = [  # of two columns, or a handful of rows: said as a warning
    "ignore::emkit.errors.EmkitWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::sklearn.exceptions.SkipTestWarning",
]


@parametrize_with_checks([ek.FactorAnalysis()])
@pytest.mark.filterwarnings(*AS_EXPECTED)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.long
@parametrize_with_checks([ek.FactorAnalysis(uniquenesses="equal", rotation="varimax", scores="bartlett")])
@pytest.mark.filterwarnings(*AS_EXPECTED)
def test_scikit_learn_checks_with_other_settings(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore:Heywood case")
def test_the_highest_of_several_maxima_is_found():
    """Of the diabetes data, principal factors lead to a maximum that is 14.4 lower; held against direct maximisation."""
    x = load_diabetes().data
    n, covariance = len(x), np.cov(x.T, bias=True)

    def depth(of):
        whole = np.outer(of[:10], of[:10]) + np.diag(of[10:] ** 2)
        return np.linalg.slogdet(whole)[1] + np.trace(np.linalg.solve(whole, covariance))

    spread, rng = np.sqrt(np.diag(covariance)), np.random.default_rng(0)
    starts = [np.concatenate([rng.uniform(-1, 1, 10), rng.uniform(0.1, 1, 10)]) * np.tile(spread, 2) for _ in range(12)]
    least = min(minimize(lambda v: depth(v * np.tile(spread, 2)), start / np.tile(spread, 2)).fun for start in starts)
    height = -n / 2 * (10 * np.log(2 * np.pi) + least)
    assert ek.FactorAnalysis().fit(x).result_.log_likelihood >= height - 1e-6
    assert ek.FactorAnalysis(n_init=1).fit(x).result_.log_likelihood < height - 14


@pytest.mark.parametrize("m", [1, 2])
def test_likelihood_is_no_lower_than_scikit_learns(m):
    peer = sklearn.decomposition.FactorAnalysis(m, tol=1e-10, max_iter=20_000, svd_method="lapack").fit(X)
    found = ek.FactorAnalysis(m).fit(X)
    assert found.score(X) >= peer.score(X) - 1e-9
    assert found.score(X) == pytest.approx(peer.score(X), abs=1e-6)
    np.testing.assert_allclose(found.noise_variance_, peer.noise_variance_, rtol=2e-3)
    signs = np.sign((found.components_ * peer.components_).sum(axis=1))
    np.testing.assert_allclose(found.transform(X) * signs, peer.transform(X), atol=5e-3)
    np.testing.assert_allclose(found.get_covariance(), peer.get_covariance(), rtol=5e-3, atol=1e-3)


def test_equal_uniquenesses_are_scikit_learns_principal_components():
    peer = sklearn.decomposition.PCA(2).fit(X)
    found = ek.FactorAnalysis(2, uniquenesses="equal").fit(X)
    n = len(X)  # scikit-learn divides by n - 1
    np.testing.assert_allclose(found.get_covariance(), peer.get_covariance() * (n - 1) / n, rtol=1e-5, atol=1e-6)


def test_the_test_of_two_factors_is_factanals():
    found = ability().test()
    assert found.statistic == pytest.approx(6.11, abs=0.005)  # as R's help page of factanal prints it
    assert found.degrees_of_freedom == 4
    assert found.p_value == pytest.approx(0.191, abs=5e-4)
    assert "on 4 degrees of freedom" in str(found)


def test_factors_of_promax_correlate_as_factanals():
    found = ability(rotation="promax")
    assert found.factor_correlation_[0, 1] == pytest.approx(0.557, abs=2e-3)  # likewise
    common = found.loadings_ @ found.factor_correlation_ @ found.loadings_.T
    np.testing.assert_allclose(common + np.diag(found.uniquenesses_), found.get_covariance(), rtol=1e-9)


@pytest.mark.parametrize("rotation", [None, "varimax", "promax"])
@pytest.mark.parametrize("scores", ["regression", "bartlett"])
def test_scores_are_those_of_textbooks(rotation, scores):
    found = ek.FactorAnalysis(2, rotation=rotation, scores=scores).fit(X)
    L, away, phi = found.loadings_, X - found.mean_, found.factor_correlation_
    weighted = L.T / found.uniquenesses_
    spread = np.linalg.inv(weighted @ L + (np.linalg.inv(phi) if scores == "regression" else 0))
    told, spreads = found.factor_scores(X)
    np.testing.assert_allclose(told, away @ weighted.T @ spread, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(spreads[3], spread, rtol=1e-7, atol=1e-9)


def test_a_row_of_too_few_cells_tells_no_factor():
    found = ek.FactorAnalysis(2, scores="bartlett").fit(GAPPY)
    rows = np.full((3, 6), np.nan)
    rows[1, 0] = rows[2, 0] = rows[2, 1] = 1.0
    told, spreads = found.factor_scores(rows)
    assert np.isnan(told[:2]).all()
    assert np.isfinite(told[2]).all()
    found.scores = "regression"
    told, spreads = found.factor_scores(rows)
    np.testing.assert_array_equal(told[0], [0, 0])
    np.testing.assert_allclose(spreads[0], np.eye(2), atol=1e-12)


def test_weights_are_copies_of_rows():
    weights = RNG.integers(0, 3, 150).astype(float)
    one = ek.FactorAnalysis(1).fit(GAPPY, sample_weight=weights)
    other = ek.FactorAnalysis(1).fit(np.repeat(GAPPY, weights.astype(int), axis=0))
    assert one.result_.log_likelihood == pytest.approx(other.result_.log_likelihood, abs=1e-7)
    assert one.score(GAPPY, sample_weight=weights) * weights.sum() == pytest.approx(one.result_.log_likelihood, rel=1e-10)


def test_rows_and_their_covariance_are_fitted_alike():
    rows = ek.FactorAnalysis(2).fit(X)
    matrix = ek.FactorAnalysis(2).fit_covariance(np.cov(X.T, ddof=0), 150, X.mean(axis=0))
    assert matrix.result_.log_likelihood == pytest.approx(rows.result_.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(matrix.transform(X), rows.transform(X), atol=1e-4)
    assert matrix.test().statistic == pytest.approx(rows.test().statistic, abs=1e-6)
    assert matrix.result_.bic == pytest.approx(rows.result_.bic, abs=1e-6)


def test_a_frame_keeps_its_names():
    frame = pd.DataFrame(GAPPY, columns=list("abcdef"))
    found = ek.FactorAnalysis(2, rotation="varimax").fit(frame)
    text = found.summary()
    assert all(f"  {name} " in text for name in "abcdef")
    assert "sum of squares" in text
    assert max(map(len, text.splitlines())) <= 80
    assert found.set_output(transform="pandas").transform(frame).columns.tolist() == ["factoranalysis0", "factoranalysis1"]
    assert found.result_.standard_errors().errors.shape == (6 + 11 + 6,)


def test_several_starts_are_tried():
    found = ek.FactorAnalysis(1, n_init=3, random_state=0).fit(X)
    assert len(found.result_.runs.runs) == 3


def test_rows_are_drawn():
    found = ek.FactorAnalysis(2, random_state=0).fit(X)
    drawn = found.sample(5_000)
    np.testing.assert_allclose(np.cov(drawn.T), found.get_covariance(), atol=0.25)
    np.testing.assert_allclose(found.get_precision() @ found.get_covariance(), np.eye(6), atol=1e-9)


def test_a_pickle_tells_the_same():
    found = ek.FactorAnalysis(2, rotation="promax").fit(GAPPY)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.transform(GAPPY), found.transform(GAPPY))
    assert again.summary() == found.summary()


def test_a_heywood_case_is_named():
    matrix = [[1, 0.8, 0.75, 0.6], [0.8, 1, 0.5, 0.44], [0.75, 0.5, 1, 0.42], [0.6, 0.44, 0.42, 1]]
    with pytest.warns(ek.EmkitWarning, match="Heywood case: the uniqueness of 'a' is 0"):
        found = ek.FactorAnalysis().fit_covariance(matrix, 200, columns=list("abcd"))
    assert found.heywood_ == ("a",)
    assert "Heywood" in found.summary()
    np.testing.assert_allclose(found.communalities_, [1, 0.64, 0.5625, 0.36], atol=1e-8)


def test_what_has_no_maximum_is_refused_and_the_last_fit_stays():
    found = ek.FactorAnalysis(1).fit(X)
    before = found.loadings_
    twice = np.column_stack([X[:, 0], X])
    with pytest.raises(ek.DegenerateFitError, match="Use fewer factors"):
        found.fit(twice)
    assert found.loadings_ is before
    assert found.n_features_in_ == 6


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n_components": 0}, "n_components"),
        ({"rotation": "equamax"}, "rotation is 'equamax'"),
        ({"uniquenesses": 1}, "uniquenesses"),
        ({"scores": None}, "scores"),
        ({"n_init": 0}, "n_init"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, said):
    with pytest.raises(ek.ParameterError, match=said):
        ek.FactorAnalysis(**settings).fit(X)


def test_the_test_says_what_it_is_not_for():
    with pytest.raises(ek.ModelError, match="equal"):
        ek.FactorAnalysis(uniquenesses="equal").fit(X).test()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ek.EmkitWarning)
        few = ek.FactorAnalysis().fit(X[:5])
    for asked in (few.test, few.fit_indices):
        with pytest.raises(ek.ModelError, match="in a plane"):
            asked()
    assert "nothing to test" in str(ek.FactorAnalysis().fit(X[:, :3]).test())


def test_rows_with_gaps_are_tested_against_the_normal_among_gaps():
    """Twice what any covariance, and columns alone, have more and less of log-likelihood among the cells that are there."""
    found, whole = ek.FactorAnalysis(2).fit(GAPPY), ek.NormalMissing().fit(GAPPY)
    alone = sum(ek.NormalMissing().fit(x[~np.isnan(x)][:, None]).result_.log_likelihood for x in GAPPY.T)
    told, indices = found.test(), found.fit_indices()
    apart = 2 * (whole.result_.log_likelihood - found.result_.log_likelihood)
    assert told.statistic == indices.chi_squared == pytest.approx(apart, abs=1e-6)
    assert told.degrees_of_freedom == indices.degrees_of_freedom == 4
    assert told.p_value == pytest.approx(chi2.sf(apart, 4), abs=1e-7)
    assert told.discrepancy == pytest.approx(apart / 150)
    assert indices.baseline == (pytest.approx(2 * (whole.result_.log_likelihood - alone), abs=1e-5), 15)
    one = ek.FactorAnalysis().fit(GAPPY)
    assert one.test().p_value < 1e-10 < 0.01 < told.p_value
    with pytest.raises(ek.ModelError, match="equal"):
        ek.FactorAnalysis(uniquenesses="equal").fit(GAPPY).test()


def test_fit_indices_of_complete_rows_are_those_of_the_confirmatory_model():
    names = [*"abcdef"]
    frame = pd.DataFrame(X, columns=names)
    found, other = ek.FactorAnalysis().fit(frame), ek.ConfirmatoryFactorAnalysis({"f": names}).fit(frame)
    told, wanted = found.fit_indices(), other.fit_indices()
    assert told.chi_squared == pytest.approx(wanted.chi_squared, abs=1e-6)
    assert told.chi_squared == pytest.approx(150 * found.test().discrepancy, abs=1e-6)
    assert (told.degrees_of_freedom, told.baseline) == (wanted.degrees_of_freedom, wanted.baseline)
    assert (told.cfi, told.srmr) == (pytest.approx(wanted.cfi, abs=1e-8), pytest.approx(wanted.srmr, abs=1e-5))
    assert ek.FactorAnalysis(uniquenesses="equal").fit(frame).fit_indices().degrees_of_freedom == 9 + 5


def test_units_of_columns_do_not_hinder_a_test():
    wide = X * [1e-6, 1, 1, 1, 1, 1e6]
    assert ek.FactorAnalysis(2).fit(wide).test().statistic == pytest.approx(
        ek.FactorAnalysis(2).fit(X).test().statistic, rel=1e-6
    )


def test_a_run_out_of_passes_is_said():
    with pytest.warns(ek.ConvergenceWarning, match="budget"):
        ek.FactorAnalysis(2, max_iter=3).fit(X)
