"""What a fit is worth: standard errors, identifiability, and how fast EM gets there."""

from emkit.inference.classification import Classification, classification
from emkit.inference.goodness import GoodnessOfFit, goodness_of_fit
from emkit.inference.information import Identifiability, StandardErrors, identifiability, observed_information, standard_errors
from emkit.inference.merging import Merging, merging
from emkit.inference.rate import em_rate_matrix, missing_information
from emkit.inference.univariate import Univariate

__all__ = [
    "Classification",
    "GoodnessOfFit",
    "Identifiability",
    "Merging",
    "StandardErrors",
    "Univariate",
    "classification",
    "em_rate_matrix",
    "goodness_of_fit",
    "identifiability",
    "merging",
    "missing_information",
    "observed_information",
    "standard_errors",
]
