"""One EM step of a worked example, line by line."""

from __future__ import annotations

from emkit.core.checks import check_step
from emkit.core.evaluation import EMMap
from emkit.errors import ModelError
from emkit.explain.latent import latent_cells_of
from emkit.explain.subject import Subject
from emkit.explain.worksheet.cells_lines import cells_lines
from emkit.explain.worksheet.chain_lines import chain_lines
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.mixture_lines import mixture_lines
from emkit.explain.worksheet.sheet import Line, Role, Variant, Worksheet
from emkit.models.around import bare
from emkit.models.assignment import Soft
from emkit.models.cells import Cells
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import Mixture

__all__ = ["Line", "Mistake", "Role", "Variant", "Worksheet", "worksheet"]


def worksheet(subject: Subject, step: int = 1) -> Worksheet:
    """The lines of EM step number `step` (counted from 1) of a lesson, from its start.

    Mixtures and hidden Markov chains of any family (normal covariances of two columns and families of your own end earlier)
    and tables of cells.
    ``log_likelihood`` is that of the parameters before the step, as the E-step finds it.
    Errors: ModelError for a step below 1, for another kind of model, or for an assignment that is not soft.
    """
    check_step(step)
    model = bare(subject.model)
    if not isinstance(model, Mixture | Cells | HiddenMarkovChain):
        name = type(model).__name__
        raise ModelError(f"there are worksheets for mixtures, hidden Markov chains and tables of cells, not for {name}.")
    if not isinstance(model.assignment, Soft):
        raise ModelError(f"worksheets work out soft responsibilities, not {type(model.assignment).__name__.lower()} ones.")
    if latent_cells_of(subject.model) is not None:
        raise ModelError("worksheets are of rows that were seen as a whole. `explain` shows what is expected of missing cells.")
    em = EMMap(subject.model, subject.source, subject.start)
    here = em(subject.start)
    for _ in range(step - 1):
        here = em(here.update)
    after = em(here.update).log_likelihood
    if isinstance(model, Mixture):
        lines, aliases = mixture_lines(subject, model, here.params, after)
    elif isinstance(model, HiddenMarkovChain):
        lines, aliases = chain_lines(subject, model, here.params, after)
    else:
        lines, aliases = cells_lines(subject, model, here.params, after)
    return Worksheet(step, {line.name: line for line in lines}, aliases)
