"""How the fit was found: its starts, and how the best run ended."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.core.restarts import Fate
from emkit.report.sentences import capital
from emkit.writeup.document import Cell, Number, Paragraph, Section, Table, fixed
from emkit.writeup.words import AnyInferred

MOST_MAXIMA = 10
ONE_START = "There was one start, so nothing is known of other maxima: fit from more starts before citing this."


def starts_section(result: AnyInferred) -> Section:
    """How many starts there were, what became of them, and at which maxima their runs arrived."""
    runs = result.runs
    facts = Table("", (), tuple(_of_starts(result)))
    if runs.starts == 1:
        return Section("starts", "Starts", (Paragraph(ONE_START), facts))
    found = runs.maxima()
    notes = (f"... and {len(found) - MOST_MAXIMA} more maxima.",) if len(found) > MOST_MAXIMA else ()
    rows = tuple((fixed(value, 4), Number(str(count))) for value, count in found[:MOST_MAXIMA])
    maxima = [Table("Maxima at which runs arrived, best first", ("objective", "runs"), rows, notes)] if len(rows) > 1 else []
    return Section("starts", "Starts", (Paragraph(runs.sentence), facts, *maxima))


def _of_starts(result: AnyInferred) -> Iterator[tuple[str, Cell]]:
    runs = result.runs
    yield "starts", Number(str(runs.starts))
    if runs.moved:
        yield "further runs, begun where a move from the best led", Number(str(runs.moved))
    yield "followed to their ends", Number(str(len(runs.runs)))
    if runs.starts > 1:
        yield "arrived at the best maximum", Number(str(runs.reached_best()))
    if runs.degenerate:
        yield "ended on a spike, of which nothing is taken", Number(str(len(runs.degenerate)))
    for fate in Fate:
        number = sum(left.fate is fate for left in runs.left)
        if number:
            yield f"left on the way, {fate.value}", Number(str(number))


def convergence_section(result: AnyInferred) -> Section:
    """How the best run ended, in its own sentence and in numbers."""
    history = result.history
    passes = history[-1].evaluations if history else result.evaluations
    facts: list[tuple[str, Cell]] = [
        ("iterations", Number(str(result.iterations))),
        ("passes over the data", Number(str(passes))),
    ]
    beside = result.evaluations - passes
    if beside:
        facts.append(("further passes, at points beside its end", Number(str(beside))))
    if history:
        facts.append(("objective at the start of the run", fixed(history[0].objective, 4)))
    facts.append(("objective at its end", fixed(result.objective, 4)))
    return Section("convergence", "Convergence", (Paragraph(capital(str(result.outcome))), Table("", (), tuple(facts))))
