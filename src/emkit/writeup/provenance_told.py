"""Where the numbers come from: versions, seed, and the hash of the data."""

from __future__ import annotations

from emkit.models.around import bare
from emkit.models.assignment import Enumerable
from emkit.persistence.stored import provenance
from emkit.version import __version__
from emkit.writeup.document import Cell, Link, Number, Paragraph, Section, Table
from emkit.writeup.words import AnyInferred

STEPS = (
    "Every E-step and M-step behind these numbers can be stepped through: result.to_html(path), or emkit explore --html, "
    "writes the page."
)
LINKED = "Every E-step and M-step behind these numbers, to step through"


def provenance_section(result: AnyInferred, steps: str) -> Section:
    """What one needs to come to the same numbers again, and where the page of its `steps` is, if there is one."""
    found = provenance(result)
    facts: list[tuple[str, Cell]] = [("emkit", found.emkit), ("Python", found.python), ("NumPy", found.numpy)]
    if found.emkit != __version__:
        facts.append(("emkit that wrote this report", __version__))
    facts.append(("seed of the starts", "nothing was drawn" if found.seed is None else Number(str(found.seed))))
    facts.append(("SHA-256 of the data", found.data or "not known"))
    table = Table("", (), tuple(facts))
    if steps:
        return Section("provenance", "Where this comes from", (table, Link(LINKED, steps)))
    listed = isinstance(bare(result.model), Enumerable)  # else no page can go through the states of every row
    return Section("provenance", "Where this comes from", (table, *([Paragraph(STEPS)] if listed else [])))
