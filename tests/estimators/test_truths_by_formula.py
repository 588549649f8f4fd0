"""Columns of truths left of a formula are 0 and 1, also where all rows have the same one."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import emkit as ek

TIMES = np.random.default_rng(0).weibull(1.5, 60) * 5
X = np.random.default_rng(1).normal(size=60)


def fitted(event: Any, family: str = "weibull") -> ek.MixtureRegression:
    frame = {"t": TIMES, "e": event, "x": X}
    return ek.MixtureRegression("t + e ~ x", 1, family=family).fit(frame)


@pytest.mark.parametrize("event", [np.ones(60, bool), [True] * 60, pd.Series(np.ones(60, bool), dtype="boolean")])
def test_events_that_are_all_true_are_those_that_are_all_1(event: Any) -> None:
    of_ones = fitted(np.ones(60, int))
    assert fitted(event).result_.log_likelihood == of_ones.result_.log_likelihood


def test_events_that_are_all_false_are_refused_as_those_that_are_all_0() -> None:
    for event in (np.zeros(60, int), np.zeros(60, bool)):
        with pytest.raises(ek.DataError, match="no response is known to have an upper end"):
            fitted(event)


def test_new_rows_may_have_other_truths_than_the_fit() -> None:
    of_truths, of_numbers = (fitted(np.ones(60, kind)) for kind in (bool, int))
    new, seen = {"t": TIMES[:3], "x": X[:3]}, [True, False, False]
    assert of_truths.score({**new, "e": seen}) == of_numbers.score({**new, "e": [1, 0, 0]})


def test_responses_that_are_all_false_succeed_as_often_as_those_that_are_all_0() -> None:
    shares = []
    for event in (np.zeros(60, int), np.zeros(60, bool)):
        with pytest.warns(ek.SeparationWarning):
            model = ek.MixtureRegression("e ~ x", 1, family="binomial").fit({"e": event, "x": X})
        shares.append(model.predict({"x": X}))
    np.testing.assert_array_equal(*shares)
    assert (shares[0] < 1e-6).all()


def test_factors_of_truths_that_are_all_the_same_are_refused_on_the_right() -> None:
    with pytest.raises(ek.DataError, match="e has one level in these data"):
        ek.MixtureRegression("t ~ e", 1).fit({"t": TIMES, "e": np.ones(60, bool)})
