"""How well the model fits, and against which others it was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.inference.delta import LEAST_P, p_told
from emkit.inference.fit_indices import in_a_plane, indices_of, nothing_to_test, saturated
from emkit.report.sentences import capital
from emkit.selection.choice import WORDS, Choice, Line
from emkit.writeup.document import Cell, Figure, Number, Paragraph, Section, Table, fixed
from emkit.writeup.words import NOT_HERE, AnyInferred, has_components, is_restricted

LOWER = "lower is better"
PSEUDO = (
    "The log-likelihood is a pseudo log-likelihood, that of the last step given those before, and criteria are of that: they "
    "say nothing of how many components there are."
)
OF_GAPS = "Fit indices of rows with gaps are told by fit_indices() of the estimator."
IN_A_PLANE = "There are no fit indices: the rows lie in a plane, so that there is no likeliest covariance to compare with."
NOT_FITTED = "it could not be fitted; the choice itself says why, in words that may name cells of the data."
BEST = "chosen"


def fit_section(result: AnyInferred) -> Section:
    """Log-likelihood, size and criteria."""
    notes = (f"Criteria: {LOWER}.", *([PSEUDO] if result.model.is_pseudo else []))
    parts: list[Any] = [Table("", (), tuple(_facts(result)), notes)]
    tables, said = _as_covariances(result)
    parts += [*tables, *map(Paragraph, said)]
    if has_components(result) and not result.source.is_here:
        parts.append(Paragraph(NOT_HERE.format("ICL and entropy")))
    return Section("fit", "Fit", tuple(parts))


def _facts(result: AnyInferred) -> Iterator[tuple[str, Cell]]:
    yield "restricted log-likelihood" if is_restricted(result) else "log-likelihood", fixed(result.log_likelihood, 4)
    if result.objective != result.log_likelihood:
        yield "objective: with the log-prior, less the gap of an inexact E-step", fixed(result.objective, 4)
    yield "free parameters", Number(str(result.free_parameters))
    by_weight = result.rows != result.source.rows
    yield "rows, by their weight" if by_weight else "rows", Number(f"{result.rows:.10g}")
    if result.sample_size != result.rows:
        yield "independent groups, which BIC and its kin count", Number(f"{result.sample_size:.10g}")
    told = {"AIC": result.aic, "AICc": result.aicc, "BIC": result.bic, "SABIC": result.sabic, "CAIC": result.caic}
    if has_components(result) and result.source.is_here:
        told["ICL"] = result.icl
    yield from ((name, fixed(value, 4)) for name, value in told.items())


def _as_covariances(result: AnyInferred) -> tuple[list[Any], list[str]]:
    """How well a model of covariances fits, and why it is not told, of those that are; nothing of other models."""
    fitted = result.model.implied_covariance(result.params)
    if fitted is None:
        return [], []
    if not result.source.is_here:
        return [], [NOT_HERE.format("fit indices")]
    profile, n = result.source.profile, result.rows
    if profile.has_gaps:
        return [], [OF_GAPS]
    if in_a_plane(profile.covariance):
        return [], [IN_A_PLANE]
    fit = result.log_likelihood, result.free_parameters
    found = indices_of(profile, n, fit, fitted, saturated(profile, n))
    freedom = found.degrees_of_freedom
    told = [("chi-squared against any covariance", fixed(found.chi_squared, 3)), ("degrees of freedom", Number(str(freedom)))]
    if freedom > 0:
        p = p_told(found.p_value) if found.p_value < LEAST_P else f"{found.p_value:.3f}"
        low, high = found.rmsea_interval
        told += [
            ("p-value", Number(p)),
            *((name, fixed(value, 3)) for name, value in (("CFI", found.cfi), ("TLI", found.tli), ("RMSEA", found.rmsea))),
            ("RMSEA, 90 % from", fixed(low, 3)),
            ("RMSEA, to", fixed(high, 3)),
        ]
    said = [] if freedom > 0 else [f"{capital(nothing_to_test(freedom))}."]
    return [Table("Against any covariance at all", (), (*told, ("SRMR", fixed(found.srmr, 3))))], said


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
