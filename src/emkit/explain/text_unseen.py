"""Cells that were not seen, as a table."""

from __future__ import annotations

from emkit.explain.numbers import LEFT, RIGHT, paragraph, table
from emkit.explain.rows import RowTable
from emkit.explain.worked import WorkedStep
from emkit.formulas.numerals import significant

TITLE = "EXPECTED CELLS   what was not seen, by its regression on what was, and the variance about that line"
SQUARES = (
    "For a square, the M-step counts the square of what is expected and the variance: the square alone would be too small."
)


def unseen_section(found: RowTable, explanation: WorkedStep, width: int) -> str:
    """What is expected of each cell; nothing where all were seen, or gaps say nothing."""
    if not found.unseen:
        return ""
    states = explanation.notation.states(explanation.step.components)
    of = [""] if len(states) == 1 else [f" {state}" for state in states]
    header = ["row", "cell", *(f"{word}{state}" for state in of for word in ("expected", "variance"))]
    cells = [
        [cell.label, cell.column, *(significant(each[k]) for k in range(len(of)) for each in (cell.expected, cell.variance))]
        for cell in found.unseen
    ]
    first = found.unseen[0]
    worked = f"{first.column}{of[0]} = {first.formulas[0]} = {significant(first.expected[0])}"
    return "\n".join(
        [
            paragraph(TITLE, width),
            table(header, cells, LEFT * 2 + RIGHT * (len(header) - 2)),
            paragraph(worked, width, f"  row {first.label}:  "),
            paragraph(SQUARES, width, "  "),
        ]
    )
