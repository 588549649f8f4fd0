"""An explanation: one EM step of a subject, in a notation, perhaps in exact fractions."""

from __future__ import annotations

from emkit.core.json_types import Json
from emkit.data.stand_ins import refuse_stand_ins
from emkit.explain.exact import exact_step
from emkit.explain.notation import NOTATIONS, Notation, notation_named
from emkit.explain.record import record
from emkit.explain.steps import work_out
from emkit.explain.subject import Subject
from emkit.explain.text import text
from emkit.explain.worked import WorkedStep
from emkit.markup import text_as_html

ROWS = 20


class Explanation(WorkedStep):
    """One EM step of a subject. Printing it gives the text; `to_dict` gives every number in full precision."""

    def text(self, width: int = 90, side_by_side: bool = False) -> str:
        """The explanation as plain text, no line of prose wider than `width`; `side_by_side` adds the map of notations."""
        return text(self, width, list(NOTATIONS.values()) if side_by_side else [])

    def to_dict(self) -> Json:
        """Every number, in plain types that JSON can hold."""
        return record(self)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return text_as_html(self.text())


def explain(
    subject: Subject,
    step: int = 1,
    notation: str | Notation = "coin",
    rows: int | None = None,
    exact: bool = False,
    sequence: int = 1,
    row: int | None = None,
) -> Explanation:
    """Explain EM step `step` (counted from 1) of a lesson or a fit, from its start.

    `notation`: coin, cs229, slides or bishop, or a `Notation` of your own; `rows`: how many different rows to show (20);
    `exact`: the same step in fractions, for families whose densities are fractions. Of rows in sequence, `sequence` says which
    one is shown, and `row` which of its rows is worked out (the second), both counted from 1.
    Errors: ModelError for a step, notation, number of rows or place that cannot be, a model that cannot be explained, or
    rows that stand for others.
    """
    refuse_stand_ins(subject.source, "no row can be shown: fit the rows themselves.")
    chosen = notation if isinstance(notation, Notation) else notation_named(notation)
    worked = work_out(subject, step, ROWS if rows is None else rows, sequence, row)
    return Explanation(subject, worked, chosen, exact_step(subject, step) if exact else None)
