"""How latent and observed are joined: one model a file."""

from emkit.models.assignment import Assignment, Hard, Posterior, Sampled, Soft, normalise
from emkit.models.cells import Cell, Cells, CellsParams
from emkit.models.components import Components, ComponentStats
from emkit.models.frozen import Frozen, bare
from emkit.models.mixture import Mixture, MixtureParams

__all__ = [
    "Assignment",
    "Cell",
    "Cells",
    "CellsParams",
    "ComponentStats",
    "Components",
    "Frozen",
    "Hard",
    "Mixture",
    "MixtureParams",
    "Posterior",
    "Sampled",
    "Soft",
    "bare",
    "normalise",
]
