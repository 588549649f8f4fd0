"""The scikit-learn face of emkit: estimators that fit mixtures."""

from emkit.estimators.base import ConvergenceWarning
from emkit.estimators.discriminant import Discriminant
from emkit.estimators.gaussian import GaussianMixture
from emkit.estimators.latent_class import LatentClass
from emkit.estimators.missing import NormalMissing
from emkit.estimators.mixture import MixtureModel

__all__ = ["ConvergenceWarning", "Discriminant", "GaussianMixture", "LatentClass", "MixtureModel", "NormalMissing"]
