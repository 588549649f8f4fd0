"""The expected log-likelihood as a function of statistics that are already summed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from emkit.core.arrays import Array

Slopes = Mapping[str, Array]
NONE: Slopes = MappingProxyType({})


class Expected(NamedTuple):
    """Q(now | statistics) up to a constant, and its derivatives along the elements of fields, by path, at `now`.

    A slope has the shape of its field; of a matrix it is symmetric. Fields without one are differentiated numerically.
    """

    value: float
    slopes: Slopes = NONE

    def inside(self, prefix: str) -> Expected:
        """The same of parameters that stand in a field: ``components.rates`` for ``rates``."""
        return Expected(self.value, {f"{prefix}.{path}": slope for path, slope in self.slopes.items()})

    def plus(self, other: Expected) -> Expected:
        """The sum of two terms that have no field in common."""
        return Expected(self.value + other.value, {**self.slopes, **other.slopes})
