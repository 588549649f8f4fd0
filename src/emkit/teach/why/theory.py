"""The record of why EM works, at the numbers of one step. It knows no way to show itself."""

from __future__ import annotations

from dataclasses import dataclass

from emkit.explain.ledger import Entry
from emkit.explain.steps import Step
from emkit.explain.subject import Subject
from emkit.teach.why.bound import BoundCurve
from emkit.teach.why.jensen import Jensen
from emkit.teach.why.known import Complete
from emkit.teach.why.split import Split
from emkit.teach.why.variants import Variant


@dataclass(frozen=True, eq=False)
class Theory:
    """Why one EM step of a subject works, in its numbers.

    `step` is the EM step it is about; `jensen` the inequality for one row under three choices of q; `splits` the
    log-likelihood as bound + KL under several; `bound` the two curves along the step; `variants` the soft, hard and drawn
    E-steps; `known` the complete-data estimate with the labels that are likeliest at the start (None for tables of cells,
    and where a component with these labels has no estimate).
    """

    subject: Subject
    step: Step
    jensen: tuple[Jensen, ...]
    splits: tuple[Split, ...]
    bound: BoundCurve
    variants: tuple[Variant, ...]
    known: Complete | None

    @property
    def ledger(self) -> tuple[Entry, ...]:
        """The accounts after E-step, M-step and the next E-step."""
        return self.step.ledger
