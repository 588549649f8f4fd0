"""The estimates: side by side for all components, and one by one with what is known of their errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from emkit.core.coordinates import Coordinates
from emkit.inference import Covariance, StandardErrors, standard_errors, wald
from emkit.models.mixture import MixtureParams
from emkit.report.labels import Label
from emkit.report.sentences import capital
from emkit.report.tables import beside, component_rows
from emkit.writeup.document import Cell, Figure, Number, Paragraph, Section, Table, alike, fixed
from emkit.writeup.words import NOT_HERE, AnyInferred, answer, component, names_in, words_for

Columns = dict[str, list[Cell]]
Numbers = Sequence[Number | None]
MOST_ROWS = 1_000
WIDE = 90  # characters of a table that stands upright on a page
LONG = 24  # characters of a name that is not broken
BETWEEN = 3  # characters between columns
LEFT_OUT = "... and {} more lines: tidy() and to_dict() of the fit have all."
DERIVED = {  # of what stands in the table of estimates
    "sd": "sd, the standard deviation, is the square root of the variance that stands among the estimates.",
    "scale": "scale is the square root of an element on the diagonal of the scale matrix that stands among the estimates.",
    "correlation": "A correlation is the covariance (or element of a scale matrix) among the estimates over both square roots.",
}
KINDS = {  # of standard errors
    "information": "those of the observed information",
    "steps": "those of a sandwich over all steps, of which each knows of the ones before",
}
ERRORS = (
    "Standard errors are {}; intervals of 95 % are Wald's, on the scale of the logarithm or the log-odds where a parameter has "
    "bounds."
)
INTEGRATED = (
    "The likelihood is a restricted one: fixed effects are integrated over, and then found by generalized least squares, given "
    "the other estimates."
)
QUANTILE = 1.959963984540054  # of the standard normal, beyond which 2.5 % lie
NONE = "The model has no parameters."
HELD = "it was held at its start"


def components_section(result: AnyInferred, figures: Sequence[Figure]) -> Section | None:
    """The estimates of all components of a mixture side by side, variances as standard deviations, and the figures of a model.

    None where there is neither.
    """
    if not isinstance(result.params, MixtureParams):
        return Section("components", "Components", tuple(figures)) if figures else None
    rows = list(component_rows(result.params, names_in(result)))
    stubs = [(row.what, row.of) for row in rows[:MOST_ROWS]]
    cells = [alike(row.values) for row in rows[:MOST_ROWS]]
    number = len(result.params.proportions)
    headings = [component(result, k) for k in range(number)]
    shown = {row.what for row in rows[:MOST_ROWS]}
    notes = [note for what, note in DERIVED.items() if what in shown]
    notes += [LEFT_OUT.format(len(rows) - MOST_ROWS)] * (len(rows) > MOST_ROWS)
    parts = [
        Table(
            "" if last - first == number else capital(" to ".join(dict.fromkeys([headings[first], headings[last - 1]]))),
            ("", "", *headings[first:last]),
            tuple((*stub, *own[first:last]) for stub, own in zip(stubs, cells, strict=True)),
            tuple(notes),
        )
        for first, last in _across(stubs, cells, headings)
    ]
    return Section("components", "Components", (*parts, *figures))


def _across(stubs: Sequence[tuple[str, str]], cells: Sequence[Numbers], headings: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The components of each of the tables that fit on a page."""
    left = sum(min(LONG, max(len(stub[i]) for stub in stubs)) + BETWEEN for i in range(2))
    widest = max(*map(len, headings), *(len(cell.text) for own in cells for cell in own if cell is not None))
    most = max(1, (WIDE - left) // (min(widest, LONG) + BETWEEN))
    yield from pairwise(np.linspace(0, len(headings), -(-len(headings) // most) + 1).astype(int).tolist())


def estimates_section(result: AnyInferred, wanted: bool) -> Section:
    """One line for each number, with its standard error, interval and missing information, if they are `wanted`."""
    words = words_for(result)
    if not words:
        return Section("estimates", "Estimates", (Paragraph(NONE),))
    values = Coordinates(result.params).entries(result.params)
    known = dict(list(zip(words, values.tolist(), strict=True))[:MOST_ROWS])
    columns = _names([words[path] for path in known])
    left = (LEFT_OUT.format(len(words) - MOST_ROWS),) if len(words) > MOST_ROWS else ()
    found = answer(result.covariance) if wanted else NOT_HERE.format("standard errors") if not result.source.is_here else ""
    if isinstance(found, str):
        columns["estimate"] = [alike([value])[0] for value in known.values()]
        said = [Paragraph(f"There are no standard errors. {found}")] if found else []
        return Section("estimates", "Estimates", (*_integrated(result), *said, _table(columns, left)))
    reasons, more = _with_errors(result, found, known)
    notes = tuple(f"{mark} {reason}." for reason, mark in reasons.items())
    of_errors = Paragraph(ERRORS.format(KINDS[found.kind]))
    return Section("estimates", "Estimates", (*_integrated(result), of_errors, _table(columns | more, (*notes, *left))))


def _integrated(result: AnyInferred) -> Iterator[Paragraph | Table]:
    """Fixed effects that are no parameters, as the likelihood is integrated over them."""
    told = result.effects if result.source.is_here else None
    if told is None or not told.integrated:
        return
    errors = np.sqrt(np.diag(told.covariance))
    ends = zip(told.fixed, errors, told.fixed - QUANTILE * errors, told.fixed + QUANTILE * errors, strict=True)
    cells = [[Number(beside(value, error)) for value in (estimate, low, high)] for estimate, error, low, high in ends]
    rows = zip(told.names, cells, errors.tolist(), strict=True)
    yield Paragraph(INTEGRATED)
    yield Table(
        "Fixed effects",
        ("of", "estimate", "standard error", "95 % from", "to"),
        tuple((name, own[0], alike([error])[0], own[1], own[2]) for name, own, error in rows),
    )


def _table(columns: Columns, notes: tuple[str, ...]) -> Table:
    return Table("", tuple(columns), tuple(zip(*columns.values(), strict=True)), notes)


def _names(labels: Sequence[Label]) -> Columns:
    columns: Columns = {"parameter": [label.what for label in labels]}
    if any(label.of for label in labels):
        columns["of"] = [label.of for label in labels]
    if any(label.component is not None for label in labels):
        columns["component"] = [label.component or "" for label in labels]
    return columns


def _with_errors(result: AnyInferred, found: Covariance, known: dict[str, float]) -> tuple[dict[str, str], Columns]:
    """The notes on what has no standard error, by their reasons, and the columns beside the names."""
    errors, intervals = standard_errors(found), wald(found)
    missing: Any = answer(result.fraction_missing)
    why = {path: _why_none(errors, path) for path in known}
    reasons = {reason: f"({i})" for i, reason in enumerate(dict.fromkeys(filter(None, why.values())), 1)}
    error = {path: errors[path] if path in errors.names else np.nan for path in known}
    ends = {path: intervals[path] if path in intervals.names else (np.nan, np.nan) for path in known}
    columns: Columns = {
        "estimate": [Number(beside(value, error[path])) for path, value in known.items()],
        "standard error": [alike([error[path]])[0] for path in known],
        "95 % from": [_end(ends[path][0], error[path]) for path in known],
        "to": [_end(ends[path][1], error[path]) for path in known],
    }
    if isinstance(missing, dict):
        columns["missing information"] = [fixed(missing.get(path, np.nan), 3) for path in known]
    if reasons:
        columns[" "] = [reasons.get(why[path], "") for path in known]
    return reasons, columns


def _end(value: float, error: float) -> Number | None:
    return Number(beside(value, error)) if np.isfinite(value) else None


def _why_none(errors: StandardErrors, path: str) -> str:
    if path not in errors.names:
        return HELD
    return errors.reasons.get(path, "")
