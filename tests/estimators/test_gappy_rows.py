"""How rows of numbers with gaps come in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import emkit as ek

Z = np.random.default_rng(0).standard_normal((40, 4))
FRAME = pd.DataFrame(Z[:, 1:] + Z[:, :1], columns=list("abc"))
ESTIMATORS = [ek.NormalMissing(), ek.FactorAnalysis(uniquenesses="equal")]
over_estimators = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)


@over_estimators
def test_names_are_no_numbers_neither_in_a_fit_nor_after_one(estimator):
    named = FRAME.assign(b=["p", "q"] * 20)
    with pytest.raises(ek.DataError, match=r"holds? names"):
        estimator.fit(named)
    with pytest.raises(ek.DataError, match="the fit was of numbers: 'b'"):
        estimator.fit(FRAME).transform(named)


@over_estimators
def test_truths_are_numbers(estimator):
    truths = FRAME.assign(b=FRAME.b > 0)
    told = estimator.fit(truths).transform(truths)
    np.testing.assert_array_equal(told, estimator.fit(truths.astype(float)).transform(truths.astype(float)))


@over_estimators
def test_a_source_is_refused_in_words(estimator):
    for source in (ek.ArraySource([[1.0, 2.0], [2.0, 4.0]]), ek.rows_of_covariance([[1.0, 0.3], [0.3, 1.0]], 20)):
        with pytest.raises(ek.DataError, match=f"takes rows as an array or a data frame, and not {type(source).__name__}"):
            estimator.fit(source)
