"""The mistakes that people make when they work an EM step by hand."""

from __future__ import annotations

from enum import Enum


class Mistake(Enum):
    """A kind of slip; the value is how a reader is told."""

    WRONG_FACTOR = "a factor taken from the wrong line"
    FORGOTTEN_PROPORTION = "the component's own probability forgotten"
    FORGOTTEN_FACTOR = "a factor forgotten"
    FORGOTTEN_NORMALISATION = "the normalisation forgotten"
    WRONG_NORMALISATION = "divided by the wrong total"
    ODDS = "odds in place of a share"
    SWAPPED_OUTCOMES = "heads and tails swapped"
    SWAPPED_COMPONENTS = "the components swapped"
    COMPLEMENT = "1 - p in place of p"
    ROUNDED = "rounding before summing"
    CUT_OFF = "cut off, not rounded"
    HARD = "whole rows in place of shares"
    WEIGHT = "how often the row occurs forgotten"
    COEFFICIENT = "the coefficient in or out"
    UNLOGGED = "a coefficient without its logarithm"
    LOG_BASE = "a logarithm to another base"
    SIGN = "the sign turned"
    MEAN = "the mean in place of the sum"
    STEP = "the number of another step"
    SPREAD = "variance and standard deviation confused"
