"""The E-step of latent values that are numbers, not labels: what is expected of them, and how far they may lie from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.data.chunk import Chunk, as_float64
from emkit.data.source import columns_of
from emkit.explain.rows import values_of
from emkit.explain.subject import Subject
from emkit.formulas.numerals import plain, significant

MOST_TERMS = 12  # of a regression that is written out


@runtime_checkable
class TellsLatent(Protocol):
    """A model that tells latent values, which are called `latent_name` and a number."""

    latent_name: str

    def latent(self, params: Any, chunk: Any) -> tuple[Array, Array]:
        """Means (U, m) and covariances (U, m, m) of rows, or of groups; of one value, means and standard deviations (U,)."""


@runtime_checkable
class Regresses(Protocol):
    """A model whose latent values are expected by a regression on the cells of their row."""

    def regression(self, params: Any, chunk: Any) -> tuple[Array, Array]:
        """Means (d,) of the columns, and how much (n, m, d) each latent value of each row goes along with each cell."""


@dataclass(frozen=True)
class LatentMoments:
    """The first of `units` rows or groups (`unit` says which): `expected` values and `variances` (n, m) of what is latent.

    `values` are the cells of rows, by column; `formula` is the regression that gives the first value expected, with numbers,
    and empty where there is none. Over all units, by their weights: `first` (m,) sums the expected values, and `second`
    (m, m) the expected products.
    """

    names: tuple[str, ...]
    unit: str
    units: int
    values: tuple[dict[str, float], ...]
    expected: Array
    variances: Array
    formula: str
    first: Array
    second: Array

    states: ClassVar[int] = 0  # that could be listed

    def to_dict(self) -> Json:
        """Plain values for JSON: what is expected by row or group, and the sums of all."""
        rows = [
            {
                "values": {column: None if np.isnan(value) else value for column, value in cells.items()},
                "expected": dict(zip(self.names, means, strict=True)),
                "variance": dict(zip(self.names, variances, strict=True)),
            }
            for cells, means, variances in zip(
                self.values or ({},) * len(self.expected), self.expected.tolist(), self.variances.tolist(), strict=True
            )
        ]
        return {
            "latent": list(self.names),
            "unit": self.unit,
            "rows": rows,
            "rows_in_all": self.units,
            "substituted": self.formula,
            "expected_sums": self.first.tolist(),
            "expected_products": self.second.tolist(),
        }


def moments_of(subject: Subject, params: Any, model: TellsLatent, limit: int) -> LatentMoments:
    """What the E-step at `params` expects of the first `limit` rows or groups, and of all together."""
    first, second, units, shown = 0.0, 0.0, 0, None
    for chunk in subject.source.chunks():
        means, covariances = _matrices(*model.latent(params, chunk))
        of_rows = len(means) == len(chunk.x)
        weights = chunk.weights if of_rows else chunk.group_weights
        first = first + weights @ means
        second = second + np.einsum("u,uab->ab", weights, covariances + means[:, :, None] * means[:, None, :])
        units += len(means)
        shown = shown or (chunk, of_rows, means[:limit], np.diagonal(covariances, axis1=1, axis2=2)[:limit])
    assert shown is not None
    chunk, of_rows, means, variances = shown
    name = model.latent_name
    names = (name,) if means.shape[1] == 1 else tuple(f"{name} {k + 1}" for k in range(means.shape[1]))
    values = tuple(values_of(subject, row) for row in chunk.x[: len(means)]) if of_rows else ()
    formula = _formula(subject, model, params, chunk) if isinstance(model, Regresses) else ""
    return LatentMoments(
        names, "row" if of_rows else "group", units, values, means, variances, formula, np.asarray(first), np.asarray(second)
    )


def _matrices(means: Array, spreads: Array) -> tuple[Array, Array]:
    """Means (U, m) and covariances (U, m, m)."""
    return (means[:, None], (spreads**2)[:, None, None]) if means.ndim == 1 else (means, spreads)


def _formula(subject: Subject, model: Regresses, params: Any, chunk: Chunk) -> str:
    """The regression of the first latent value of the first row: each slope times how far the cell lies from its mean."""
    middle, slopes = model.regression(params, chunk)
    row = as_float64(chunk.x[0])
    seen = np.flatnonzero(~np.isnan(row)).tolist()
    if not 0 < len(seen) <= MOST_TERMS or not columns_of(subject.source):
        return ""
    return " + ".join(f"{significant(slopes[0, 0, j])} * ({plain(row[j])} - {plain(middle[j])})" for j in seen)
