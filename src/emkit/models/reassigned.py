"""The same model with another E-step."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from emkit.errors import ModelError
from emkit.models.around import AnyModel, Around
from emkit.models.assignment import Assignment
from emkit.models.cells import Cells
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import Mixture


def with_assignment(model: AnyModel, assignment: Assignment) -> AnyModel:
    """`model` with `assignment` in place of its own: ``with_assignment(mixture, Hard())``.

    Errors: ModelError for a model that is no mixture, hidden Markov chain or table of cells.
    """
    if isinstance(model, Around):
        return model.around(with_assignment(model.model, assignment))
    if isinstance(model, Mixture | HiddenMarkovChain):
        return replace(model, assignment=assignment)
    if isinstance(model, Cells):
        other = copy(model)
        other.assignment = assignment
        return other
    raise ModelError(
        f"{type(model).__name__} has no assignment to exchange: soft, hard and drawn E-steps are for mixtures, hidden "
        "Markov chains and tables of cells."
    )
