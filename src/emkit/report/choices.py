"""The table of a choice among models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.report.tables import as_text, cell, new_grid
from emkit.selection.choice import WORDS, Choice, Line

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = ("bic", "icl", "aic")  # criteria that stand behind the one that is chosen by, as many as there is room for
BEST, TROUBLE = "*", "!"
NARROW = 80  # characters: what is wider than this is shown in full only where there is room
ONE = 10  # characters of a criterion and the space before it
FIXED = 44  # of all that is no criterion and no form


def choice_text(choice: Choice[Any], width: int) -> str:
    """The table as plain text."""
    return as_text(choice_report(choice, width), width)


def choice_report(choice: Choice[Any], width: int = NARROW) -> RenderableType:
    """All models in the order of the grid, the best marked, and those that cannot be chosen with their reasons."""
    from rich.console import Group
    from rich.text import Text

    form = ", ".join(choice.names)
    longest = max(len(form), *(len(line.label) for line in choice.lines))
    criteria = [choice.criterion, *(name for name in SHOWN if name != choice.criterion)]
    criteria = criteria[: max(1, (width - FIXED - longest) // ONE)]
    headings = [*([form] if form else []), "K", "log-likelihood", "free"]
    grid = new_grid(*headings, *map(WORDS.__getitem__, criteria), "entropy", " ")
    for line in choice.lines:
        mark = BEST if line is choice.best else TROUBLE if line.trouble else ""
        grid.add_row(*map(cell, [*([line.label] if form else []), str(line.cell.components), *_numbers(line, criteria), mark]))
    troubles = [
        f"  {TROUBLE} {f'{line.label} ' if line.label else ''}{line.cell.components}: {line.trouble}"
        for line in choice.lines
        if line.trouble
    ]
    notes = [Text(), *map(Text, troubles)] if troubles else []
    return Group(grid, Text(), Text(choice.sentence), *notes)


def _numbers(line: Line[Any], criteria: list[str]) -> list[str]:
    if line.record is None:
        return ["-"] * (3 + len(criteria))
    values = [line.value(name) for name in criteria]
    shown = [f"{value:.2f}" if np.isfinite(value) else "-" for value in values]
    return [f"{line.record.log_likelihood:.2f}", str(line.record.free_parameters), *shown, f"{line.record.entropy:.2f}"]
