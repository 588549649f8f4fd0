"""Parameters and sums of a one-factor model, for the two E-steps that are written on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import emkit as ek


@dataclass(frozen=True, eq=False)
class FactorParams(ek.Parameters):
    """`loadings` (d,) of the columns on the factor, and `uniquenesses` (d,) >= 0, the variances that are left."""

    loadings: Annotated[ek.Array, ek.Real(), ek.Axes("column")]
    uniquenesses: Annotated[ek.Array, ek.NonNegative(), ek.Axes("column")]


@dataclass(frozen=True)
class FactorSums(ek.Additive):
    """`mass`; expected sums of f^2, of f x (d,) and of x^2 (d,), with f the factor."""

    mass: float
    ff: float
    fx: ek.Array
    xx: ek.Array
