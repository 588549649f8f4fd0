"""The space of covariances of factors, which may be sums of each other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.spaces.semidefinite import PositiveSemidefinite


class FactorCovariance(PositiveSemidefinite):
    """Covariances of factors: of these, the share of a variance that is left says how near 0 it is, whatever their units."""

    def way_to_edge(self, value: Array) -> Array:
        """The share that is left of each variance, given the factors before, times the largest element."""
        own = np.einsum("...jj->...j", value)
        share = self.pivots(value) / np.where(own > 0, own, 1.0)
        largest = np.abs(value).max(axis=(-1, -2), keepdims=True, initial=0.0)
        return np.where(np.eye(value.shape[-1], dtype=bool), share[..., None] * largest, np.inf)


class OwnFactorCovariance(FactorCovariance):
    """The same of components that each have their own: in some, factors may not vary."""

    told_on_edge: ClassVar[tuple[str, str]] = (
        "No variance is left of",
        "given the factors before it: there, rows differ along it by errors alone. Fewer components may tell more.",
    )
