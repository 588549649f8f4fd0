"""How latent and observed are joined: one model a file.

A table of one observed cell that is the sum of two latent ones: the model knows the names.

>>> import emkit as ek
>>> ek.models.Cells([["p", "q"]], [ek.Cell("a", "x", 1.0, {"p": 1}), ek.Cell("b", "x", 1.0, {"q": 1})]).observed
('x',)
"""

from emkit.models.abilities import AbilitiesModel
from emkit.models.abilities_params import AbilitiesOfGroup, AbilitiesParams, ItemPlanesParams
from emkit.models.assignment import Assignment, Hard, Posterior, Sampled, Soft, normalise
from emkit.models.autoregressions import arma, autoregression
from emkit.models.cells import Cell, Cells, CellsParams
from emkit.models.components import Components, ComponentStats
from emkit.models.confirmatory import ConfirmatoryFactorModel
from emkit.models.confirmatory_params import ConfirmatoryFactorParams, UnitFactorParams
from emkit.models.factor_model import EqualFactorModelParams, FactorModel, FactorModelParams
from emkit.models.frozen import Frozen, bare
from emkit.models.gated_chain import GatedHiddenMarkovChain, GatedHiddenMarkovParams, GatedInitialHiddenMarkovParams
from emkit.models.gated_mixture import GatedMixture, GatedMixtureParams
from emkit.models.given_shares import GivenShares
from emkit.models.growth_mixture import GrowthMixture
from emkit.models.growth_params import (
    GatedGrowthMixtureParams,
    GatedSharedGrowthMixtureParams,
    GrowthMixtureParams,
    SharedGrowthMixtureParams,
)
from emkit.models.hidden_markov import HiddenMarkovChain, HiddenMarkovParams
from emkit.models.item_kinds import GeneralisedPartialCredit, GradedResponse, Guessing, ItemKind, PartialCredit
from emkit.models.item_mixture import ItemMixture
from emkit.models.item_mixture_params import ClassAbilities, ClassItems, EqualSpreadAbilities, ItemMixtureParams
from emkit.models.item_params import (
    AbilityGroups,
    GradedItem,
    GradedPlane,
    GuessedItem,
    GuessedPlane,
    ItemsParams,
    SlopedItem,
    SlopedPlane,
    UnitSlopeItem,
)
from emkit.models.item_planes_model import ItemPlanesModel
from emkit.models.item_response import EqualSlopeParams, ItemResponseModel, ItemResponseParams
from emkit.models.items_model import ItemsModel
from emkit.models.later_step import LaterStep
from emkit.models.mixed_model import MixedModel
from emkit.models.mixed_params import MixedModelParams, RestrictedMixedModelParams
from emkit.models.mixture import Mixture, MixtureParams
from emkit.models.nested import Nested, NestedCovariance
from emkit.models.normal_prior import NormalPrior
from emkit.models.point_masses import PointMasses, PointMassesParams
from emkit.models.priors import BetaPrior, DensityPrior, DirichletPrior, FieldPrior, GammaPrior, Prior
from emkit.models.random_effects import AnyCovariance, DiagonalCovariance, EqualCovariance
from emkit.models.restricted_mixed_model import RestrictedMixedModel
from emkit.models.ridge_prior import RidgePrior
from emkit.models.semi_markov import HiddenSemiMarkovChain, HiddenSemiMarkovParams
from emkit.models.state_params import CorrelatedStateSpaceParams, StateSpaceParams
from emkit.models.state_space import StateSpace
from emkit.models.stationary import StationaryHiddenMarkovChain, StationaryHiddenMarkovParams
from emkit.models.structural import dynamic_factor, local_level, local_linear_trend
from emkit.models.tied_state_space import TiedStateSpace, TiedStateSpaceParams
from emkit.models.with_prior import WithPrior

__all__ = [
    "AbilitiesModel",
    "AbilitiesOfGroup",
    "AbilitiesParams",
    "AbilityGroups",
    "AnyCovariance",
    "Assignment",
    "BetaPrior",
    "Cell",
    "Cells",
    "CellsParams",
    "ClassAbilities",
    "ClassItems",
    "ComponentStats",
    "Components",
    "ConfirmatoryFactorModel",
    "ConfirmatoryFactorParams",
    "CorrelatedStateSpaceParams",
    "DensityPrior",
    "DiagonalCovariance",
    "DirichletPrior",
    "EqualCovariance",
    "EqualFactorModelParams",
    "EqualSlopeParams",
    "EqualSpreadAbilities",
    "FactorModel",
    "FactorModelParams",
    "FieldPrior",
    "Frozen",
    "GammaPrior",
    "GatedGrowthMixtureParams",
    "GatedHiddenMarkovChain",
    "GatedHiddenMarkovParams",
    "GatedInitialHiddenMarkovParams",
    "GatedMixture",
    "GatedMixtureParams",
    "GatedSharedGrowthMixtureParams",
    "GeneralisedPartialCredit",
    "GivenShares",
    "GradedItem",
    "GradedPlane",
    "GradedResponse",
    "GrowthMixture",
    "GrowthMixtureParams",
    "GuessedItem",
    "GuessedPlane",
    "Guessing",
    "Hard",
    "HiddenMarkovChain",
    "HiddenMarkovParams",
    "HiddenSemiMarkovChain",
    "HiddenSemiMarkovParams",
    "ItemKind",
    "ItemMixture",
    "ItemMixtureParams",
    "ItemPlanesModel",
    "ItemPlanesParams",
    "ItemResponseModel",
    "ItemResponseParams",
    "ItemsModel",
    "ItemsParams",
    "LaterStep",
    "MixedModel",
    "MixedModelParams",
    "Mixture",
    "MixtureParams",
    "Nested",
    "NestedCovariance",
    "NormalPrior",
    "PartialCredit",
    "PointMasses",
    "PointMassesParams",
    "Posterior",
    "Prior",
    "RestrictedMixedModel",
    "RestrictedMixedModelParams",
    "RidgePrior",
    "Sampled",
    "SharedGrowthMixtureParams",
    "SlopedItem",
    "SlopedPlane",
    "Soft",
    "StateSpace",
    "StateSpaceParams",
    "StationaryHiddenMarkovChain",
    "StationaryHiddenMarkovParams",
    "TiedStateSpace",
    "TiedStateSpaceParams",
    "UnitFactorParams",
    "UnitSlopeItem",
    "WithPrior",
    "arma",
    "autoregression",
    "bare",
    "dynamic_factor",
    "local_level",
    "local_linear_trend",
    "normalise",
]
