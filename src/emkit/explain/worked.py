"""The record of an explanation: one EM step of a subject, worked out, in a notation. It knows no way to show itself."""

from __future__ import annotations

from dataclasses import dataclass

from emkit.explain.exact import ExactStep
from emkit.explain.notation import Notation
from emkit.explain.steps import Step
from emkit.explain.subject import Subject


@dataclass(frozen=True, eq=False)
class WorkedStep:
    """One EM step of a subject, in a notation, perhaps in exact fractions, too."""

    subject: Subject
    step: Step
    notation: Notation
    exact: ExactStep | None = None
