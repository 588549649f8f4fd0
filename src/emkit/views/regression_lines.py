"""Regressions along one covariate: the mean of the response in each class, beside the rows, and the proportions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.data.chunk import Chunk, as_float64, unit_weights
from emkit.data.frames import Names
from emkit.errors import ModelError
from emkit.explain.subject import Subject
from emkit.models.around import bare
from emkit.models.components import AnyComponents, Components
from emkit.models.gated_mixture import GatedMixture, GatedMixtureParams
from emkit.views.along import along
from emkit.views.classified import MOST_ROWS
from emkit.views.expected_responses import laws_given

INTERCEPT = "intercept"
NO_LINES = "lines are those of regressions, and this is none."


@dataclass(frozen=True)
class RegressionLines:
    """The `means` (K, m) of the `response` in each of the `components`, `at` (m,) places along the `covariate`.

    Other covariates are at their means. Rows have the covariate `x` (n,), the response `y` (n,), and `responsibilities` (n, K);
    they are at most 2000, of so many. Where a response is known up to an interval only, it lies above `y` and no higher than
    `upper` (n,), and either may be infinite; else both are equal. `levels`: the names of what the covariate may be, whose codes
    `x` and `at` are then.
    """

    covariate: str
    response: str
    levels: Names
    components: tuple[str, ...]
    at: Array
    means: Array
    x: Array
    y: Array
    responsibilities: Array
    of: int
    upper: Array

    def without_rows(self) -> RegressionLines:
        """The lines alone."""
        return replace(self, x=self.x[:0], y=self.y[:0], responsibilities=self.responsibilities[:0], of=0, upper=self.upper[:0])

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        arrays = {
            "at": self.at,
            "means": self.means,
            "x": self.x,
            "y": np.where(np.isinf(self.y), np.nan, self.y),
            "responsibilities": self.responsibilities,
        }
        arrays |= {} if np.array_equal(self.y, self.upper) else {"upper": np.where(np.isinf(self.upper), np.nan, self.upper)}
        lists = {name: array.tolist() for name, array in arrays.items()}
        told = {"covariate": self.covariate, "response": self.response, "levels": self.levels and list(self.levels)}
        return {**told, "components": list(self.components), "of": self.of, **lists}


@dataclass(frozen=True)
class GateEffect:
    """The `proportions` (K, m) of the `components` `at` (m,) places along a `covariate` of the gate, others at their means."""

    covariate: str
    levels: Names
    components: tuple[str, ...]
    at: Array
    proportions: Array

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        told = {"covariate": self.covariate, "levels": self.levels and list(self.levels), "components": list(self.components)}
        return {**told, "at": self.at.tolist(), "proportions": self.proportions.tolist()}


def regression_lines(subject: Subject, params: Any, over: str | None = None) -> RegressionLines:
    """The lines of a regression over one covariate; by default the first.

    Errors: ModelError for a model of no regression, and for a covariate that there is not.
    """
    model, source = bare(subject.model), subject.source
    laws = laws_given(model, len(source.columns))
    given = model.family.conditional if isinstance(model, Components) else None
    if not isinstance(model, Components) or laws is None or given is None:
        raise ModelError(NO_LINES)
    x, weights, shares = _rows(model, params, source)
    response = min(laws)
    likely = tuple(name for j, name in enumerate(source.columns) if j != response)
    if not likely:
        raise ModelError("the regression has no covariate that lines could go along.")
    found = along(source, x, weights, over, likely)
    means = given.means(params.components, found.x)
    if means is None:
        raise ModelError(NO_LINES)
    some = np.arange(len(x)) if len(x) <= MOST_ROWS else np.round(np.linspace(0, len(x) - 1, MOST_ROWS)).astype(int)
    low, high = model.family.support.known(x[some], response)
    points = found.rows[some], low, shares[some], len(x), high
    return RegressionLines(found.name, source.columns[response], found.levels, subject.components, found.at, means.T, *points)


def gate_effect(subject: Subject, params: Any, over: str | None = None) -> GateEffect:
    """What a gate says along one of its covariates; by default the first.

    Errors: ModelError for a model without a gate, and for a covariate that there is not.
    """
    model, source = bare(subject.model), subject.source
    if not isinstance(model, GatedMixture) or not isinstance(params, GatedMixtureParams):
        raise ModelError(f"the proportions of {type(model).__name__} depend on no covariates: there is no gate.")
    x, weights, _ = _rows(model, params, source)
    likely = tuple(name for name in params.covariates if name != INTERCEPT)
    found = along(source, x, weights, over, likely, gate=True)
    proportions = model.outlook(params, Chunk(found.x, unit_weights(len(found.x))))
    return GateEffect(found.name, found.levels, subject.components, found.at, proportions.T)


def _rows(model: AnyComponents, params: Any, source: Any) -> tuple[Array, Array, Array]:
    """All rows, their weights and their responsibilities. Errors: DataError if the data are not stored."""
    parts = [(as_float64(c.x), c.weights, model.plain_posterior(params, c).responsibilities) for c in source.chunks()]
    x, weights, shares = (np.concatenate(part) for part in zip(*parts, strict=True))
    return x, weights, shares
