"""How latent and observed are joined: one model a file."""

from emkit.models.assignment import Assignment, Hard, Posterior, Sampled, Soft, normalise
from emkit.models.cells import Cell, Cells, CellsParams
from emkit.models.components import Components, ComponentStats
from emkit.models.factor_model import EqualFactorModelParams, FactorModel, FactorModelParams
from emkit.models.frozen import Frozen, bare
from emkit.models.gated_chain import GatedHiddenMarkovChain, GatedHiddenMarkovParams, GatedInitialHiddenMarkovParams
from emkit.models.gated_mixture import GatedMixture, GatedMixtureParams
from emkit.models.given_shares import GivenShares
from emkit.models.hidden_markov import HiddenMarkovChain, HiddenMarkovParams
from emkit.models.later_step import LaterStep
from emkit.models.mixture import Mixture, MixtureParams
from emkit.models.normal_prior import NormalPrior
from emkit.models.point_masses import PointMasses, PointMassesParams
from emkit.models.priors import BetaPrior, DensityPrior, DirichletPrior, FieldPrior, GammaPrior, Prior
from emkit.models.ridge_prior import RidgePrior
from emkit.models.semi_markov import HiddenSemiMarkovChain, HiddenSemiMarkovParams
from emkit.models.stationary import StationaryHiddenMarkovChain, StationaryHiddenMarkovParams
from emkit.models.with_prior import WithPrior

__all__ = [
    "Assignment",
    "BetaPrior",
    "Cell",
    "Cells",
    "CellsParams",
    "ComponentStats",
    "Components",
    "DensityPrior",
    "DirichletPrior",
    "EqualFactorModelParams",
    "FactorModel",
    "FactorModelParams",
    "FieldPrior",
    "Frozen",
    "GammaPrior",
    "GatedHiddenMarkovChain",
    "GatedHiddenMarkovParams",
    "GatedInitialHiddenMarkovParams",
    "GatedMixture",
    "GatedMixtureParams",
    "GivenShares",
    "Hard",
    "HiddenMarkovChain",
    "HiddenMarkovParams",
    "HiddenSemiMarkovChain",
    "HiddenSemiMarkovParams",
    "LaterStep",
    "Mixture",
    "MixtureParams",
    "NormalPrior",
    "PointMasses",
    "PointMassesParams",
    "Posterior",
    "Prior",
    "RidgePrior",
    "Sampled",
    "Soft",
    "StationaryHiddenMarkovChain",
    "StationaryHiddenMarkovParams",
    "WithPrior",
    "bare",
    "normalise",
]
