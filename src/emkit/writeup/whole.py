"""The whole report: its sections in order."""

from __future__ import annotations

from typing import Any

from emkit.report.summary import title as in_words
from emkit.selection.choice import Choice
from emkit.writeup.belonging import classification_section
from emkit.writeup.document import Document
from emkit.writeup.estimates_told import components_section, estimates_section
from emkit.writeup.fitted_model import model_section
from emkit.writeup.given_data import data_section
from emkit.writeup.how_well import choice_section, fit_section
from emkit.writeup.limits import limits_section
from emkit.writeup.pictures import of_components, of_rows
from emkit.writeup.provenance_told import provenance_section
from emkit.writeup.residuals_told import residuals_section
from emkit.writeup.rows_told import rows_section
from emkit.writeup.search_told import convergence_section, starts_section
from emkit.writeup.words import AnyInferred


def document_of_choice(choice: Choice[Any], title: str | None = None, include_data: bool = False) -> Document:
    """A choice among models of which none can be chosen, written up: all of them, with their reasons."""
    return Document(title or "Choice of a model", (choice_section(choice, include_data),))


def document(
    result: AnyInferred,
    choice: Choice[Any] | None = None,
    title: str | None = None,
    include_data: bool = False,
    standard_errors: bool | None = None,
    steps: str = "",
) -> Document:
    """A fit written up, with the `choice` that it comes from; without `include_data`, no row of the data is in it.

    `steps`: where the page of its steps is, as it is found from the report.
    `standard_errors` take 2 passes over the data for each parameter; by default they are there where the data are.
    Errors: DataError if they are asked for, and the data are not here.
    """
    wanted = result.source.is_here if standard_errors is None else standard_errors
    if wanted:
        next(iter(result.source.chunks()), None)  # raises if the data are not here
    sections = [
        model_section(result),
        data_section(result),
        starts_section(result),
        convergence_section(result),
        fit_section(result),
        choice_section(choice, include_data) if choice is not None else None,
        components_section(result, of_components(result, include_data)),
        estimates_section(result, wanted),
        classification_section(result),
        residuals_section(result),
        limits_section(result, wanted),
        rows_section(result, of_rows(result)) if include_data else None,
        provenance_section(result, steps),
    ]
    return Document(title or in_words(result), tuple(section for section in sections if section is not None))
