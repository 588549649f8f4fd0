"""The regressions by the names that formulas are fitted with: what the law of the response is called."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from emkit.errors import ParameterError, did_you_mean
from emkit.families.regression.listed import (
    BinomialRegression,
    GammaRegression,
    NegativeBinomialRegression,
    NormalRegression,
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
}


def regression_named(name: Any) -> Any:
    """The regression whose response has the law of that name. Errors: ParameterError naming those there are."""
    if not isinstance(name, str) or name not in REGRESSIONS:
        guess = did_you_mean(name, REGRESSIONS) if isinstance(name, str) else ""
        raise ParameterError(f"family is {name!r:.60}; it must be {', '.join(map(repr, REGRESSIONS))}.{guess}")
    return REGRESSIONS[name]


def has_trials(regression: Any) -> bool:
    """Whether the responses of a regression are of a number of trials."""
    return any(setting.name == "trials" for setting in fields(regression))
