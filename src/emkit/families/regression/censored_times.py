"""Regressions of times and amounts that may be known up to intervals, one law a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.spaces import Positive
from emkit.data.profile import AnyProfile
from emkit.families.description import Description, Word
from emkit.families.floor import Floor
from emkit.families.gaussian.columns import LARGEST
from emkit.families.regression.known_ends import Line
from emkit.families.regression.params import RegressionParams
from emkit.families.regression.standard_laws import EXTREME, LOGISTIC, NORMAL
from emkit.families.regression.survival_regression import SurvivalRegression
from emkit.families.spread import Spread
from emkit.families.support import Support, reals

__all__ = [
    "CensoredNormalRegression",
    "ExponentialRegression",
    "LogLogisticRegression",
    "LogNormalRegression",
    "SurvivalParams",
    "WeibullRegression",
]


@dataclass(frozen=True, eq=False)
class SurvivalParams(RegressionParams):
    """`coefficients` (K, p) as in `RegressionParams`, of the response or of its logarithm; `scales` (K,) about the lines, > 0.

    Weibull times with a shape of 1 / 0.5, and half of them over at exp(2) log(2)^0.5:

    >>> import emkit as ek
    >>> params = ek.SurvivalParams([[2.0]], scales=[0.5], covariates=("intercept",))
    >>> params.coefficients.tolist(), (1 / params.scales).tolist()
    ([[2.0]], [2.0])
    """

    scales: Annotated[Array, Positive(), Axes("component")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, coefficients: ArrayLike, scales: ArrayLike, *, covariates: tuple[str, ...] = ()) -> None: ...


WORDS = {"coefficients": Word("coefficient", "b", 0.0), "scales": Word("scale", "s", 1.0)}


@dataclass(frozen=True)
class WeibullRegression(SurvivalRegression):
    """Weibull times: P(y > t | x, k) = exp(-(t / exp(eta_k))^(1 / scale_k)), with eta and columns as in `SurvivalRegression`.

    Shapes are 1 / scale, and hazards are proportional: those of rows that differ by 1 in a covariate have the ratio
    exp(-coefficient / scale).
    Source: Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., 2.3 and 3.

    Weeks until leukaemia came back, under 6-mercaptopurine or a placebo (Freireich et al., 1963; the estimates are those of R's
    `survreg`):

    >>> import emkit as ek
    >>> weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    >>> placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    >>> from_, to = ek.survival(weeks + placebo, [1] * 9 + [0] * 12 + [1] * 21).T
    >>> table = {"from": from_, "to": to, "drug": [1] * 21 + [0] * 21}
    >>> fit = ek.MixtureModel(ek.WeibullRegression("from", "drug", upper="to"), 1).fit(table).result_
    >>> print(fit.params.components.coefficients.round(3), fit.params.components.scales.round(3))
    [[2.248 1.267]] [0.732]
    """

    kind: ClassVar[Any] = SurvivalParams
    standard = EXTREME

    @property
    def name(self) -> str:
        return "weibull regression"

    @property
    def described(self) -> Description:
        return Description(WORDS, "a column of times, or two with their lower and upper ends, and covariates")

    def mean(self, predictors: Array, scales: Array) -> Array:
        return np.asarray(np.exp(predictors) * scipy.special.gamma(1 + scales))


@dataclass(frozen=True)
class ExponentialRegression(WeibullRegression):
    """Exponential times of mean exp(eta_k): a `WeibullRegression` whose scales are all 1.

    Two times that ended, and one of 4 that went on: the mean is 9 / 2.

    >>> import emkit as ek
    >>> lower, upper = ek.survival([2, 3, 4], [1, 1, 0]).T
    >>> fit = ek.MixtureModel(ek.ExponentialRegression("l", upper="u"), 1).fit({"l": lower, "u": upper}).result_
    >>> float(np.exp(fit.params.components.coefficients[0, 0]).round(6))
    4.5
    """

    kind = RegressionParams
    moves = False

    @property
    def name(self) -> str:
        return "exponential regression"

    @property
    def described(self) -> Description:
        words = {"coefficients": WORDS["coefficients"]}
        return Description(words, "a column of times, or two with their lower and upper ends, and covariates")

    @property
    def spread(self) -> Spread:
        return Spread()

    def scales_of(self, params: Any) -> Array:
        return np.ones(len(params.coefficients))

    def with_lines(self, lines: list[Line], names: tuple[str, ...]) -> RegressionParams:
        return RegressionParams(self.described_by.back(np.stack([line.way for line in lines])), covariates=names)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return Floor()


@dataclass(frozen=True)
class LogNormalRegression(SurvivalRegression):
    """Log-normal times: log y is normal about eta_k, with the standard deviation scale_k. Columns: see `SurvivalRegression`.

    Source: Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., 2.3 and 3.

    >>> import emkit as ek
    >>> table = {"lower": [2, 3, 9, 20, 20], "upper": [2, 5, 9, 20, float("nan")], "dose": [0, 0, 1, 2, 2]}
    >>> fit = ek.MixtureModel(ek.LogNormalRegression("lower", "dose", upper="upper"), 1).fit(table).result_
    >>> print(fit.params.components.coefficients.round(2), round(fit.log_likelihood, 3))
    [[1.   1.08]] -6.875
    """

    kind = SurvivalParams
    standard = NORMAL

    @property
    def name(self) -> str:
        return "log-normal regression"

    @property
    def described(self) -> Description:
        return Description(WORDS, "a column of amounts > 0, or two with their lower and upper ends, and covariates")

    def mean(self, predictors: Array, scales: Array) -> Array:
        return np.asarray(np.exp(predictors + scales**2 / 2))


@dataclass(frozen=True)
class LogLogisticRegression(SurvivalRegression):
    """Log-logistic times: P(y > t | x, k) = 1 / (1 + (t / exp(eta_k))^(1 / scale_k)). Columns: see `SurvivalRegression`.

    Their mean is infinite where the scale is 1 or more.
    Source: Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., 2.3 and 3.

    >>> import emkit as ek
    >>> table = {"lower": [2, 3, 9, 20, 20], "upper": [2, 5, 9, 20, float("nan")], "dose": [0, 0, 1, 2, 2]}
    >>> fit = ek.MixtureModel(ek.LogLogisticRegression("lower", "dose", upper="upper"), 1).fit(table).result_
    >>> print(fit.params.components.coefficients.round(2))
    [[1.02 1.06]]
    """

    kind = SurvivalParams
    standard = LOGISTIC

    @property
    def name(self) -> str:
        return "log-logistic regression"

    @property
    def described(self) -> Description:
        return Description(WORDS, "a column of times, or two with their lower and upper ends, and covariates")

    def mean(self, predictors: Array, scales: Array) -> Array:
        ratio = np.where(scales < 1, np.pi * scales / np.sin(np.pi * np.where(scales < 1, scales, 0.5)), np.inf)
        return np.asarray(np.exp(predictors) * ratio)


@dataclass(frozen=True)
class CensoredNormalRegression(SurvivalRegression):
    """Numbers that are normal about eta_k, with the standard deviation scale_k, of which some are known up to an interval.

    Columns: see `SurvivalRegression`. Where all that is below a limit is written down as the limit, it is the tobit model.
    Source: Tobin (1958), Econometrica 26, 24-36.

    Amounts of which those below 0 could not be seen:

    >>> import emkit as ek
    >>> table = {"lower": [float("nan"), float("nan"), 1, 2, 2.5], "upper": [0, 0, 1, 2, 2.5], "x": [0, 1, 2, 3, 4]}
    >>> fit = ek.MixtureModel(ek.CensoredNormalRegression("lower", "x", upper="upper"), 1).fit(table).result_
    >>> print(fit.params.components.coefficients.round(2), fit.params.components.scales.round(2))
    [[-0.89  0.89]] [0.17]
    """

    kind = SurvivalParams
    standard = NORMAL
    noun = "numbers"

    @property
    def name(self) -> str:
        return "censored normal regression"

    @property
    def law(self) -> Support:
        return reals(LARGEST)

    @property
    def described(self) -> Description:
        return Description(WORDS, "a column of numbers, or two with their lower and upper ends, and covariates")

    def transformed(self, y: Array) -> Array:
        return y

    def restored(self, y: Array) -> Array:
        return y

    def unit(self, mean: float) -> float:
        return mean**2 or 1.0

    def log_volume(self, y: Array) -> Array:
        return np.zeros_like(y)

    def mean(self, predictors: Array, scales: Array) -> Array:
        return predictors
