"""State spaces on one screen: what is estimated of them, with names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emkit.inference import standard_errors
from emkit.report.labels import labels, names_of
from emkit.report.tables import WIDTH, as_text, grid_of, notes_of, with_errors

if TYPE_CHECKING:
    from emkit.fitted import AnyFitted
    from emkit.inference import Covariance


def estimated_table(result: AnyFitted, found: Covariance, width: int = WIDTH) -> str:
    """A line for each number that is estimated, and none for those that the model gives."""
    from rich.console import Group

    words, errors = labels(result.params, names_of(result)), standard_errors(found)
    estimates = dict(zip(errors.names, errors.estimates.tolist(), strict=True))
    shown = [words[name] for name in estimates]
    columns = with_errors(
        {"parameter": [each.what for each in shown], "": [each.of for each in shown]}, estimates, found, width
    )
    return as_text(Group(grid_of(columns), *notes_of(columns, found)), width).rstrip("\n")
