"""Independent columns of counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.special import gammaln

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.core.spaces import Positive
from emkit.data.source import ArraySource
from emkit.errors import DataError, ParameterError
from emkit.families.family import ExponentialFamily, Totals, keep_where_empty, lead_with, repeat


@dataclass(frozen=True, eq=False)
class PoissonParams(Parameters):
    """`rates` (K, d): the mean count of each column, > 0."""

    rates: Annotated[Array, Positive()]


@dataclass(frozen=True)
class Poisson(ExponentialFamily[PoissonParams]):
    """Independent Poisson columns: log p(x|k) = sum_j x_j log r_kj - r_kj - log x_j!.

    Data: x (n, d) of whole numbers >= 0.
    """

    @property
    def name(self) -> str:
        return "poisson"

    def features(self, x: Array) -> Array:
        return lead_with(1, x)

    def natural(self, params: PoissonParams) -> Array:
        return np.concatenate([-params.rates.sum(axis=1, keepdims=True), np.log(params.rates)], axis=1)

    def log_base(self, x: Array) -> Array:
        return -np.asarray(gammaln(x + 1)).sum(axis=1)

    def updates(self) -> Mapping[str, Update[Totals, PoissonParams]]:
        return {"rates": self._rates}

    def _rates(self, stats: Totals, before: PoissonParams, now: PoissonParams) -> Array:
        """Expected count / expected number of rows.

        Shapes: sums (K, 1 + d) -> (K, d). Unit: counts per row.
        Errors: ParameterError if a component received only zeros.
        Source: set d/dr [total log r - mass r] = 0; McLachlan & Peel (2000), Finite Mixture Models.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            rates = keep_where_empty(stats.sums[:, 1:] / stats.mass[:, None], before.rates, stats.mass)
        for k, column in np.argwhere(rates <= 0):
            raise ParameterError(
                f"Poisson rate of component {k}, column {column} is {rates[k, column]:g}; rates must be > 0. A component "
                "that only sees zeros has no maximum-likelihood rate: use fewer components, or another start."
            )
        return rates

    def pooled(self, source: ArraySource, n_components: int) -> PoissonParams:
        means = np.average(source.x, axis=0, weights=source.weights)
        for column in np.flatnonzero(means == 0):
            raise DataError(
                f"column {source.columns[column]!r} holds only zeros; a Poisson rate must be > 0. Leave the column out."
            )
        return PoissonParams(repeat(means, n_components))

    def check(self, source: ArraySource) -> None:
        source.refuse(lambda x: (x < 0) | (x != np.floor(x)), "Poisson counts must be whole numbers >= 0.")

    def width(self, params: PoissonParams) -> int:
        return params.rates.shape[1]
