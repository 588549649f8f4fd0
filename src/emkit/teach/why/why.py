"""Why EM works, at the numbers of one step of a subject."""

from __future__ import annotations

from emkit.core.json_types import Json
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.explain.latent import latent_cells_of, latent_of
from emkit.explain.steps import work_out
from emkit.explain.subject import Subject
from emkit.models.around import bare
from emkit.models.assignment import Enumerable
from emkit.models.mixture import Mixture
from emkit.teach.why.bound import bound_curve
from emkit.teach.why.jensen import jensen, telling_row
from emkit.teach.why.known import Complete, known_labels
from emkit.teach.why.split import splits
from emkit.teach.why.text import text
from emkit.teach.why.theory import Theory
from emkit.teach.why.variants import variants

SCHEMA = "emkit-why/1"
ROWS = 1_000  # among which the telling one is looked for


class Why(Theory):
    """The theory with live numbers. Printing it gives the text; `to_dict` gives every number in full precision."""

    def text(self, width: int = 90) -> str:
        """Everything as plain text, no line of prose wider than `width`."""
        return text(self, width)

    def to_dict(self) -> Json:
        """Every number, in plain types that JSON can hold."""
        return {
            "schema": SCHEMA,
            "name": self.subject.name,
            "title": self.subject.title,
            "step": self.step.number,
            "before": self.step.before,
            "after": self.step.after,
            "jensen": [choice.to_dict() for choice in self.jensen],
            "splits": [split.to_dict() for split in self.splits],
            "bound": self.bound.to_dict(),
            "variants": [variant.to_dict() for variant in self.variants],
            "known": self.known.to_dict() if self.known is not None else None,
        }

    def __str__(self) -> str:
        return self.text()


def why(subject: Subject, step: int = 1) -> Why:
    """Why EM step `step` (counted from 1) of a lesson or a fit works. For mixtures and tables of cells.

    Errors: ModelError for a step that cannot be, or for another kind of model.
    """
    model, source = subject.model, subject.source
    if latent_of(model) is not None and not isinstance(bare(model), Enumerable):
        raise ModelError(
            "why EM works is told by one row and its latent state, and the rows of a sequence have theirs together. `explain` "
            "shows the ledger of the bound for them, and `derive` how the M-step follows."
        )
    if latent_cells_of(model) is not None:
        raise ModelError(
            "why EM works is told by one row and its latent state, and here cells that were not seen are latent values, too. "
            "`explain` shows what is expected of them, and the ledger of the bound."
        )
    here, ahead = work_out(subject, step, ROWS), work_out(subject, step + 1, ROWS)
    before, after = here.params
    return Why(
        subject,
        here,
        jensen(here, ahead, telling_row(here)),
        splits(model, source, before, after, step - 1),
        bound_curve(model, source, before, after, step),
        variants(subject),
        _known(subject),
    )


def _known(subject: Subject) -> Complete | None:
    if not isinstance(bare(subject.model), Mixture):
        return None
    try:
        return known_labels(subject)
    except (DegenerateFitError, ParameterError):
        return None
