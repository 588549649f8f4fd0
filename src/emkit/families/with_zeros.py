"""Regressions of responses with zeros of their own, by the names that formulas are fitted with: ``hurdle:poisson``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from emkit.errors import ModelError, ParameterError, did_you_mean
from emkit.families.combined.exact_zeros import ExactZeros
from emkit.families.combined.per_component import PerComponent
from emkit.families.combined.zero_truncated import ZeroTruncatedRegression
from emkit.families.regression.regression import Regression

COUNTS, ZEROS = "counts", "zeros"  # what classes are called


def _hurdle(regression: Regression[Any]) -> Any:
    """Counts without zeros, or amounts that cannot be 0 anyway. Errors: ModelError for what may be below 0."""
    if regression.law.impossible(np.zeros((1, 1))).all():
        return regression
    return ZeroTruncatedRegression(regression)


def _inflated(regression: Regression[Any]) -> Any:
    if not regression.law.counts_zeros:
        raise ModelError(f"a {regression.name} has no zeros of its own that others could be beside.")
    return regression


BESIDE_ZEROS: dict[str, Callable[[Regression[Any]], Any]] = {"zero-inflated": _inflated, "hurdle": _hurdle}
TRUNCATED = "zero-truncated"


def named_with_zeros(name: Any) -> tuple[str | None, Any]:
    """What is said of zeros, None if nothing, and the name of the regression. Errors: ParameterError for another word."""
    words = (*BESIDE_ZEROS, TRUNCATED)
    if not isinstance(name, str):
        return None, name
    for word in words:
        if name.startswith(f"{word}-"):
            raise ParameterError(f"family is {name!r:.60}; did you mean {word + ':' + name.removeprefix(word + '-')!r:.60}?")
    word, colon, other = name.partition(":")
    if not colon:
        return None, name
    if word not in words:
        known = ", ".join(f"{each}:FAMILY" for each in words)
        raise ParameterError(f"family is {name!r:.60}; of zeros it may say {known}.{did_you_mean(word, words)}")
    return word, other


def has_class_of_zeros(zeros: str | None) -> bool:
    """Whether zeros have a class of their own."""
    return zeros in BESIDE_ZEROS


def with_zeros(zeros: str | None, regression: Regression[Any], n_components: int) -> Any:
    """The family of so many components, the last of which are the zeros if these have a class of their own.

    Errors: ModelError for a regression whose zeros are no other than it says; ParameterError for too few components.
    """
    if zeros is None:
        return regression
    if zeros == TRUNCATED:
        return ZeroTruncatedRegression(regression)
    if n_components < 2:
        raise ParameterError(
            f"{zeros}:FAMILY has a class of zeros beside those of the response, so at least 2 components; 1 was asked for."
        )
    return PerComponent((BESIDE_ZEROS[zeros](regression), n_components - 1), ExactZeros(regression.response))


def class_names(zeros: str | None, n_components: int) -> tuple[str, ...]:
    """What the classes are called, if zeros have one of their own."""
    if not has_class_of_zeros(zeros):
        return ()
    if n_components == 2:
        return COUNTS, ZEROS
    return (*(f"{COUNTS} {k + 1}" for k in range(n_components - 1)), ZEROS)
