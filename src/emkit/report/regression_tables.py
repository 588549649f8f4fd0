"""Estimates of regressions: a table for each component, its coefficients by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters, leaves
from emkit.inference import Covariance
from emkit.models.order import component_count
from emkit.report.labels import Label, labels, names_of
from emkit.report.tables import MOST_ROWS, WIDTH, grid_of, left_out, notes_of, with_errors

if TYPE_CHECKING:
    from rich.console import RenderableType

    from emkit.fitted import AnyFitted

COEFFICIENTS = ("coefficient", "shared")  # fields for one number of each covariate


def has_coefficients(params: Parameters) -> bool:
    """Whether there are fields whose places have names of their own, as coefficients of covariates have."""
    return any(leaf.told for leaf in leaves(params))


def regression_tables(result: AnyFitted, found: Covariance, width: int = WIDTH) -> list[RenderableType]:
    """For each component its numbers with standard errors, and 95 % intervals, z and p as far as the width goes.

    What all components share stands in a table of its own.
    """
    names = names_of(result)
    words, named = labels(result.params, names), {names.component(k) for k in range(len(names.components))}
    estimates = dict(zip(words, Coordinates(result.params).entries(result.params), strict=True))
    shown = dict(list(words.items())[:MOST_ROWS])
    tables: list[RenderableType] = []
    headings: set[str] = set()
    order = [*map(names.component, range(component_count(result.params) or 1)), None]
    there = {label.component for label in shown.values()}
    for component in (component for component in order if component in there):
        own = {name: estimates[name] for name, label in shown.items() if label.component == component}
        numbered = component is not None and component not in named
        heading = f"component {component}" if numbered else component or "all components"
        columns = with_errors({heading: [_called(shown[name]) for name in own]}, own, found, width)
        headings |= set(columns)
        tables.append(grid_of(columns))
    return [*tables, *left_out(len(words)), *notes_of(headings, found)]


def _called(label: Label) -> str:
    """A coefficient is called as its covariate, another number by what it is."""
    if label.what in COEFFICIENTS:
        return label.of
    return f"{label.what}: {label.of}" if label.of else label.what
