"""Little's test, against a published value and an independent calculation."""

import datetime
from dataclasses import replace

import numpy as np
import pytest

import emkit as ek
from tests.oracles.answers import gappy


def test_air_quality_in_new_york():
    """Statistic 35.1 on 14 degrees of freedom, p = 0.00142, four patterns: the example of mcar_test in R's package naniar."""
    first = datetime.date(1973, 5, 1)
    days = [first + datetime.timedelta(days=day) for day in range(153)]
    table = np.column_stack([gappy("mvn_airquality"), [(day.month, day.day) for day in days]])
    test = ek.NormalMissing().fit(table).mcar_test()
    assert (round(test.statistic, 1), test.degrees_of_freedom, round(test.p_value, 5), test.patterns) == (35.1, 14, 0.00142, 4)
    assert str(test) == "chi-squared 35.11 on 14 degrees of freedom, p = 0.00142 (4 patterns of gaps)"
    assert str(replace(test, p_value=0.0)) == "chi-squared 35.11 on 14 degrees of freedom, p <.001 (4 patterns of gaps)"


def test_rows_in_pieces_and_weights_as_copies():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(60, 3)) @ [[1, 0.5, 0], [0, 1, 0.5], [0, 0, 1]]
    x[rng.random(x.shape) < 0.3] = np.nan
    weights = rng.integers(1, 3, 60)
    fitted = ek.NormalMissing(tol=1e-12).fit(x, sample_weight=weights)
    test = fitted.mcar_test()
    rows, statistic, freedom = np.repeat(x, weights, axis=0), 0.0, -3
    for gap in np.unique(np.isnan(rows), axis=0):
        own = rows[(np.isnan(rows) == gap).all(axis=1)][:, ~gap]
        away = own.mean(axis=0) - fitted.means_[~gap]
        statistic += len(own) * away @ np.linalg.pinv(fitted.covariance_[np.ix_(~gap, ~gap)]) @ away
        freedom += int((~gap).sum())
    assert test.statistic == pytest.approx(statistic, rel=1e-9)
    assert test.degrees_of_freedom == freedom


def test_without_gaps_there_is_nothing_to_test():
    rng = np.random.default_rng(5)
    test = ek.NormalMissing().fit(rng.normal(size=(30, 2))).mcar_test()
    assert str(test) == "nothing to test: no cell is missing"
    assert (test.degrees_of_freedom, test.patterns) == (0, 1)
    assert np.isnan(test.p_value)
    assert test.statistic == pytest.approx(0, abs=1e-8)
