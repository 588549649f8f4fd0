"""What scikit-learn refuses of rows is refused as a DataError, in words that say what to do."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import emkit as ek

ESTIMATORS = [
    ek.GaussianMixture(2),
    ek.MixtureModel("poisson", 2),
    ek.LatentClass(2),
    ek.HiddenMarkov("poisson", 2),
    ek.NormalMissing(),
    ek.FactorAnalysis(uniquenesses="equal"),
]
ROWS = np.random.default_rng(0).integers(0, 3, (40, 2)).astype(float)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (np.empty((0, 2)), r"Found array with 0 sample.*Give more rows"),
        (np.empty((9, 0)), r"0 feature.*Give at least one column"),
        (ROWS * 1j, r"^Complex data not supported\. Give real and imaginary part as columns\.$"),
        (np.zeros((9, 3, 2)), r"dim 3.*Rows are its first axis"),
        (ROWS[:, 0], r"^Expected 2D array, got 1D array instead\. .*; one column is X.reshape\(-1, 1\)\.$"),
        (5.0, r"^Expected 2D array, got scalar array instead\. Rows are its first axis, and columns its second\.$"),
    ],
    ids=["no rows", "no columns", "complex", "cube", "one axis", "a number"],
)
def test_arrays_that_cannot_be_are_refused_in_words(estimator, rows, complaint):
    with pytest.raises(ek.DataError, match=complaint):
        estimator.fit(rows)


@pytest.mark.parametrize("estimator", ESTIMATORS[1:4], ids=lambda estimator: type(estimator).__name__)
@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
def test_other_columns_than_those_of_the_fit_are_refused_in_words(estimator):
    fitted = estimator.fit(ROWS)
    with pytest.raises(ek.DataError, match=r"X has 3 features.*Give the columns that the fit was of"):
        fitted.predict(ROWS[:, [0, 1, 1]])
    with pytest.raises(ek.DataError, match=r"Found array with 0 sample.*Give more rows"):
        fitted.predict(ROWS[:0])


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
@pytest.mark.filterwarnings("ignore::emkit.errors.DegenerateFitWarning")
def test_a_fit_that_fails_leaves_what_was_there(estimator):
    estimator = clone(estimator)
    spoilt = pd.DataFrame(ROWS, columns=["c", "d"]).assign(e=1.0)
    spoilt.loc[3, "c"] = np.inf
    before = dict(vars(estimator))
    with pytest.raises(ek.DataError):
        estimator.fit(spoilt)
    assert vars(estimator) == before
    rows = pd.DataFrame(ROWS, columns=["a", "b"])
    before = dict(vars(estimator.fit(rows)))
    with pytest.raises(ek.DataError):
        estimator.fit(spoilt)
    assert vars(estimator) == before
    assert estimator.feature_names_in_.tolist() == ["a", "b"]
