"""What a fit is worth: standard errors, identifiability, and how fast EM gets there."""

from emkit.inference.classification import Classification, classification
from emkit.inference.goodness import GoodnessOfFit, goodness_of_fit
from emkit.inference.information import Identifiability, StandardErrors, identifiability, observed_information, standard_errors
from emkit.inference.rate import em_rate_matrix, missing_information

__all__ = [
    "Classification",
    "GoodnessOfFit",
    "Identifiability",
    "StandardErrors",
    "classification",
    "em_rate_matrix",
    "goodness_of_fit",
    "identifiability",
    "missing_information",
    "observed_information",
    "standard_errors",
]
