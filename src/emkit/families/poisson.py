"""Independent columns of counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Slopes
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import NonNegative
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.families.affine import Affine
from emkit.families.by_column import IndependentColumns
from emkit.families.counts import FAR, SMALL, deviance, log_peak
from emkit.families.description import Columns, Word
from emkit.families.family import LOG_OF_ZERO, ExponentialFamily, Totals, lead_with, per_mass, repeat, safe_log
from emkit.families.linear import LinearForm
from emkit.families.support import Support, counts
from emkit.formulas.expressions import ONE, Apply, Factorial, Negative, Power, Product, Quotient, Ref

__all__ = ["Poisson", "PoissonParams"]


@dataclass(frozen=True, eq=False)
class PoissonParams(Parameters):
    """`rates` (K, d): the mean count of each column, >= 0.

    >>> import emkit as ek
    >>> ek.PoissonParams([[0.0, 2.5], [4.0, 1.0]]).rates[0].tolist()
    [0.0, 2.5]
    """

    rates: Annotated[Array, NonNegative(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, rates: ArrayLike) -> None: ...


@dataclass(frozen=True)
class Poisson(IndependentColumns[PoissonParams, Totals], ExponentialFamily[PoissonParams]):
    """Independent Poisson columns: log p(x|k) = sum_j x_j log r_kj - r_kj - log x_j!.

    Data: x (n, d) of whole numbers >= 0.

    A mixture of one component is the family itself, whose estimate is the mean:

    >>> import emkit as ek
    >>> found = ek.MixtureModel(ek.Poisson(), 1).fit([0, 1, 0, 2, 1, 6, 7, 5, 8, 6]).result_
    >>> found.params.components.rates.round(3).tolist(), round(found.log_likelihood, 3)
    ([[3.6]], -27.655)
    """

    @property
    def name(self) -> str:
        return "poisson"

    @property
    def support(self) -> Support:
        return counts("Poisson counts")

    @property
    def described(self) -> Columns:
        rate, x = Ref("rate"), Ref("x")
        return Columns(
            {"rates": Word("rate", "lambda", 3.0)},
            data="columns of counts 0, 1, 2 ...",
            field="rates",
            parameter="rate",
            factors=Product(
                (
                    ("exp(-rate)", Apply("exp", Negative(rate))),
                    ("rate^x", Power(rate, x)),
                    ("1/x!", Quotient(ONE, Factorial(x))),
                )
            ),
            title="Poisson columns: the mean count",
            story="A row {row} of component {k} is a count with mean {parameter}.",
            meaning="The expected total count of component {k}, divided by its expected number of rows.",
        )

    def slopes(self, sums: Array, params: PoissonParams) -> Slopes:
        with np.errstate(divide="ignore", invalid="ignore"):  # at 0, where no coordinate is left
            return {"rates": np.nan_to_num(sums[:, 1:] / params.rates) - sums[:, :1]}

    def natural(self, params: PoissonParams) -> Array:
        return np.concatenate([-params.rates.sum(axis=1, keepdims=True), safe_log(params.rates)], axis=1)

    def log_base(self, x: Array) -> Array:
        return -np.asarray(scipy.special.gammaln(x + 1)).sum(axis=1)

    def log_density(self, params: PoissonParams, x: Array) -> Array:
        if params.rates.max() <= SMALL:
            return super().log_density(params, x)
        off = np.stack([deviance(x, rates).sum(axis=1) for rates in params.rates], axis=1)
        return log_peak(x).sum(axis=1)[:, None] - off

    def linear(self, params: PoissonParams) -> LinearForm[Totals] | None:
        if params.rates.max() <= SMALL:
            return super().linear(params)
        return PoissonAbout(tuple(_between(params.rates))).linear(params)

    def updates(self) -> Mapping[str, Update[Totals, PoissonParams]]:
        return {"rates": self._rates}

    def _rates(self, stats: Totals, before: PoissonParams, now: PoissonParams) -> Array:
        """Expected count / expected number of rows.

        Shapes: sums (K, 1 + d) -> (K, d). Unit: counts per row.
        Source: set d/dr [total log r - mass r] = 0; McLachlan & Peel (2000), Finite Mixture Models.
        """
        return per_mass(stats.sums[:, 1:], stats.mass, before.rates)

    def pooled(self, profile: AnyProfile, n_components: int) -> PoissonParams:
        return PoissonParams(repeat(profile.average(lambda x: x), n_components))

    def draw(self, params: PoissonParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.poisson(params.rates[components]).astype(np.float64)


@dataclass(frozen=True)
class PoissonAbout(Poisson):
    """Large counts, seen from `rates` (d,) in their midst.

    log p(x|k) = log p(x|rates) + sum_j (x_j - rates_j) log(r_kj / rates_j) - deviance(rates_j, r_kj).

    A rate of 1 stands for a column of small counts. These are not centred, so that zeros add up to 0 exactly.
    """

    rates: tuple[float, ...]

    @property
    def centre(self) -> Array:
        """What is taken off the counts, shape (d,)."""
        rates = np.array(self.rates)
        return np.where(rates > 1, rates, 0.0)

    def features(self, x: Array) -> Array:
        return lead_with(1, x - self.centre)

    def affine(self, features: int) -> Affine:
        return Affine.cells(features)._replace(constants=-self.centre, free_zeros=False)

    def natural(self, params: PoissonParams) -> Array:
        rates = np.array(self.rates)
        off = np.where(rates > 1, deviance(rates, params.rates), params.rates - 1)
        with np.errstate(divide="ignore"):
            ratio = np.maximum(np.log1p((params.rates - rates) / rates), LOG_OF_ZERO)
        return np.concatenate([-off.sum(axis=1, keepdims=True), ratio], axis=1)

    def log_base(self, x: Array) -> Array:
        return np.asarray(log_peak(x) - deviance(x, np.array(self.rates))).sum(axis=1)

    def linear(self, params: PoissonParams) -> LinearForm[Totals] | None:
        if deviance(self.centre, params.rates).max() > FAR:
            return None
        form = super(Poisson, self).linear(params)
        return form and replace(form, statistics=self._totals)

    def _totals(self, sums: Array, chunk: Chunk) -> Totals:
        """The sums of the counts themselves, from those about the centre."""
        return Totals(sums + lead_with(0, sums[:, :1] * self.centre))


def _between(rates: Array) -> Array:
    """For each column a number in the middle of its rates (K, d); 1 for columns of small counts.

    It is rounded to about a standard deviation of a count, so that it comes to rest before the rates do.
    """
    middle = (np.sqrt(rates.min(axis=0)) + np.sqrt(rates.max(axis=0))) ** 2 / 4
    unit = 2.0 ** np.floor(np.log2(middle) / 2)
    return np.where(rates.min(axis=0) > SMALL, np.round(middle / unit) * unit, 1.0)
