"""Which pictures a report has. They are drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emkit.explain.subject import subject_of
from emkit.views import Density, class_profiles, density, gate_effect, regression_lines, rows
from emkit.writeup.document import Figure
from emkit.writeup.words import AnyInferred, answer, names_in

MOST_BARS = 300  # of counts that are drawn one by one


def of_components(result: AnyInferred, include_data: bool) -> tuple[Figure, ...]:
    """The profiles of columns of levels; the density of one column beside the data, or of two; lines of regressions."""
    return tuple(_of_components(result, include_data))


def _of_components(result: AnyInferred, include_data: bool) -> Iterator[Figure]:
    params: Any = result.params
    if not isinstance(answer(lambda: class_profiles(result.params, names_in(result))), str):
        yield Figure("profiles", "Probabilities in each component; of two levels of a column, the second is shown.")
    found = answer(lambda: density(subject_of(result), params, 2))
    if not isinstance(found, str) and not (isinstance(found, Density) and found.discrete and len(found.x) > MOST_BARS):
        columns = len(result.source.columns)
        what = "The fitted density, and the data in bins." if columns == 1 else "Regions that hold a share of the density."
        yield Figure("density", what if columns == 1 or not include_data else f"{what} Points are rows.")
    yield from _of_regressions(result, include_data)


def _of_regressions(result: AnyInferred, include_data: bool) -> Iterator[Figure]:
    lines = answer(lambda: regression_lines(subject_of(result), result.params))
    if not isinstance(lines, str):
        points = " Points are rows." if include_data else ""
        yield Figure("lines", f"The mean of the response in each component; other covariates at their means.{points}")
    if not isinstance(answer(lambda: gate_effect(subject_of(result), result.params)), str):
        yield Figure("gate", "Proportions by the gate; other covariates at their means.")


def of_rows(result: AnyInferred) -> tuple[Figure, ...]:
    """Where rows lie, and how certain it is whose they are."""
    if isinstance(answer(lambda: rows(subject_of(result), result.params)), str):
        return ()
    return (
        Figure("classification", "Rows by their likeliest component."),
        Figure("uncertainty", "The chance that the label of a row is wrong: larger marks, or higher ones."),
    )
