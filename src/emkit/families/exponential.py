"""Independent columns of waiting times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes, component_name
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Positive
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, DegenerateFitError
from emkit.families.between import Between, Told, exponential_between
from emkit.families.by_column import IndependentColumns
from emkit.families.description import ROWS, Columns, Word
from emkit.families.family import ExponentialFamily, Totals, keep_where_empty, repeat
from emkit.families.support import LARGEST_AMOUNT, Support, at_least_zero
from emkit.formulas.expressions import Apply, Negative, Product, Quotient, Ref

__all__ = ["Exponential", "ExponentialParams"]


@dataclass(frozen=True, eq=False)
class ExponentialParams(Parameters):
    """`rates` (K, d): events per unit of time, > 0; the mean waiting time is 1 / rate.

    Events at a rate of 4 an hour: a quarter of an hour from one to the next.

    >>> import emkit as ek
    >>> (1 / ek.ExponentialParams([[4.0]]).rates).tolist()
    [[0.25]]
    """

    rates: Annotated[Array, Positive(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, rates: ArrayLike) -> None: ...


@dataclass(frozen=True)
class Exponential(IndependentColumns[ExponentialParams, Totals], ExponentialFamily[ExponentialParams]):
    """Independent exponential columns: log p(x|k) = sum_j log r_kj - r_kj x_j.

    Data: x (n, d) of numbers >= 0.

    Hours between failures of the air conditioning of an aeroplane (Proschan, 1963):

    >>> import emkit as ek
    >>> hours = "90 10 60 186 61 49 14 24 56 20 79 84 44 59 29 118 25 156 310 76 26 44 23 62 130 208 70 101 208"
    >>> fit = ek.MixtureModel("exponential", 1).fit([float(each) for each in hours.split()]).result_
    >>> print((1 / fit.params.components.rates).round(2), round(fit.log_likelihood, 3))
    [[83.52]] -157.327
    """

    @property
    def name(self) -> str:
        return "exponential"

    @property
    def support(self) -> Support:
        return at_least_zero("exponential times", LARGEST_AMOUNT)

    @property
    def described(self) -> Columns:
        rate, exponent = Ref("rate"), Product((("rate", Negative(Ref("rate"))), ("x", Ref("x"))))
        return Columns(
            {"rates": Word("rate", "lambda", 1.0)},
            data="columns of times, numbers >= 0",
            field="rates",
            parameter="rate",
            factors=Product((("rate", rate), ("exp(-rate x)", Apply("exp", exponent)))),
            update=Quotient(ROWS, Ref("total")),
            everyone="the total of all rows",
            title="Exponential columns: events per unit of time",
            story="A row {row} of component {k} is a waiting time with rate {parameter}, that is, with mean {mean}.",
            meaning="The expected number of rows of component {k}, divided by their expected total time.",
        )

    def slopes(self, sums: Array, params: ExponentialParams) -> Slopes:
        return {"rates": sums[:, :1] / params.rates - sums[:, 1:]}

    @property
    def between(self) -> Told[ExponentialParams, Totals]:
        return self._between

    def _between(self, params: ExponentialParams, low: Array, high: Array) -> Between[Totals]:
        log_mass, means = exponential_between(params.rates[:, 0], np.maximum(low, 0.0), high)
        return Between(log_mass, lambda weights: Totals(np.stack([weights.sum(axis=0), (weights * means).sum(axis=0)], axis=1)))

    def natural(self, params: ExponentialParams) -> Array:
        return np.concatenate([np.log(params.rates).sum(axis=1, keepdims=True), -params.rates], axis=1)

    def log_base(self, x: Array) -> Array:
        return np.zeros(len(x))

    def updates(self) -> Mapping[str, Update[Totals, ExponentialParams]]:
        return {"rates": self._rates}

    def _rates(self, stats: Totals, before: ExponentialParams, now: ExponentialParams) -> Array:
        """Expected number of rows / expected total time.

        Shapes: sums (K, 1 + d) -> (K, d). Unit: one over the data's.
        Errors: DegenerateFitError if a component received only zeros.
        Source: set d/dr [mass log r - total r] = 0; McLachlan & Peel (2000), Finite Mixture Models.
        """
        total = stats.sums[:, 1:]
        for k, column in np.argwhere((total <= 0) & (stats.mass[:, None] > 0)):
            raise DegenerateFitError(
                f"component {component_name(k)} sees only zeros in column {column}: its rate would be infinite, and the "
                "likelihood has no maximum. Use fewer components, or another start."
            )
        with np.errstate(invalid="ignore", divide="ignore"):
            return keep_where_empty(stats.mass[:, None] / total, before.rates, stats.mass)

    def pooled(self, profile: AnyProfile, n_components: int) -> ExponentialParams:
        means = profile.average(lambda x: x)
        for column in np.flatnonzero(profile.highest == 0):
            raise DataError(
                f"column {profile.columns[column]!r} holds only zeros; its exponential rate would be infinite. Leave the "
                "column out."
            )
        for column in np.flatnonzero(means < 1 / LARGEST_AMOUNT):
            raise DataError(
                f"column {profile.columns[column]!r} has a mean of {means[column]:g}; the squares of such small numbers "
                "underflow. Multiply the column by a constant."
            )
        return ExponentialParams(repeat(1 / means, n_components))

    def draw(self, params: ExponentialParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.exponential(1 / params.rates[components])
