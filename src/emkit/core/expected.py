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

    Two heads in ten tosses: Q = 2 log p + 8 log(1 - p) has no slope at p = 0.2, and rises from 0.1.

    >>> import emkit as ek
    >>> import numpy as np
    >>> def q(p):
    ...     return ek.Expected(2 * np.log(p) + 8 * np.log(1 - p), {"p": np.array(2 / p - 8 / (1 - p))})
    >>> round(float(q(0.2).slopes["p"]), 9), round(float(q(0.1).slopes["p"]), 3)
    (0.0, 11.111)
    """

    value: float
    slopes: Slopes = NONE

    def inside(self, prefix: str) -> Expected:
        """The same of parameters that stand in a field: ``components.rates`` for ``rates``."""
        return Expected(self.value, {f"{prefix}.{path}": slope for path, slope in self.slopes.items()})

    def plus(self, other: Expected) -> Expected:
        """The sum of two terms that have no field in common."""
        return Expected(self.value + other.value, {**self.slopes, **other.slopes})
