"""A response in ordered levels, whose log-odds of no more than each level are cutpoints less what covariates say.

A level lies between two cutpoints, c_{j-1} and c_j. With F the logistic distribution and t = c - x' b, its probability is
F(t_j) - F(t_{j-1}) = F(t_j) F(-t_{j-1}) (1 - exp(-(c_j - c_{j-1}))): so its logarithm is three terms, of which two are those
of logistic regressions, and one depends on no covariate. What is made of that is in `cutpoint_bound.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Integers, Mask
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.newton import Greatest, NewtonSums
from emkit.core.parameters import replace_at
from emkit.core.protocols import Update
from emkit.core.spaces import Increasing
from emkit.data.framed_design import Column
from emkit.errors import ModelError
from emkit.families.description import Description, Word
from emkit.families.regression.cutpoint_bound import TOGETHER, CutpointBound, log_between
from emkit.families.regression.layout import Named
from emkit.families.regression.levels_regression import LevelsRegression
from emkit.families.regression.params import RegressionParams
from emkit.families.regression.regression import EPSILON

__all__ = ["OrderedRegression", "OrderedRegressionParams"]


@dataclass(frozen=True, eq=False)
class OrderedRegressionParams(RegressionParams):
    """`coefficients` (K, p), a slope for each covariate; `cutpoints` (K, levels - 1) between the levels, which do not fall.

    `covariates` and `thresholds` are the names of both.

    Three levels, and chances of 1/2 of being at or below the first where the covariate is 0:

    >>> import emkit as ek
    >>> params = ek.OrderedRegressionParams(
    ...     [[0.7]], cutpoints=[[0.0, 1.5]], covariates=("age",), thresholds=("low|middle", "middle|high")
    ... )
    >>> dict(zip(params.thresholds, params.cutpoints[0].tolist(), strict=True))
    {'low|middle': 0.0, 'middle|high': 1.5}
    """

    cutpoints: Annotated[Array, Increasing(), Axes("component", "cutpoint", coupled=("cutpoint",), told_by="thresholds")]
    thresholds: tuple[str, ...] = field(default=(), kw_only=True)

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self,
            coefficients: ArrayLike,
            cutpoints: ArrayLike,
            *,
            covariates: tuple[str, ...] = (),
            thresholds: tuple[str, ...] = (),
        ) -> None: ...


class Cuts(NamedTuple):
    """Of rows, the codes (n,) of their levels, and the predictors (n, K) of the cutpoints above and below these.

    Where a level has none above, or none below, `has_upper` or `has_lower` (n, 1) is false.
    """

    codes: Integers
    upper: Array
    lower: Array
    has_upper: Mask
    has_lower: Mask


@dataclass(frozen=True)
class OrderedRegression(LevelsRegression[OrderedRegressionParams]):
    """Levels in order, by proportional odds: the log-odds of a level no higher than j are cutpoint_kj - x' b_k - offset.

    A slope above 0 makes higher levels likelier; there is no intercept, since the cutpoints take its place. `offset`: a column
    that is added as it is. Columns and levels are as in `LevelsRegression`.
    Errors: ModelError without a covariate.
    Source: McCullagh (1980), Regression models for ordinal data, Journal of the Royal Statistical Society B 42, 109-142.

    How content ten people each say they are, after none to three days of sun:

    >>> import emkit as ek
    >>> import numpy as np
    >>> mood = np.repeat([0, 1, 2] * 4, [8, 1, 1, 6, 3, 1, 3, 3, 4, 1, 2, 7])
    >>> rows, names = np.column_stack([mood, np.repeat([0, 1, 2, 3], 10)]), (("low", "middling", "high"), None)
    >>> source = ek.ArraySource(rows, columns=["mood", "sun"], levels=names)
    >>> model = ek.Mixture(ek.OrderedRegression("mood", "sun"))
    >>> fit = ek.fit(model, source, model.starts(source.profile, 1, [0]))
    >>> print(fit.params.components.cutpoints.round(3), fit.params.components.coefficients.round(3))
    [[1.533 2.848]] [[1.21]]
    """

    offset: Column | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.covariates:
            raise ModelError("an ordered regression needs a covariate; levels alone are those of ek.Categorical.")

    @property
    def name(self) -> str:
        return "ordered regression"

    @property
    def described(self) -> Description:
        words = {"coefficients": Word("coefficient", "b", 0.0), "cutpoints": Word("cutpoint", "c")}
        return Description(words, "a column of ordered levels, and covariates")

    @property
    def named(self) -> Named:
        """The design has a column of ones, for the cutpoints."""
        return Named(self.response, self.covariates, (), True, self.offset)

    def params(self, coefficients: Any, cutpoints: Any) -> OrderedRegressionParams:
        """Parameters from which a fit may start: `coefficients` (K, p) and `cutpoints` (K, levels - 1)."""
        names = self._thresholds(self.level_names_of(np.shape(cutpoints)[1] + 1))
        return OrderedRegressionParams(coefficients, cutpoints, covariates=tuple(map(str, self.covariates)), thresholds=names)

    @staticmethod
    def _thresholds(levels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{lower}|{upper}" for lower, upper in pairwise(levels))

    # -- predictors

    def _lines(self, params: OrderedRegressionParams) -> Array:
        """Coefficients (K, levels - 1, P) of the design: the predictor of a cutpoint is itself less the slopes' part."""
        slopes = np.broadcast_to(-params.coefficients[:, None], (*params.cutpoints.shape, params.coefficients.shape[1]))
        return np.concatenate([params.cutpoints[:, :, None], slopes], axis=2)

    def _predictors(self, params: OrderedRegressionParams, x: Array) -> Array:
        """Those of all cutpoints (n, K, levels - 1)."""
        layout, lines = self.described_by, self._lines(params)
        found = layout.design(x) @ layout.level(lines.reshape(-1, lines.shape[2])).T
        if layout.offset is not None:
            found -= x[:, [layout.offset]]
        return found.reshape(len(x), *params.cutpoints.shape)

    def _cuts(self, params: OrderedRegressionParams, x: Array) -> Cuts:
        predictors, last = self._predictors(params, x), params.cutpoints.shape[1]
        y = self.codes(x, last + 1)
        upper, lower = (
            np.take_along_axis(predictors, place[:, None, None], axis=2)[:, :, 0]
            for place in (np.minimum(y, last - 1), np.maximum(y - 1, 0))
        )
        return Cuts(y, upper, lower, (y < last)[:, None], (y > 0)[:, None])

    def number_of_levels(self, params: OrderedRegressionParams) -> int:
        return int(params.cutpoints.shape[1]) + 1

    def log_shares(self, params: OrderedRegressionParams, x: Array) -> Array:
        predictors = self._predictors(params, x)
        ends = np.zeros((*predictors.shape[:2], 1))
        between = np.zeros((len(params.cutpoints), predictors.shape[2] + 1))
        with np.errstate(divide="ignore"):
            between[:, 1:-1] = log_between(np.diff(params.cutpoints, axis=1))
        upper = np.concatenate([scipy.special.log_expit(predictors), ends], axis=2)
        return np.asarray(upper + np.concatenate([ends, scipy.special.log_expit(-predictors)], axis=2) + between)

    # -- E-step and M-step, in the cutpoints of the framed design, and the slopes with their signs changed

    def sums(self, params: OrderedRegressionParams, x: Array, weights: Array) -> NewtonSums:
        with np.errstate(over="ignore", invalid="ignore"):
            cuts = self._cuts(params, x)
        number, z = params.cutpoints.shape[1], self.described_by.framed(x)[:, 1:]
        bend_upper = np.where(cuts.has_upper, weights * scipy.special.expit(cuts.upper) * scipy.special.expit(-cuts.upper), 0.0)
        bend_lower = np.where(cuts.has_lower, weights * scipy.special.expit(cuts.lower) * scipy.special.expit(-cuts.lower), 0.0)
        slope_upper = np.where(cuts.has_upper, weights * scipy.special.expit(-cuts.upper), 0.0)
        slope_lower = np.where(cuts.has_lower, -weights * scipy.special.expit(cuts.lower), 0.0)
        there = (cuts.codes[:, None] == np.arange(number + 1)).astype(np.float64)
        below, above = there[:, :-1], there[:, 1:]  # which rows lie just below a cutpoint, and just above
        of_cutpoints = slope_upper.T @ below + slope_lower.T @ above
        gradient = np.concatenate([of_cutpoints, (slope_upper + slope_lower).T @ z], axis=1)
        curvature = np.zeros((len(gradient), gradient.shape[1], gradient.shape[1]))
        own = np.arange(number)
        curvature[:, own, own] = bend_upper.T @ below + bend_lower.T @ above
        for k, (upper, lower) in enumerate(zip(bend_upper.T, bend_lower.T, strict=True)):
            curvature[k, :number, number:] = (below * upper[:, None] + above * lower[:, None]).T @ z
            curvature[k, number:, number:] = (z * (upper + lower)[:, None]).T @ z
        curvature[:, number:, :number] = curvature[:, :number, number:].swapaxes(1, 2)
        reach = np.where(weights > 0, np.sqrt(1 + (z**2).sum(axis=1))[:, None], 0.0).max(axis=0, initial=0.0)
        between = tuple((weights.T @ there[:, 1:-1]).T)  # rows of the levels that have a cutpoint on either side
        return NewtonSums(weights.sum(axis=0), gradient, curvature, Greatest(reach), between)

    def updates(self) -> Mapping[str, Update[NewtonSums, OrderedRegressionParams]]:
        return {"": self._all}

    def _all(self, sums: NewtonSums, before: OrderedRegressionParams, now: OrderedRegressionParams) -> OrderedRegressionParams:
        """One step of Newton's method for cutpoints and slopes together, as far along as the bound is highest.

        Shapes: gradient (K, P), curvature (K, P, P) with P = levels - 1 + p -> (K, levels - 1) and (K, p).
        Source: see `cutpoint_bound.py`.
        """
        shut = self._bound(sums, before, now).shut
        if shut.any():
            opened = now.cutpoints.copy()
            opened[:, 1:] += np.cumsum(shut, axis=1)
            now = replace_at(now, {"cutpoints": opened})
        step = self._bound(sums, before, now).step()
        rounding = EPSILON * self.described_by.size_of(self._lines(now).reshape(-1, self.described_by.own_size))
        told = np.sqrt((step**2).sum(axis=1)) > rounding.reshape(len(step), -1).max(axis=1)  # else it is made of rounding
        lines = self._back(np.where(told[:, None], step, 0.0), now)
        cutpoints = now.cutpoints + lines[:, :, 0]
        together = np.diff(now.cutpoints, axis=1) <= TOGETHER  # and stay so: no row has the level between them
        for j in range(1, cutpoints.shape[1]):
            apart = np.maximum(cutpoints[:, j], cutpoints[:, j - 1])
            cutpoints[:, j] = np.where(together[:, j - 1], cutpoints[:, j - 1], apart)
        return replace_at(now, {"coefficients": now.coefficients - lines[:, 0, 1:], "cutpoints": cutpoints})

    def expected(self, sums: NewtonSums, before: OrderedRegressionParams, now: OrderedRegressionParams) -> Expected:
        """A bound that touches the expected log-likelihood at `before`."""
        bound = self._bound(sums, before, now)
        slopes, number = bound.slopes, now.cutpoints.shape[1]
        along = np.zeros((*now.cutpoints.shape, self.described_by.own_size))
        along[:, :, 0] = slopes[:, :number]
        along[:, 0, 1:] = slopes[:, number:]  # the slopes are the same for all cutpoints, so one of them carries theirs
        found = self.described_by.slopes(along.reshape(-1, along.shape[2])).reshape(along.shape)
        return Expected(float(bound.value.sum()), {"cutpoints": found[:, :, 0], "coefficients": -found[:, :, 1:].sum(axis=1)})

    def _bound(self, sums: NewtonSums, before: OrderedRegressionParams, now: OrderedRegressionParams) -> CutpointBound:
        return CutpointBound(sums, self._way(before, now), np.diff(now.cutpoints, axis=1))

    def _way(self, before: OrderedRegressionParams, now: OrderedRegressionParams) -> Array:
        """How far cutpoints and slopes (K, P) of the framed design have moved."""
        lines = self._lines(now) - self._lines(before)
        framed = self.described_by.way(lines.reshape(-1, lines.shape[2])).reshape(lines.shape)
        return np.concatenate([framed[:, :, 0], framed[:, 0, 1:]], axis=1)

    def _back(self, way: Array, like: OrderedRegressionParams) -> Array:
        """The inverse: `_lines` (K, levels - 1, P) of a way."""
        number = like.cutpoints.shape[1]
        slopes = np.broadcast_to(way[:, None, number:], (*like.cutpoints.shape, way.shape[1] - number))
        framed = np.concatenate([way[:, :number, None], slopes], axis=2)
        return self.described_by.back(framed.reshape(-1, framed.shape[2])).reshape(framed.shape)

    def scales(self, params: OrderedRegressionParams) -> Mapping[str, Scale]:
        """Slopes are counted in steps that move the predictors of all rows by about 1, as cutpoints do by themselves."""
        if self.layout is None:
            return {}
        return {"coefficients": Scale(params.coefficients, np.broadcast_to(self.layout.unit()[1:], params.coefficients.shape))}

    # -- starts

    def start_from(self, shares: Array) -> OrderedRegressionParams:
        layout = self.described_by
        return OrderedRegressionParams(
            np.zeros((1, len(layout.names))),
            scipy.special.logit(np.cumsum(shares)[None, :-1]),
            covariates=layout.names,
            thresholds=self._thresholds(self.level_names),
        )

    def target(self, shares: Array) -> Array:
        """The log-odds of the middle of each level, of all rows."""
        return np.asarray(scipy.special.logit(np.cumsum(shares) - shares / 2))
