"""emkit: expectation-maximization you can run, trust and see.

>>> import emkit as ek
>>> model = ek.Mixture(ek.Poisson())
>>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
>>> result = ek.fit(model, [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start, solver=ek.solvers.Squarem())
>>> result.converged
True
>>> result.params.components.rates.round(2).ravel().tolist()
[0.73, 6.07]
"""

from emkit import interrupts  # noqa: F401 - first, so that it is there while the rest is loaded

# isort: split
from importlib import import_module
from typing import TYPE_CHECKING

from emkit import families, models, search
from emkit.core import solvers, spaces, stopping
from emkit.core.arrays import Array
from emkit.core.axes import Axes
from emkit.core.cluster import Dask
from emkit.core.coordinates import Scale
from emkit.core.engine import HistoryEntry, Record, iterate
from emkit.core.evaluation import EMMap
from emkit.core.expected import Expected
from emkit.core.guard import no_lower
from emkit.core.parameters import Parameters
from emkit.core.processes import Processes
from emkit.core.protocols import Evaluation, Expectation, LatentModel
from emkit.core.spaces import (
    LowerTriangular,
    NonNegative,
    Positive,
    PositiveDefinite,
    Probability,
    Real,
    Rotation,
    Simplex,
    UnitInterval,
    UnitProduct,
)
from emkit.core.statistics import Additive
from emkit.core.stopping import Step
from emkit.data import ArraySource, BlockSource, Chunk, ParquetSource
from emkit.data.stand_ins import rows_of_covariance
from emkit.data.survival import survival
from emkit.devices.executor import Torch
from emkit.errors import (
    DataError,
    DegenerateDataWarning,
    DegenerateFitError,
    DegenerateFitWarning,
    EmkitError,
    EmkitWarning,
    GapsWarning,
    ModelError,
    Outcome,
    ParameterError,
    RunOffWarning,
    SeparationWarning,
    Status,
    WeightsWarning,
)
from emkit.families import COMBINED, FAMILIES, OFFERED, REGRESSIONS, family_named
from emkit.families.combined.listed import *  # noqa: F403
from emkit.families.listed import *  # noqa: F403
from emkit.families.regression.listed import *  # noqa: F403
from emkit.inference.check_model import check_model
from emkit.inference.pooling import pool
from emkit.models import (
    AbilitiesModel,
    AbilitiesOfGroup,
    AbilitiesParams,
    AbilityGroups,
    BetaPrior,
    Cell,
    Cells,
    CellsParams,
    ClassAbilities,
    ClassItems,
    Components,
    ComponentStats,
    ConfirmatoryFactorModel,
    ConfirmatoryFactorParams,
    DensityPrior,
    DirichletPrior,
    FactorModel,
    FactorModelParams,
    FieldPrior,
    Frozen,
    GammaPrior,
    GatedGrowthMixtureParams,
    GatedHiddenMarkovChain,
    GatedHiddenMarkovParams,
    GatedInitialHiddenMarkovParams,
    GatedMixture,
    GatedMixtureParams,
    GatedSharedGrowthMixtureParams,
    GeneralisedPartialCredit,
    GradedItem,
    GradedPlane,
    GradedResponse,
    GrowthMixture,
    GrowthMixtureParams,
    GuessedItem,
    GuessedPlane,
    Guessing,
    Hard,
    HiddenMarkovChain,
    HiddenMarkovParams,
    HiddenSemiMarkovChain,
    HiddenSemiMarkovParams,
    ItemKind,
    ItemMixture,
    ItemMixtureParams,
    ItemPlanesModel,
    ItemPlanesParams,
    ItemResponseModel,
    ItemResponseParams,
    ItemsModel,
    ItemsParams,
    MixedModel,
    MixedModelParams,
    Mixture,
    MixtureParams,
    Nested,
    NormalPrior,
    PartialCredit,
    Posterior,
    Prior,
    RestrictedMixedModel,
    RestrictedMixedModelParams,
    RidgePrior,
    Sampled,
    SharedGrowthMixtureParams,
    SlopedItem,
    SlopedPlane,
    Soft,
    StateSpace,
    StateSpaceParams,
    StationaryHiddenMarkovChain,
    StationaryHiddenMarkovParams,
    TiedStateSpace,
    TiedStateSpaceParams,
    UnitFactorParams,
    UnitSlopeItem,
    WithPrior,
    arma,
    autoregression,
    dynamic_factor,
    local_level,
    local_linear_trend,
)
from emkit.result import Result, fit, load, resume
from emkit.streaming import Online, fit_incremental, fit_online
from emkit.version import __version__ as __version__
from emkit.watching import progress

if TYPE_CHECKING:
    from emkit import lessons
    from emkit.derivations import derivation
    from emkit.estimators import (
        ConfirmatoryFactorAnalysis,
        ConvergenceWarning,
        Discriminant,
        FactorAnalysis,
        GaussianMixture,
        GrowthMixtureModel,
        HiddenMarkov,
        ItemResponse,
        ItemResponseMixture,
        LatentClass,
        MixedRegression,
        MixtureModel,
        MixtureRegression,
        NormalMissing,
        StateSpaceModel,
    )
    from emkit.estimators.selection import bootstrap_lrt, select
    from emkit.estimators.survival_curve import SurvivalCurve, SurvivalQuantile
    from emkit.estimators.turnbull import turnbull
    from emkit.page.explore import explore
    from emkit.teach.check import check_work

__all__ = [
    "FAMILIES",
    "AbilitiesModel",
    "AbilitiesOfGroup",
    "AbilitiesParams",
    "AbilityGroups",
    "Additive",
    "Array",
    "ArraySource",
    "Axes",
    "BetaPrior",
    "BlockSource",
    "Cell",
    "Cells",
    "CellsParams",
    "Chunk",
    "ClassAbilities",
    "ClassItems",
    "ComponentStats",
    "Components",
    "ConfirmatoryFactorAnalysis",
    "ConfirmatoryFactorModel",
    "ConfirmatoryFactorParams",
    "ConvergenceWarning",
    "Dask",
    "DataError",
    "DegenerateDataWarning",
    "DegenerateFitError",
    "DegenerateFitWarning",
    "DensityPrior",
    "DirichletPrior",
    "Discriminant",
    "EMMap",
    "EmkitError",
    "EmkitWarning",
    "Evaluation",
    "Expectation",
    "Expected",
    "FactorAnalysis",
    "FactorModel",
    "FactorModelParams",
    "FieldPrior",
    "Frozen",
    "GammaPrior",
    "GapsWarning",
    "GatedGrowthMixtureParams",
    "GatedHiddenMarkovChain",
    "GatedHiddenMarkovParams",
    "GatedInitialHiddenMarkovParams",
    "GatedMixture",
    "GatedMixtureParams",
    "GatedSharedGrowthMixtureParams",
    "GaussianMixture",
    "GeneralisedPartialCredit",
    "GradedItem",
    "GradedPlane",
    "GradedResponse",
    "GrowthMixture",
    "GrowthMixtureModel",
    "GrowthMixtureParams",
    "GuessedItem",
    "GuessedPlane",
    "Guessing",
    "Hard",
    "HiddenMarkov",
    "HiddenMarkovChain",
    "HiddenMarkovParams",
    "HiddenSemiMarkovChain",
    "HiddenSemiMarkovParams",
    "HistoryEntry",
    "ItemKind",
    "ItemMixture",
    "ItemMixtureParams",
    "ItemPlanesModel",
    "ItemPlanesParams",
    "ItemResponse",
    "ItemResponseMixture",
    "ItemResponseModel",
    "ItemResponseParams",
    "ItemsModel",
    "ItemsParams",
    "LatentClass",
    "LatentModel",
    "LowerTriangular",
    "MixedModel",
    "MixedModelParams",
    "MixedRegression",
    "Mixture",
    "MixtureModel",
    "MixtureParams",
    "MixtureRegression",
    "ModelError",
    "Nested",
    "NonNegative",
    "NormalMissing",
    "NormalPrior",
    "Online",
    "Outcome",
    "ParameterError",
    "Parameters",
    "ParquetSource",
    "PartialCredit",
    "Positive",
    "PositiveDefinite",
    "Posterior",
    "Prior",
    "Probability",
    "Processes",
    "Real",
    "Record",
    "RestrictedMixedModel",
    "RestrictedMixedModelParams",
    "Result",
    "RidgePrior",
    "Rotation",
    "RunOffWarning",
    "Sampled",
    "Scale",
    "SeparationWarning",
    "SharedGrowthMixtureParams",
    "Simplex",
    "SlopedItem",
    "SlopedPlane",
    "Soft",
    "StateSpace",
    "StateSpaceModel",
    "StateSpaceParams",
    "StationaryHiddenMarkovChain",
    "StationaryHiddenMarkovParams",
    "Status",
    "Step",
    "SurvivalCurve",
    "SurvivalQuantile",
    "TiedStateSpace",
    "TiedStateSpaceParams",
    "Torch",
    "UnitFactorParams",
    "UnitInterval",
    "UnitProduct",
    "UnitSlopeItem",
    "WeightsWarning",
    "WithPrior",
    "arma",
    "autoregression",
    "bootstrap_lrt",
    "check_model",
    "check_work",
    "derivation",
    "dynamic_factor",
    "explore",
    "families",
    "family_named",
    "fit",
    "fit_incremental",
    "fit_online",
    "iterate",
    "lessons",
    "load",
    "local_level",
    "local_linear_trend",
    "models",
    "no_lower",
    "pool",
    "progress",
    "resume",
    "rows_of_covariance",
    "search",
    "select",
    "solvers",
    "spaces",
    "stopping",
    "survival",
    "turnbull",
]
__all__ += OFFERED + COMBINED + REGRESSIONS  # the families and their parameters

_ON_FIRST_USE = {  # where to find what most programs do not need
    "ConvergenceWarning": "emkit.estimators",
    "Discriminant": "emkit.estimators",
    "ConfirmatoryFactorAnalysis": "emkit.estimators",
    "FactorAnalysis": "emkit.estimators",
    "bootstrap_lrt": "emkit.estimators.selection",
    "select": "emkit.estimators.selection",
    "GaussianMixture": "emkit.estimators",
    "GrowthMixtureModel": "emkit.estimators",
    "HiddenMarkov": "emkit.estimators",
    "ItemResponse": "emkit.estimators",
    "ItemResponseMixture": "emkit.estimators",
    "LatentClass": "emkit.estimators",
    "MixedRegression": "emkit.estimators",
    "MixtureModel": "emkit.estimators",
    "MixtureRegression": "emkit.estimators",
    "NormalMissing": "emkit.estimators",
    "StateSpaceModel": "emkit.estimators",
    "check_work": "emkit.teach.check",
    "derivation": "emkit.derivations",
    "explore": "emkit.page.explore",
    "SurvivalCurve": "emkit.estimators.survival_curve",
    "SurvivalQuantile": "emkit.estimators.survival_curve",
    "turnbull": "emkit.estimators.turnbull",
}


def __getattr__(name: str) -> object:
    if name == "lessons":
        return import_module("emkit.lessons")
    if name in _ON_FIRST_USE:
        return getattr(import_module(_ON_FIRST_USE[name]), name)
    raise AttributeError(f"module 'emkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__", "__doc__", "__name__", "__path__"})
