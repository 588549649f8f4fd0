"""The bridge as text: every link with what was done, and its lines with the numbers of the step."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.explain.bridge import Numbers, bridge
from emkit.explain.numbers import paragraph
from emkit.explain.own_words import in_own_words
from emkit.explain.worked import WorkedStep


def bridge_section(explanation: WorkedStep, width: int) -> str:
    """From the general formula of the M-step to its numbers; empty where nobody has written the way down."""
    subject = explanation.subject
    links = bridge(subject, explanation.step, explanation.notation)
    numbers = Numbers(explanation.notation.states(explanation.step.components), explanation.step)

    def lines() -> Iterator[str]:
        yield "BRIDGE   from the general formula to the numbers of the M-step"
        for number, link in enumerate(links, start=1):
            yield paragraph(in_own_words(subject, link.said), width, f"  {number:2d}. ")
            for line in link.lines:
                yield paragraph(in_own_words(subject, numbers.fill(line)), width, " " * 8, " " * 12)

    return "\n".join(lines()) if links else ""
