"""What the text of an explanation says of its E-step: for responsibilities, likeliest labels, and labels drawn by lot."""

from __future__ import annotations

from typing import NamedTuple

from emkit.explain.latent import assignment_of
from emkit.explain.moments import LatentMoments
from emkit.explain.worked import WorkedStep
from emkit.models.assignment import Hard, Sampled

NOT_EXPECTED = "estimate as usual, as if these labels were known"


class Wording(NamedTuple):
    """Headings of the two steps and of the counts, and the `rule` by which rows are assigned, if not by the posterior."""

    e_step: str
    counts: str
    m_step: str
    rule: str = ""


HARD = Wording(
    "complete the data with the likeliest labels, at the current theta",
    "COUNTS   each row counts for its likeliest component alone",
    NOT_EXPECTED,
    "but here a row goes wholly to the state with the largest joint probability: q is its assignment",
)
SAMPLED = Wording(
    "complete the data with labels drawn by lot, at the current theta",
    "COUNTS   each row counts for the component that was drawn for it",
    NOT_EXPECTED,
    "but here a row goes to a state drawn by these: q is its assignment",
)


def wording(explanation: WorkedStep) -> Wording:
    """The wording for the assignment at hand."""
    assignment, notation = assignment_of(explanation.subject.model), explanation.notation
    if isinstance(explanation.step.e_step, LatentMoments):
        return Wording(notation.e_step, "EXPECTED SUMS", "estimate as usual, with expected sums in place of sums")
    if assignment.is_posterior:
        counts = "EXPECTED COUNTS   each row counts for every component, by its responsibility"
        return Wording(notation.e_step, counts, notation.m_step)
    other = Wording(notation.e_step, "COUNTS   each row counts by q", notation.m_step, "but here q is how rows are assigned")
    kinds: dict[type, Wording] = {Hard: HARD, Sampled: SAMPLED}
    return kinds.get(type(assignment), other)
