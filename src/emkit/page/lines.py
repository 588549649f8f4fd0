"""The lines of a regression over its one covariate, theta by theta, for the picture of its points."""

from __future__ import annotations

from emkit.core.json_types import Json
from emkit.errors import ModelError
from emkit.page.likelihood import brief
from emkit.page.walk import Walk
from emkit.views.regression_lines import regression_lines

EVERY = 4  # of the places along the covariate, every so many: straight lines need two, bent ones look smooth with 26
DIGITS = 5


def lines(walk: Walk) -> Json | None:
    """The `pair` of columns, covariate and response, places `at` (m,) and for each theta `means` (K, m) of the response there.

    None for a model of no regression, for more covariates than one, and for one whose values are levels.
    """
    columns = walk.subject.source.columns
    if len(columns) != 2:
        return None
    try:
        found = [regression_lines(walk.subject, params) for params in walk.path]
    except ModelError:
        return None
    if found[0].levels is not None:
        return None
    return {
        "pair": [columns.index(found[0].covariate), columns.index(found[0].response)],
        "at": brief(found[0].at[::EVERY], DIGITS),
        "means": [brief(each.means[:, ::EVERY], DIGITS) for each in found],
    }
