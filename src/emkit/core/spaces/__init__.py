"""Where a parameter may live: each space checks values, and maps them to free real coordinates and back.

A vector that does not sum to 1, and why it is refused:

>>> import emkit as ek
>>> import numpy as np
>>> ek.spaces.Simplex().complaint(np.array([0.5, 0.6]))
((), 'sums to 1.1; proportions must be >= 0 and sum to 1.')
"""

from emkit.core.spaces.contrasts import Contrasts
from emkit.core.spaces.correlation import Correlation
from emkit.core.spaces.hollow import HollowSimplex
from emkit.core.spaces.increasing import Increasing
from emkit.core.spaces.lower_triangular import LowerTriangular
from emkit.core.spaces.positive_definite import PositiveDefinite
from emkit.core.spaces.rotation import Rotation
from emkit.core.spaces.scalar import NonNegative, Positive, Probability, Real, UnitInterval
from emkit.core.spaces.semidefinite import PositiveSemidefinite
from emkit.core.spaces.simplex import Simplex
from emkit.core.spaces.space import Space
from emkit.core.spaces.unit_product import UnitProduct

__all__ = [
    "Contrasts",
    "Correlation",
    "HollowSimplex",
    "Increasing",
    "LowerTriangular",
    "NonNegative",
    "Positive",
    "PositiveDefinite",
    "PositiveSemidefinite",
    "Probability",
    "Real",
    "Rotation",
    "Simplex",
    "Space",
    "UnitInterval",
    "UnitProduct",
]
