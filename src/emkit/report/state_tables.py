"""State spaces on one screen: what is estimated of them, with names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emkit.inference import standard_errors
from emkit.report.labels import LONGEST, labels, names_of
from emkit.report.tables import WIDTH, as_text, breadth, grid_of, notes_of, with_errors

if TYPE_CHECKING:
    from emkit.fitted import AnyFitted
    from emkit.inference import Covariance


LENGTHS = LONGEST, 20, 16, 13, 10, 8  # of names, from which tables take the longest that they have room for


def estimated_table(result: AnyFitted, found: Covariance, width: int = WIDTH) -> str:
    """A line for each number that is estimated, and none for those that the model gives.

    Names are as long as leaves room for intervals or, where there is none, for numbers.
    """
    from rich.console import Group

    every = [_columns(result, found, width, longest) for longest in LENGTHS]
    fitting = [columns for columns in every if breadth(columns) <= width] or every[-1:]
    columns = max(fitting, key=len)  # the first of those with the most
    return as_text(Group(grid_of(columns), *notes_of(columns, found)), width).rstrip("\n")


def _columns(result: AnyFitted, found: Covariance, width: int, longest: int) -> dict[str, list[str]]:
    """The columns with names of no more than so many characters."""
    words, errors = labels(result.params, names_of(result)._replace(longest=longest)), standard_errors(found)
    estimates = dict(zip(errors.names, errors.estimates.tolist(), strict=True))
    shown = [words[name] for name in estimates]
    known = {"parameter": [each.what for each in shown], "": [each.of for each in shown]}
    return with_errors(known, estimates, found, width)
