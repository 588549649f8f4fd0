"""What a state space expects of a series, with its spread: row by row, and beyond the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.checks import check_count
from emkit.core.json_types import Json
from emkit.data.chunk import joined
from emkit.data.inputs import inputs_of_each
from emkit.errors import ModelError, ParameterError
from emkit.fitted import AnyFitted
from emkit.models.frozen import bare
from emkit.models.of_states import OfStates
from emkit.views.classified import column_places

AnyStateSpace = OfStates[Any]


@dataclass(frozen=True)
class MovingSeries:
    """The `values` (T,) of one `column` of a series, NaN where there are gaps, and what is expected.

    `means` (T,) of the values without their errors, given all rows of the series, with standard deviations `spreads` (T,);
    `ahead` (S,), of the rows that follow, with `ahead_spreads` (S,), errors included.
    """

    column: str
    values: Array
    means: Array
    spreads: Array
    ahead: Array
    ahead_spreads: Array

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        values = [None if np.isnan(value) else value for value in self.values.tolist()]
        told = {name: getattr(self, name).tolist() for name in ("means", "spreads", "ahead", "ahead_spreads")}
        return {"column": self.column, "values": values, **told}


def state_space_of(result: AnyFitted) -> AnyStateSpace:
    """The model of a fit. Errors: ModelError for one that is no state space."""
    inner = bare(result.model)
    if not isinstance(inner, OfStates):
        raise ModelError(f"{type(inner).__name__} has no states that move by numbers; a state space has.")
    return inner


def moving_series(
    result: AnyFitted, column: str | int = 0, steps: int = 0, series: int = 0, inputs_ahead: object = None
) -> MovingSeries:
    """One column of a series of a fit, counted from 0, and so many `steps` beyond its last row.

    `inputs_ahead`: those of the rows beyond, of a model that has some: a frame or a dictionary by name, or an array (steps, p),
    or such of each of G series (G, steps, p).

    Errors: ModelError for another model; ParameterError for a series or a number of steps that there is not; DataError for
    inputs that are not those of the fit, or missing.
    """
    model = state_space_of(result)
    check_count("steps", steps, ParameterError, 0)
    d = len(model.system(result.params).noise)
    (place,) = column_places(result.source.columns[:d], [column], 1)
    chunk = joined(list(model.prepare(result.source).chunks()))
    if not 0 <= series < len(chunk.bounds) - 1:
        raise ParameterError(f"series is {series!r}; there are series 0 to {len(chunk.bounds) - 2}.")
    rows = slice(*chunk.bounds[series : series + 2])
    means, covariances = model.signal(result.params, chunk)
    spreads = np.sqrt(np.maximum(covariances[rows, place, place], 0.0))  # 0, but for rounding
    known = inputs_of_each(inputs_ahead, len(chunk.bounds) - 1, result.source.columns[d:]) if steps else None
    ahead, covariance = model.forecast(result.params, chunk, steps, known)
    return MovingSeries(
        result.source.columns[place],
        np.asarray(chunk.x[rows, place], dtype=np.float64),
        means[rows, place],
        spreads,
        ahead[series, :, place],
        np.sqrt(covariance[series, :, place, place]),
    )
