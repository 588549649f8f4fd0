"""The regressions by the names that formulas are fitted with: what the law of the response is called."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from emkit.errors import ParameterError, did_you_mean
from emkit.families.regression.listed import (
    BinomialRegression,
    CensoredNormalRegression,
    ExponentialRegression,
    GammaRegression,
    LogLogisticRegression,
    LogNormalRegression,
    MultinomialRegression,
    NegativeBinomialRegression,
    NormalRegression,
    OrderedRegression,
    PoissonRegression,
    StudentTRegression,
    WeibullRegression,
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
    "exponential": ExponentialRegression,
    "weibull": WeibullRegression,
    "log-normal": LogNormalRegression,
    "log-logistic": LogLogisticRegression,
    "censored-normal": CensoredNormalRegression,
}
OTHER_NAMES = {  # what others call them, or what is made of them
    "normal": "gaussian",
    "linear": "gaussian",
    "t": "student-t",
    "negbin": "negative-binomial",
    "nb": "negative-binomial",
    "bernoulli": "binomial",
    "logistic": "binomial",
    "logit": "binomial",
    "categorical": "multinomial",
    "ordinal": "ordered",
    "cumulative": "ordered",
    "tobit": "censored-normal",
    "lognormal": "log-normal",
    "loglogistic": "log-logistic",
    "zip": "zero-inflated:poisson",
    "zinb": "zero-inflated:negative-binomial",
}


def regression_named(name: Any) -> Any:
    """The regression whose response has the law of that name. Errors: ParameterError naming those there are."""
    if not isinstance(name, str) or name not in REGRESSIONS:
        raise ParameterError(
            f"family is {name!r:.60}; it must be {', '.join(map(repr, REGRESSIONS))}, after 'zero-inflated:', 'hurdle:' or "
            f"'zero-truncated:' if that is said of zeros.{_guess(name)}"
        )
    return REGRESSIONS[name]


def _guess(name: Any) -> str:
    if not isinstance(name, str):
        return ""
    return did_you_mean(name, REGRESSIONS, OTHER_NAMES)


def takes(regression: Any, setting: str) -> bool:
    """Whether a regression has a setting of that name, such as a number of ``trials``, or the ``levels`` of its response."""
    return any(each.name == setting for each in fields(regression))
