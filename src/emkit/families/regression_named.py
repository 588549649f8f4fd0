"""The regressions by the names that formulas are fitted with: what the law of the response is called."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from emkit.errors import ParameterError, did_you_mean
from emkit.families.regression.listed import (
    BinomialRegression,
    GammaRegression,
    MultinomialRegression,
    NegativeBinomialRegression,
    NormalRegression,
    OrderedRegression,
    PoissonRegression,
    StudentTRegression,
)

REGRESSIONS: dict[str, Any] = {
    "gaussian": NormalRegression,
    "student-t": StudentTRegression,
    "poisson": PoissonRegression,
    "negative-binomial": NegativeBinomialRegression,
    "binomial": BinomialRegression,
    "gamma": GammaRegression,
    "multinomial": MultinomialRegression,
    "ordered": OrderedRegression,
}


def regression_named(name: Any) -> Any:
    """The regression whose response has the law of that name. Errors: ParameterError naming those there are."""
    if not isinstance(name, str) or name not in REGRESSIONS:
        guess = did_you_mean(name, REGRESSIONS) if isinstance(name, str) else ""
        raise ParameterError(f"family is {name!r:.60}; it must be {', '.join(map(repr, REGRESSIONS))}.{guess}")
    return REGRESSIONS[name]


def takes(regression: Any, setting: str) -> bool:
    """Whether a regression has a setting of that name, such as a number of ``trials``, or the ``levels`` of its response."""
    return any(each.name == setting for each in fields(regression))
