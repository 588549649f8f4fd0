"""What a fit is worth: standard errors, identifiability, and how fast EM gets there."""

from emkit.inference.information import Identifiability, StandardErrors, identifiability, observed_information, standard_errors
from emkit.inference.rate import em_rate_matrix, missing_information

__all__ = [
    "Identifiability",
    "StandardErrors",
    "em_rate_matrix",
    "identifiability",
    "missing_information",
    "observed_information",
    "standard_errors",
]
