"""What a fit is worth: standard errors, identifiability, and how fast EM gets there."""

from emkit.inference.covariance import Covariance, covariance
from emkit.inference.identifiability import Identifiability, identifiability
from emkit.inference.information import Information, information, observed_information
from emkit.inference.rate import em_rate_matrix, missing_information
from emkit.inference.standard_errors import StandardErrors, standard_errors

__all__ = [
    "Covariance",
    "Identifiability",
    "Information",
    "StandardErrors",
    "covariance",
    "em_rate_matrix",
    "identifiability",
    "information",
    "missing_information",
    "observed_information",
    "standard_errors",
]
