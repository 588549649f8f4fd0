"""The table of a choice among models."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.report.tables import as_text, breadth, cell, new_grid
from emkit.selection.choice import WORDS, Choice, Line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

SHOWN = ("bic", "icl", "aic")  # criteria that stand behind the one that is chosen by, as many as there is room for
BEST, TROUBLE = "*", "!"
NARROW = 80  # characters: what is wider than this is shown in full only where there is room
MANY = 24  # models: of more, all have one number each, and the best
FIRST = 6  # have a line
LEAST = 12  # characters of a form in a line


def choice_text(choice: Choice[Any], width: int) -> str:
    """The table as plain text."""
    return as_text(choice_report(choice, width), width)


def choice_report(choice: Choice[Any], width: int = NARROW) -> RenderableType:
    """All models, the best marked, and those that cannot be chosen with their reasons.

    A line each, in the order of the grid; of many, first the criterion, forms down and numbers of components across, if there
    is room, then lines of the best.
    """
    from rich.console import Group
    from rich.text import Text

    across = _across(choice, width) if len(choice.lines) > MANY and choice.chosen is not None else None
    if across is None:
        shown: list[Text | Table] = [_lines(choice, choice.lines, width)]
    else:
        ordered = sorted(choice.sound, key=lambda line: line.value(choice.criterion))
        shown = [*across, Text(), _lines(choice, ordered[:FIRST], width)]
    troubles = [
        f"  {TROUBLE} {f'{line.label} ' if line.label else ''}{line.cell.components}: {line.trouble}"
        for line in choice.lines
        if line.trouble
    ]
    notes = [Text(), *map(Text, troubles)] if troubles else []
    return Group(*shown, Text(), Text(choice.sentence), *notes)


def _across(choice: Choice[Any], width: int) -> list[Text | Table] | None:
    """How far each model's criterion lies above the lowest; None where so many numbers of components have no room."""
    from rich.text import Text

    numbers = sorted({line.cell.components for line in choice.lines})
    labels = list(dict.fromkeys(line.label for line in choice.lines))
    lowest = choice.best.value(choice.criterion)
    above = {(line.label, line.cell.components): _above(line, choice, lowest) for line in choice.lines}
    rows = [[above.get((label, number), "") for number in numbers] for label in labels]
    characters = 2 + max(map(len, labels)) + sum(2 + max(len(row[i]) for row in rows) for i in range(len(numbers)))
    if characters > width:
        return None
    grid = new_grid("", *map(str, numbers))
    for label, row in zip(labels, rows, strict=True):
        grid.add_row(*map(cell, [label, *row]))
    by = f"{', '.join(choice.names)} and " if choice.names else ""
    return [Text(f"{WORDS[choice.criterion]} above the lowest, by {by}number of components"), grid]


def _above(line: Line[Any], choice: Choice[Any], lowest: float) -> str:
    value = line.value(choice.criterion)
    return _mark(line, choice) + (f"{value - lowest:.1f}" if np.isfinite(value) else "-")


def _lines(choice: Choice[Any], lines: Sequence[Line[Any]], width: int) -> Table:
    """A line for each model, with as many criteria as there is room for."""
    shared = any(line.has_components for line in lines)
    criteria = [choice.criterion, *(name for name in SHOWN if name != choice.criterion and (shared or name != "icl"))]
    columns = _columns(choice, lines, criteria)
    while breadth(columns) > width and len(criteria) > 1:
        columns = _columns(choice, lines, criteria := criteria[:-1])
    if choice.names and breadth(columns) > width:
        columns = _folded(columns, width)
    grid = new_grid(*columns)
    for row in zip(*columns.values(), strict=True):
        grid.add_row(*map(cell, row))
    return grid


def _folded(columns: dict[str, list[str]], width: int) -> dict[str, list[str]]:
    """The columns, the first of which goes on in further lines, so that the others keep their room."""
    (heading, labels), *others = columns.items()
    room = max(LEAST, width - breadth(dict(others)) - 2)
    return {_fold(heading, room): [_fold(label, room) for label in labels], **dict(others)}


def _fold(words: str, room: int) -> str:
    """Words in lines of at most so many characters."""
    return "\n".join(textwrap.wrap(words, room))


def _columns(choice: Choice[Any], lines: Sequence[Line[Any]], criteria: Sequence[str]) -> dict[str, list[str]]:
    """The cells of a table of models, by heading."""
    form = ", ".join(choice.names)
    numbers = zip(*(_numbers(line, criteria) for line in lines), strict=True)
    headings = ["log-likelihood", "free", *map(WORDS.__getitem__, criteria), "entropy"]
    kept = dict(zip(headings, map(list, numbers), strict=True))
    if not any(line.has_components for line in lines):
        del kept["entropy"]
    return {
        **({form: [line.label for line in lines]} if form else {}),
        "K": [str(line.cell.components) for line in lines],
        **kept,
        " ": [_mark(line, choice) for line in lines],
    }


def _mark(line: Line[Any], choice: Choice[Any]) -> str:
    return BEST if line is choice.chosen else TROUBLE if line.trouble else ""


def _numbers(line: Line[Any], criteria: Sequence[str]) -> list[str]:
    if line.record is None:
        return ["-"] * (3 + len(criteria))
    values = [line.value(name) for name in criteria]
    shown = [f"{value:.2f}" if np.isfinite(value) else "-" for value in values]
    entropy = f"{line.record.entropy:.2f}" if line.has_components else "-"
    return [f"{line.record.log_likelihood:.2f}", str(line.record.free_parameters), *shown, entropy]
