"""Where a parameter may live: each space checks values, and maps them to free real coordinates and back."""

from emkit.core.spaces.contrasts import Contrasts
from emkit.core.spaces.hollow import HollowSimplex
from emkit.core.spaces.increasing import Increasing
from emkit.core.spaces.positive_definite import PositiveDefinite
from emkit.core.spaces.rotation import Rotation
from emkit.core.spaces.scalar import NonNegative, Positive, Probability, Real, UnitInterval
from emkit.core.spaces.semidefinite import PositiveSemidefinite
from emkit.core.spaces.simplex import Simplex
from emkit.core.spaces.space import Space
from emkit.core.spaces.unit_product import UnitProduct

__all__ = [
    "Contrasts",
    "HollowSimplex",
    "Increasing",
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
