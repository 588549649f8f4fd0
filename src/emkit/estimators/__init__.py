"""The scikit-learn face of emkit: estimators that fit mixtures."""

from emkit.estimators.components import ConvergenceWarning
from emkit.estimators.confirmatory_factor_analysis import ConfirmatoryFactorAnalysis
from emkit.estimators.discriminant import Discriminant
from emkit.estimators.factor_analysis import FactorAnalysis
from emkit.estimators.gaussian import GaussianMixture
from emkit.estimators.growth_mixture_model import GrowthMixtureModel
from emkit.estimators.hidden_markov import HiddenMarkov
from emkit.estimators.item_mixture import ItemResponseMixture
from emkit.estimators.item_response import ItemResponse
from emkit.estimators.latent_class import LatentClass
from emkit.estimators.missing import NormalMissing
from emkit.estimators.mixed_regression import MixedRegression
from emkit.estimators.mixture import MixtureModel
from emkit.estimators.mixture_regression import MixtureRegression
from emkit.estimators.state_space import StateSpaceModel

__all__ = [
    "ConfirmatoryFactorAnalysis",
    "ConvergenceWarning",
    "Discriminant",
    "FactorAnalysis",
    "GaussianMixture",
    "GrowthMixtureModel",
    "HiddenMarkov",
    "ItemResponse",
    "ItemResponseMixture",
    "LatentClass",
    "MixedRegression",
    "MixtureModel",
    "MixtureRegression",
    "NormalMissing",
    "StateSpaceModel",
]
