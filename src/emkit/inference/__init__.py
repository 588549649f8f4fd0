"""What a fit is worth: standard errors, identifiability, and how fast EM gets there."""

from emkit.inference.classification import Classification, classification
from emkit.inference.covariance import Covariance, covariance
from emkit.inference.delta import Derived, delta
from emkit.inference.everywhere import GenericRank, generic_rank
from emkit.inference.goodness import GoodnessOfFit, goodness_of_fit
from emkit.inference.identifiability import Identifiability, identifiability
from emkit.inference.influence import Influence, influence
from emkit.inference.information import Information, fraction_missing
from emkit.inference.intervals import Intervals, wald, z_and_p
from emkit.inference.merging import Merging, merging
from emkit.inference.observed import information, observed_information
from emkit.inference.profile_likelihood import profile
from emkit.inference.rate import em_rate_matrix, missing_information
from emkit.inference.standard_errors import StandardErrors, standard_errors
from emkit.inference.univariate import Univariate

METHODS = "wald", "profile"  # of confidence intervals

__all__ = [
    "METHODS",
    "Classification",
    "Covariance",
    "Derived",
    "GenericRank",
    "GoodnessOfFit",
    "Identifiability",
    "Influence",
    "Information",
    "Intervals",
    "Merging",
    "StandardErrors",
    "Univariate",
    "classification",
    "covariance",
    "delta",
    "em_rate_matrix",
    "fraction_missing",
    "generic_rank",
    "goodness_of_fit",
    "identifiability",
    "influence",
    "information",
    "merging",
    "missing_information",
    "observed_information",
    "profile",
    "standard_errors",
    "wald",
    "z_and_p",
]
