"""The interfaces between the rooms of the house."""

from emkit.core.protocols.cuts import Cut, Executor, Loaded, MapReduce, Source
from emkit.core.protocols.expectation import Complete, Expectation
from emkit.core.protocols.latent_model import LatentModel, Update, not_carried
from emkit.core.protocols.solver import EM, Evaluation, Solver

__all__ = [
    "EM",
    "Complete",
    "Cut",
    "Evaluation",
    "Executor",
    "Expectation",
    "LatentModel",
    "Loaded",
    "MapReduce",
    "Solver",
    "Source",
    "Update",
    "not_carried",
]
