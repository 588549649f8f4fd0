"""`NormalMissing`: estimates, gaps filled in, draws that carry what is uncertain, and scikit-learn's own checks."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import emkit as ek
from tests.estimators.test_scikit_learn_checks import AS_EXPECTED
from tests.oracles.answers import gappy

AIR = gappy("mvn_airquality")


@parametrize_with_checks([ek.NormalMissing()])
@pytest.mark.filterwarnings(*AS_EXPECTED)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def air():
    return ek.NormalMissing(random_state=0).fit(AIR)


def test_anderson_needs_twenty_passes_at_most(air):
    assert air.converged_
    assert air.n_iter_ <= 20
    assert air.result_.log_likelihood == pytest.approx(-2326.697382798337, abs=1e-8)


def test_complete_rows_have_the_textbook_estimates():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    fitted = ek.NormalMissing().fit(x)
    np.testing.assert_allclose(fitted.means_, x.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(fitted.covariance_, np.cov(x.T, ddof=0), rtol=1e-9)
    np.testing.assert_array_equal(fitted.transform(x), x)


def test_gaps_are_filled_in_by_conditional_means(air):
    filled = air.transform(AIR)
    np.testing.assert_array_equal(filled[~np.isnan(AIR)], AIR[~np.isnan(AIR)])
    for row in np.flatnonzero(np.isnan(AIR).any(axis=1)):
        gap = np.isnan(AIR[row])
        weights = np.linalg.solve(air.covariance_[np.ix_(~gap, ~gap)], AIR[row, ~gap] - air.means_[~gap])
        expected = air.means_[gap] + air.covariance_[np.ix_(gap, ~gap)] @ weights
        np.testing.assert_allclose(filled[row, gap], expected, rtol=1e-10)
    np.testing.assert_allclose(air.transform([[np.nan] * 4])[0], air.means_)


def test_draws_are_the_same_for_a_seed_and_leave_alone_what_was_seen(air):
    one, other = air.transform(AIR, draws=3), air.transform(AIR, draws=3)
    np.testing.assert_array_equal(one, other)
    assert one.shape == (3, 153, 4)
    seen = ~np.isnan(AIR)
    assert all(np.array_equal(each[seen], AIR[seen]) for each in one)
    assert (one[0][~seen] != one[1][~seen]).all()


def test_pooled_errors_are_those_of_the_likelihood(air):
    """With many draws, a mean and its standard error by Rubin's rules are near those by maximum likelihood."""
    draws = air.transform(AIR, draws=300)
    pooled = ek.pool(draws.mean(axis=1), draws.var(axis=1, ddof=1) / len(AIR))
    errors = air.result_.standard_errors().errors[1:5]
    np.testing.assert_allclose(pooled.estimates, air.means_, atol=0.1 * errors.max())
    np.testing.assert_allclose(pooled.standard_errors, errors, rtol=0.06)
    assert (pooled.missing_information[:2] > 0.03).all()
    assert (pooled.missing_information[2:] < 1e-12).all()


def test_parameters_are_drawn_too(air):
    """Cells drawn as if the estimates were known would vary less from one data set to another."""
    few = ek.NormalMissing(random_state=0).fit(AIR[:30])
    known = ek.NormalMissing(random_state=0).fit(AIR[:30])
    known._root = None
    own, less = (each.transform(AIR[:30], draws=300)[:, :, 0].mean(axis=1).var() for each in (few, known))
    assert own > 1.2 * less


def test_without_standard_errors_a_warning_says_so():
    x = np.array([[0.0, 1.0], [1.0, np.nan], [2.0, 5.0], [3.0, 7.0]])  # on a line
    with pytest.warns(ek.DegenerateFitWarning, match="collapsed"):
        fitted = ek.NormalMissing(random_state=0).fit(x)
    with pytest.warns(ek.EmkitWarning, match="the estimates have no standard errors"):
        assert fitted.transform(x, draws=2)[:, 1, 1] == pytest.approx([3.0, 3.0], abs=0.05)


def test_frames_weights_and_pipelines():
    frame = pd.DataFrame(AIR, columns=["ozone", "sun", "wind", "temperature"])
    fitted = ek.NormalMissing().set_output(transform="pandas").fit(frame)
    filled = fitted.transform(frame)
    assert list(filled.columns) == list(frame.columns)
    assert not filled.isna().any(axis=None)
    twice = ek.NormalMissing().fit(np.repeat(AIR, 2, axis=0))
    weighted = ek.NormalMissing().fit(AIR, sample_weight=np.full(153, 2))
    np.testing.assert_allclose(weighted.covariance_, twice.covariance_, rtol=1e-6)
    assert make_pipeline(ek.NormalMissing(), StandardScaler()).fit_transform(AIR).mean() == pytest.approx(0, abs=1e-9)


def test_a_stored_estimator_fills_in(air):
    again = pickle.loads(pickle.dumps(air))
    np.testing.assert_array_equal(again.transform(AIR), air.transform(AIR))


@pytest.mark.parametrize(
    ("options", "data", "message"),
    [
        ({"max_iter": 0}, AIR, "max_iter is 0"),
        ({"solver": "newton"}, AIR, "solver is 'newton'"),
        ({}, np.column_stack([AIR[:, 0], np.full(153, np.nan)]), "column 'x1' is missing in every row"),
        ({}, np.where(np.isnan(AIR), np.inf, AIR), "row 4, column 'x0' is inf"),
    ],
)
def test_what_cannot_be_is_named(options, data, message):
    with pytest.raises(ek.EmkitError, match=message):
        ek.NormalMissing(**options).fit(data)
