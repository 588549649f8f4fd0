"""Estimates of factors whose columns are known, with their errors: as columns for data frames, and on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.data.frames import Columns
from emkit.report.tables import WIDTH, as_text, grid_of

if TYPE_CHECKING:
    from emkit.models.confirmatory import ConfirmatoryFactorModel

DIGITS = 3


class _Line(NamedTuple):
    """What an estimate is: of which factor, and of which column or other factor."""

    parameter: str
    factor: str | None
    column: str | None


def factor_estimates(result: Any, model: ConfirmatoryFactorModel, factors: Sequence[str]) -> Columns:
    """A row for each loading that is not 0 for certain, variance and covariance of factors, uniqueness and mean."""
    columns, numbers = result.source.columns, model.pattern.numbers
    places, below = np.argwhere(np.isnan(numbers) | (numbers != 0)), np.tril_indices(len(factors))
    lines = [_Line("loading", factors[k], columns[j]) for j, k in places]
    for a, b in zip(*(axis.tolist() for axis in below), strict=True):
        lines.append(_Line("variance" if a == b else "covariance", factors[b], None if a == b else factors[a]))
    lines += [_Line(what, None, column) for what in ("uniqueness", "mean") for column in columns]

    def all_of(params: Any) -> Array:
        loadings, noise = model.whole(params)
        return np.concatenate([loadings[*places.T], params.factors[below], noise, params.means])

    found = result.delta(all_of)
    errors = np.where(found.error > 0, found.error, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        z, p = (np.where(np.isnan(errors), np.nan, each) for each in (found.z, found.p))
    shown, unit = model.standardised(result.params), np.sqrt(np.diag(model.covariance(result.params)))
    standard = [shown.loadings[*places.T], shown.correlations[below], shown.uniquenesses, result.params.means / unit]
    return {
        "parameter": [line.parameter for line in lines],
        "factor": [line.factor for line in lines],
        "column": [line.column for line in lines],
        "estimate": found.estimate,
        "std_error": errors,
        "z": z,
        "p_value": p,
        "standardised": np.concatenate(standard),
    }


def estimates_table(found: Columns, width: int = WIDTH) -> str:
    """All but the means, as text."""
    shown = [i for i, what in enumerate(found["parameter"]) if what != "mean"]
    texts = {
        "": [str(found["parameter"][i]) for i in shown],
        "of": [" ".join(str(each) for each in (found["factor"][i], found["column"][i]) if each is not None) for i in shown],
    }
    for name, head in (("estimate", "estimate"), ("std_error", "error"), ("z", "z"), ("standardised", "standardised")):
        values = [float(found[name][i]) for i in shown]
        texts[head] = ["" if np.isnan(value) else f"{value:.{DIGITS}f}" for value in values]
    return as_text(grid_of(texts), width).rstrip("\n")
