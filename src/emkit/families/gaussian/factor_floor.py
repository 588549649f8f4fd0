"""The floor under uniquenesses: where there are as many rows as tell a covariance, a column may be all factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.parameters import get_at
from emkit.families.floor import SpreadFloor, rests
from emkit.families.spread import few

OWN = 1e-10  # of a variance, given all other columns: one with less is taken for a function of these


def vary_by_themselves(covariance: Array) -> Mask:
    """Which columns (d,) of a covariance (d, d) are no function of the others: of these, no factor tells all."""
    own = np.sqrt(np.diag(covariance))
    unit = np.where(own > 0, own, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(unit, unit))
    left = 1 / ((vectors**2) / np.maximum(values, OWN / 1e3)).sum(axis=1)
    return np.asarray((own > 0) & (left > OWN))


@dataclass(frozen=True)
class FactorFloor(SpreadFloor):
    """Under the uniquenesses of each component, of so many `factors`. `directions`: how many columns may be correlated.

    As many columns as there are factors may be nothing but factors, and the likelihood stays finite (Heywood cases): then the
    floor is as good as 0, and holds no component up.
    """

    directions: int = 1
    factors: int = 0

    def resting(self, params: Any) -> Mapping[str, Mask]:
        on = rests(self._spread(params), self.least)
        number = on.sum(axis=1, keepdims=True) * (len(params.noise[0]) if len(self.least) == 1 else 1)
        return {self.path: (on & (number > self.factors)).reshape(get_at(params, self.path).shape)}

    def loosened(self, params: Any, rows: Array) -> Any:
        return super().loosened(params, np.where(few(rows, self.directions), 0.0, rows))


@dataclass(frozen=True)
class SharedFactorFloor(FactorFloor):
    """Under uniquenesses that all components share: none of them is narrow by itself."""

    def loosened(self, params: Any, rows: Array) -> Any:
        return super().loosened(params, np.array([rows.sum() if rows.all() else 0.0]))

    def held_along(self, params: Any, component: int, columns: int) -> Array:
        return np.empty((0, columns))
