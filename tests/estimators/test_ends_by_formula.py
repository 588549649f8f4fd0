"""Ends of intervals on the left side of a formula: what is said instead points to ``upper=``."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

RNG = np.random.default_rng(0)
X = RNG.normal(size=80)
TIMES = np.exp(X / 2 + RNG.normal(size=80))
INTERVALS = {"lo": np.floor(4 * TIMES) / 4, "hi": np.floor(4 * TIMES) / 4 + 0.25, "x": X}


@pytest.mark.parametrize("family", ["gaussian", "poisson", "ordered"])
def test_two_responses_may_be_ends_which_upper_says(family):
    told = r"no formula says them.* by upper=, as in .*CensoredNormalRegression\('lo', \.\.\., upper='hi'\), 1\)\.$"
    with pytest.raises(ek.ParameterError, match=told):
        ek.MixtureRegression("lo + hi ~ x", 1, family=family).fit(INTERVALS)
    with pytest.raises(ek.ParameterError, match=r"one response, as in 'y ~ x'\.$"):
        ek.MixtureRegression("~ x", 1, family=family).fit(INTERVALS)


@pytest.mark.parametrize("family", ["weibull", "exponential", "log-normal", "log-logistic", "censored-normal"])
def test_upper_ends_are_no_events(family):
    with pytest.raises(ek.DataError, match=r"column 'hi' is .* an event is 1 .* by upper=.*upper=\"hi\"\)"):
        ek.MixtureRegression("lo + hi ~ x", 1, family=family).fit(INTERVALS)


def test_missing_upper_ends_are_no_events_either():
    frame = INTERVALS | {"lo": INTERVALS["lo"] + 0.1, "hi": np.where(np.arange(80) % 4, 1.0, np.nan)}
    with pytest.raises(ek.DataError, match=r"missing|gap"):
        ek.MixtureRegression("lo + hi ~ x", 1, family="weibull").fit(frame)


def test_what_the_sentence_says_works():
    frame = INTERVALS | {"lo": np.where(INTERVALS["lo"] > 0, INTERVALS["lo"], np.nan)}
    fit = ek.MixtureModel(ek.WeibullRegression("lo", "x", upper="hi"), 1).fit(frame)
    assert fit.converged_
