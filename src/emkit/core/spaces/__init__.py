"""Where a parameter may live: each space checks values, and maps them to free real coordinates and back."""

from emkit.core.spaces.positive_definite import PositiveDefinite
from emkit.core.spaces.scalar import NonNegative, Positive, Probability, Real, UnitInterval
from emkit.core.spaces.simplex import Simplex
from emkit.core.spaces.space import Space

__all__ = ["NonNegative", "Positive", "PositiveDefinite", "Probability", "Real", "Simplex", "Space", "UnitInterval"]
