"""Normal distributions with full, diagonal, tied or spherical covariance, in one or many columns."""

from emkit.families.gaussian.diagonal import DiagonalGaussian
from emkit.families.gaussian.factor_normal import FactorNormal
from emkit.families.gaussian.full import FullGaussian
from emkit.families.gaussian.normal import GaussianFamily
from emkit.families.gaussian.parsimonious import ParsimoniousGaussian
from emkit.families.gaussian.spherical import SphericalGaussian
from emkit.families.gaussian.tied import TiedGaussian

__all__ = [
    "DiagonalGaussian",
    "FactorNormal",
    "FullGaussian",
    "GaussianFamily",
    "ParsimoniousGaussian",
    "SphericalGaussian",
    "TiedGaussian",
]
