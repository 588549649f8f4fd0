"""A response in levels without an order, whose log-odds against the first level are linear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.newton import NewtonSums
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Contrasts
from emkit.data.multinomial_logits import MultinomialLogits, from_first
from emkit.errors import ModelError
from emkit.families.description import Description, Word
from emkit.families.regression.layout import Named
from emkit.families.regression.levels_regression import LevelsRegression

__all__ = ["MultinomialRegression", "MultinomialRegressionParams"]


@dataclass(frozen=True, eq=False)
class MultinomialRegressionParams(Parameters):
    """`coefficients` (K, levels, p): the log-odds of each level against the first, by intercept and covariates.

    Only differences between levels matter: those of the first are taken off all of them. `covariates` and `levels` are names.

    Odds of the second level against the first of 2 to 1 where x is 0, and twice these for each unit of x:

    >>> import emkit as ek
    >>> import numpy as np
    >>> slopes = [[[0.0, 0.0], np.log([2.0, 2.0])]]
    >>> params = ek.MultinomialRegressionParams(slopes, covariates=("Intercept", "x"), levels=("no", "yes"))
    >>> np.exp(params.coefficients[0, 1]).round(6).tolist(), params.levels
    ([2.0, 2.0], ('no', 'yes'))
    """

    coefficients: Annotated[
        Array,
        Contrasts(),
        Axes("component", "level", "covariate", coupled=("level", "covariate"), told_by="covariates", levels_by="levels"),
    ]
    covariates: tuple[str, ...] = field(default=(), kw_only=True)
    levels: tuple[str, ...] = field(default=(), kw_only=True)

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, coefficients: ArrayLike, *, covariates: tuple[str, ...] = (), levels: tuple[str, ...] = ()
        ) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", from_first(self.coefficients))
        super().__post_init__()


@dataclass(frozen=True)
class MultinomialRegression(LevelsRegression[MultinomialRegressionParams]):
    """Levels without an order, by a multinomial logit: log p(y = l | x, k) = eta_kl - log sum_m exp(eta_km), eta_kl = x' b_kl.

    The first level is the reference: b_k0 = 0. `intercept`: is there one? Columns and levels are as in `LevelsRegression`.

    Which of three ways to work people take on days of more or less rain, ten days each:

    >>> import emkit as ek
    >>> import numpy as np
    >>> way = np.repeat([0, 1, 2] * 4, [8, 1, 1, 6, 3, 1, 3, 3, 4, 1, 2, 7])
    >>> rows, names = np.column_stack([way, np.repeat([0, 1, 2, 3], 10)]), (("bicycle", "bus", "car"), None)
    >>> source = ek.ArraySource(rows, columns=["way", "rain"], levels=names)
    >>> model = ek.Mixture(ek.MultinomialRegression("way", "rain"))
    >>> fit = ek.fit(model, source, model.starts(source.profile, 1, [0]))
    >>> print(fit.params.components.coefficients.round(3))
    [[[ 0.     0.   ]
      [-1.73   0.841]
      [-2.796  1.555]]]
    """

    intercept: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.intercept and not self.covariates:
            raise ModelError("a component needs a coefficient of its own: an intercept, or a covariate.")

    @property
    def name(self) -> str:
        return "multinomial regression"

    @property
    def described(self) -> Description:
        words = {"coefficients": Word("coefficient", "b", 0.0)}
        return Description(words, "a column of levels, and covariates", "coefficients of each level but the first")

    @property
    def named(self) -> Named:
        return Named(self.response, self.covariates, (), self.intercept)

    def params(self, coefficients: Any) -> MultinomialRegressionParams:
        """Parameters from which a fit may start: `coefficients` (K, levels, p)."""
        names = (*["intercept"] * self.intercept, *map(str, self.covariates))
        levels = self.level_names_of(np.shape(coefficients)[1])
        return MultinomialRegressionParams(coefficients, covariates=names, levels=levels)

    @property
    def _logits(self) -> MultinomialLogits:
        layout = self.described_by
        return MultinomialLogits(layout.places, layout.names, layout.intercept, layout.centre, layout.factor)

    def number_of_levels(self, params: MultinomialRegressionParams) -> int:
        return int(params.coefficients.shape[1])

    def log_shares(self, params: MultinomialRegressionParams, x: Array) -> Array:
        return self._logits.log_proportions(params.coefficients, x)

    def sums(self, params: MultinomialRegressionParams, x: Array, weights: Array) -> NewtonSums:
        shares = self.shares(params, x)
        there = self.codes(x, shares.shape[2])[:, None] == np.arange(shares.shape[2])
        return self._logits.sums(x, weights[:, :, None] * there[:, None, :], shares)

    def updates(self) -> Mapping[str, Update[NewtonSums, MultinomialRegressionParams]]:
        return {"coefficients": self._coefficients}

    def _coefficients(self, sums: NewtonSums, before: MultinomialRegressionParams, now: MultinomialRegressionParams) -> Array:
        """One damped step of Newton's method for the multinomial logit of each component: see `MultinomialLogits.moved`."""
        return self._logits.moved(sums, before.coefficients, now.coefficients)

    def expected(self, sums: NewtonSums, before: MultinomialRegressionParams, now: MultinomialRegressionParams) -> Expected:
        """A bound that touches the expected log-likelihood at `before`."""
        found = self._logits.bound(sums, before.coefficients, now.coefficients)
        return Expected(found.value, {"coefficients": found.slopes})

    def scales(self, params: MultinomialRegressionParams) -> Mapping[str, Scale]:
        return {} if self.layout is None else {"coefficients": self._logits.scale(params.coefficients)}

    def start_from(self, shares: Array) -> MultinomialRegressionParams:
        layout = self.described_by
        coefficients = np.zeros((1, len(shares), layout.own_size))
        if self.intercept:
            coefficients[0, :, 0] = np.log(shares)
        return MultinomialRegressionParams(coefficients, covariates=layout.own_names, levels=self.level_names)

    def target(self, shares: Array) -> Array:
        """Lines of their own for all levels, through 1 for rows that have them and 0 for others."""
        return np.eye(len(shares))
