"""How well the model fits, and against which others it was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.selection.choice import WORDS, Choice, Line
from emkit.writeup.document import Cell, Figure, Number, Paragraph, Section, Table, fixed
from emkit.writeup.words import NOT_HERE, AnyInferred, has_components

LOWER = "lower is better"
PSEUDO = (
    "The log-likelihood is a pseudo log-likelihood, that of the last step given those before, and criteria are of that: they "
    "say nothing of how many components there are."
)
NOT_FITTED = "it could not be fitted; the choice itself says why, in words that may name cells of the data."
BEST = "chosen"


def fit_section(result: AnyInferred) -> Section:
    """Log-likelihood, size and criteria."""
    notes = (f"Criteria: {LOWER}.", *([PSEUDO] if result.model.is_pseudo else []))
    parts: list[Any] = [Table("", (), tuple(_facts(result)), notes)]
    if has_components(result) and not result.source.is_here:
        parts.append(Paragraph(NOT_HERE.format("ICL and entropy")))
    return Section("fit", "Fit", tuple(parts))


def _facts(result: AnyInferred) -> Iterator[tuple[str, Cell]]:
    yield "log-likelihood", fixed(result.log_likelihood, 4)
    if result.objective != result.log_likelihood:
        yield "objective: with the log-prior, less the gap of an inexact E-step", fixed(result.objective, 4)
    yield "free parameters", Number(str(result.free_parameters))
    by_weight = result.rows != result.source.rows
    yield "rows, by their weight" if by_weight else "rows", Number(f"{result.rows:.10g}")
    told = {"AIC": result.aic, "AICc": result.aicc, "BIC": result.bic, "SABIC": result.sabic, "CAIC": result.caic}
    if has_components(result) and result.source.is_here:
        told["ICL"] = result.icl
    yield from ((name, fixed(value, 4)) for name, value in told.items())


def choice_section(choice: Choice[Any], include_data: bool) -> Section:
    """All models of a choice with their criteria, and why those were passed over that were."""
    form = ", ".join(choice.names)
    criteria = [name for name in WORDS if name != "cv" or choice.criterion == "cv"]
    headings = [*([form] if form else []), "K", "log-likelihood", "free", *(WORDS[name] for name in criteria), "entropy", ""]
    notes = {line.cell: f"({number})" for number, line in enumerate((line for line in choice.lines if line.trouble), 1)}
    rows = tuple(_row(choice, line, criteria, notes.get(line.cell, "")) for line in choice.lines)
    troubles = (f"{notes[line.cell]} {_why(line, include_data)}" for line in choice.lines if line.trouble)
    table = Table("", tuple(headings), rows, (f"Criteria: {LOWER}.", *troubles))
    drawn = any(np.isfinite(line.value(choice.criterion)) for line in choice.lines)
    figure = Figure("choice", f"{WORDS[choice.criterion]} by number of components; hollow marks cannot be chosen.")
    return Section("choice", "Choice of the model", (Paragraph(choice.sentence), table, *([figure] if drawn else [])))


def _row(choice: Choice[Any], line: Line[Any], criteria: list[str], note: str) -> tuple[Cell, ...]:
    mark = BEST if line is choice.chosen else note
    own: list[Cell] = [line.label] if choice.names else []
    size, record = Number(str(line.cell.components)), line.record
    if record is None:
        return (*own, size, *(None,) * (3 + len(criteria)), mark)
    values = [fixed(line.value(name), 2) for name in criteria]
    numbers = fixed(record.log_likelihood, 2), Number(str(record.free_parameters))
    return (*own, size, *numbers, *values, fixed(record.entropy, 2), mark)


def _why(line: Line[Any], include_data: bool) -> str:
    """Why a model cannot be chosen. What kept one from being fitted may name cells of the data."""
    return line.trouble if include_data or line.record is not None else NOT_FITTED
