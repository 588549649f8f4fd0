"""Latent class analysis in steps: the items first, then what classes depend on, and what depends on them."""

from emkit.stepwise.classified import ASSIGNMENTS, CORRECTIONS
from emkit.stepwise.roles import Block, Roles, RowsInRoles, of_all
from emkit.stepwise.steps import Step, WithClasses, WithItems
from emkit.stepwise.structure import Structure, items_of, without_outcomes
from emkit.stepwise.uncertain import stacked

__all__ = [
    "ASSIGNMENTS",
    "CORRECTIONS",
    "Block",
    "Roles",
    "RowsInRoles",
    "Step",
    "Structure",
    "WithClasses",
    "WithItems",
    "items_of",
    "of_all",
    "stacked",
    "without_outcomes",
]
