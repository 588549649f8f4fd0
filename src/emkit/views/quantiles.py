"""Where each value lies in the distribution that the model expects it to have: residuals that are standard normal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.data.chunk import as_float64
from emkit.data.stand_ins import refuse_stand_ins
from emkit.errors import ModelError
from emkit.explain.subject import Subject
from emkit.inference import Univariate
from emkit.markup import Tabled, ToldTable
from emkit.models.components import AnyComponents, Components
from emkit.models.frozen import bare
from emkit.models.mixture import Mixture, MixtureParams
from emkit.views.expected_responses import laws_given, places_given

DRAWS = 20_000  # rows that stand for the distribution of a column in one component
OUTERMOST = 1e-12  # probability beyond which the place of a value is lost in rounding: residuals end at 7
KINDS = "forecast", "ordinary"
Places = Callable[[Array], tuple[Array, Array]]


@dataclass(frozen=True, repr=False)
class PseudoResiduals(Tabled):
    """The probability of smaller values, `below` (n, d), and of those up to the value itself, `up_to` (n, d), of every cell.

    The two are one where a value has no probability of its own, and NaN in gaps. Source: Zucchini & MacDonald (2009), Hidden
    Markov Models for Time Series, chapter 6.
    """

    columns: tuple[str, ...]
    below: Array
    up_to: Array

    @property
    def segments(self) -> Array:
        """Both as quantiles of the normal, shape (n, d, 2): a value of a count is somewhere between."""
        return _normal(np.stack([self.below, self.up_to], axis=2))

    @property
    def middle(self) -> Array:
        """The quantile of the normal half-way between, in probability (n, d)."""
        return _normal((self.below + self.up_to) / 2)

    def randomised(self, seed: int = 0) -> Array:
        """One quantile of the normal between, by lot (n, d): standard normal if the model is right.

        Source: Dunn & Smyth (1996), J. Comput. Graph. Statist. 5, 236-244.
        """
        lots = np.random.default_rng(seed).random(self.below.shape)
        return _normal(self.below + lots * (self.up_to - self.below))

    def _as_table(self) -> ToldTable:
        cells = {"column": self.columns, "cells seen": (~np.isnan(self.up_to)).sum(axis=0).tolist()}
        return ToldTable("Residuals: below and up_to have probabilities, randomised() normal numbers", cells)


@dataclass(frozen=True, repr=False)
class NormalResiduals(PseudoResiduals):
    """Of values that are known as `standard` normal numbers (n, d) themselves, however far out."""

    standard: Array

    @property
    def segments(self) -> Array:
        return np.stack([self.standard, self.standard], axis=2)

    @property
    def middle(self) -> Array:
        return self.standard

    def randomised(self, seed: int = 0) -> Array:
        return self.standard


def pseudo_residuals(subject: Subject, params: Any, kind: str = "forecast") -> PseudoResiduals:
    """Of every cell, by what is expected in its row, column by column.

    Rows of a mixture are all expected to be alike; those of a regression, by the covariates of each. Of rows in sequence a
    "forecast" expects what the earlier ones say; an "ordinary" residual, what all others do. One column is integrated or
    summed to about 1e-10, as `Univariate` does; columns of several have the distribution of rows drawn in each component, so
    that residuals have errors of some 0.01 between -2 and 2, more beyond, and end where one of the drawn rows is left. Of
    what a regression describes, see `places_given`; of models without components, `normal_residuals`.
    Errors: ModelError for another kind, a model without residuals, or a family that nothing can be drawn from.
    """
    if kind not in KINDS:
        raise ModelError(f"kind is {kind!r}; it must be one of {', '.join(KINDS)}.")
    return residuals_of(subject.model, params, subject.source, kind)


def residuals_of(model: Any, params: Any, source: Any, kind: str = "forecast") -> PseudoResiduals:
    """The same of the rows of any source. Errors: ModelError."""
    refuse_stand_ins(source, "no row has a residual: fit the rows themselves.")
    model = bare(model)
    if not isinstance(model, Components):
        return _of_normals(model.normal_residuals(params, source), source, kind)
    chunks = list(source.chunks())
    x = np.concatenate([as_float64(chunk.x) for chunk in chunks])
    if model.family.support.untold(x).any():
        raise ModelError("values known up to intervals have no residuals: where in an interval they lie, nothing tells.")
    shares = np.concatenate([model.outlook(params, chunk, by_others=kind == "ordinary") for chunk in chunks])
    columns = tuple(source.columns)
    laws = laws_given(model, len(columns))
    if laws is not None:
        return PseudoResiduals(
            tuple(columns[j] for j in sorted(laws)), *places_given(model.family, params.components, x, shares)
        )
    places = _places(model, params.components, shares.shape[1], x.shape[1])
    below, up_to = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    for j, column in enumerate(x.T):
        seen = ~np.isnan(column)
        for k, place in enumerate(places[j]):
            for found, own in zip((below, up_to), place(column[seen]), strict=True):
                found[seen, j] = np.where(k > 0, found[seen, j], 0.0) + shares[seen, k] * own
    return PseudoResiduals(columns, below, up_to)


def _of_normals(standard: Mapping[int, Array], source: Any, kind: str) -> PseudoResiduals:
    """Of values that are standard normal numbers, by their columns."""
    if kind != "forecast":
        raise ModelError(f"kind is {kind!r}; of models without components, residuals are those of forecasts: 'forecast'.")
    values = np.column_stack(list(standard.values()))
    places = scipy.special.ndtr(values)
    return NormalResiduals(tuple(source.columns[j] for j in standard), places, places, values)


def _places(model: AnyComponents, components: Any, number: int, columns: int) -> list[list[Places]]:
    """For each column and each component, the probability of smaller values, and of those up to each value."""
    if columns == 1:
        try:
            return [[_exact(model.family, components, alone) for alone in np.eye(number)]]
        except ModelError:  # angles, or one value that has a probability: drawn rows know what is below what
            pass
    rng = np.random.default_rng(0)
    drawn = [np.sort(model.family.draw(components, rng, np.full(DRAWS, k)), axis=0) for k in range(number)]
    return [[_among(rows[:, j]) for rows in drawn] for j in range(columns)]


def _exact(family: Any, components: Any, alone: Array) -> Places:
    one = Univariate(Mixture(family), MixtureParams(alone, components))
    one.cdf(0.0)  # whether it can be had
    return lambda x: (one.cdf(x - 1 if family.support.whole else x), one.cdf(x))


def _among(drawn: Array) -> Places:
    """Among sorted values: one of them is taken for the value itself."""
    whole = len(drawn) + 1
    return lambda x: (np.searchsorted(drawn, x, "left") / whole, (np.searchsorted(drawn, x, "right") + 1) / whole)


def _normal(places: Array) -> Array:
    return np.asarray(scipy.special.ndtri(np.clip(places, OUTERMOST, 1 - OUTERMOST)))
