"""How much each row moves the estimates: one Newton step towards the fit without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.protocols import LatentModel, Source
from emkit.errors import ModelError
from emkit.inference.covariance import covariance
from emkit.inference.information import Information
from emkit.inference.rows import all_scores
from emkit.markup import Tabled, ToldTable


@dataclass(frozen=True, eq=False, repr=False)
class Influence(Tabled):
    """`shifts` (G, m): about how much the parameters `names` (m,) would move if a row (or group of rows) were left out.

    `distances` (G,): how far all of them would move together, in units of their uncertainty: squared, as Cook's distance is,
    and not divided by the number of parameters. NaN for parameters without a standard error.
    """

    names: tuple[str, ...]
    shifts: Array
    distances: Array

    def most(self, number: int = 5) -> Integers:
        """The places of the rows that move the estimates most, the first most of all."""
        return np.argsort(-self.distances, kind="stable")[:number]

    def _as_table(self) -> ToldTable:
        most = self.most()
        columns = {"row or group": most.tolist(), "distance": self.distances[most].tolist()}
        return ToldTable(f"Influence of {len(self.distances):,} on {len(self.names)} parameters, the most first", columns)


def influence(model: LatentModel[Any, Any], source: Source[Any], found: Information) -> Influence:
    """The influence of every row of `source`, without fitting anew: 6 passes over the data for each parameter.

    Errors: ModelError where the information is singular.
    Source: Cook (1986), J. R. Statist. Soc. B 48, 133-169; one-step estimates, Pregibon (1981), Ann. Statist. 9, 705-724.
    """
    usual = covariance(model, source, found)
    if usual.matrix is None:
        raise ModelError(f"there is no telling how much a row moves the estimates: {usual.reason}.")
    scores, weights = all_scores(model, found, source)
    weighted = scores * weights[:, None]
    steps = -weighted @ usual.matrix
    shifts = steps @ found.slope.T
    shifts[:, [name in found.near.reasons for name in found.near.names]] = np.nan
    return Influence(found.near.names, shifts, -np.einsum("gq,gq->g", steps, weighted))
