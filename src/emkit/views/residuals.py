"""What a mixture leaves unexplained: pairs of discrete columns, and counts beside their expectation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.data.chunk import Chunk, as_float64
from emkit.errors import ModelError, some_of
from emkit.explain.subject import Subject
from emkit.markup import Tabled, ToldTable
from emkit.models.frozen import bare
from emkit.models.mixture import AnyMixture, Mixture
from emkit.views.density import Density, density
from emkit.views.expected_responses import MOST_SUMMED, expected_counts, laws_given

MOST_CELLS = 200_000  # of a table of all columns: what has more is refused


@dataclass(frozen=True, repr=False)
class BivariateResiduals(Tabled):
    """For each pair of the `columns`, Pearson's chi-square of their table, divided by its degrees of freedom: `values` (d, d).

    About 1 where the components explain how the two go together; values of 4 and more say that they do not. Symmetric, NaN on
    the diagonal.
    """

    columns: tuple[str, ...]
    values: Array

    def worst(self, number: int = 5) -> list[tuple[str, str, float]]:
        """The pairs that are explained least."""
        pairs = [(self.values[i, j], i, j) for i, j in combinations(range(len(self.columns)), 2)]
        return [(self.columns[i], self.columns[j], float(value)) for value, i, j in sorted(pairs, reverse=True)[:number]]

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"columns": list(self.columns), "values": [[None if a != a else a for a in row] for row in self.values.tolist()]}

    def _as_table(self) -> ToldTable:
        one, other, values = zip(*self.worst(), strict=True) if self.worst() else ((), (), ())
        columns = {"column": one, "with": other, "residual": values}
        return ToldTable(f"Bivariate residuals of {len(self.columns)} columns, the worst first", columns)


@dataclass(frozen=True)
class Rootogram:
    """How often each of the values `x` (m,) of a count occurs: `observed` and `expected` (m,) numbers of rows."""

    column: str
    x: Array
    observed: Array
    expected: Array

    @property
    def hanging(self) -> Array:
        """The square roots of what is expected less those of what is observed, (m,): about +-0.5 by chance."""
        return np.asarray(np.sqrt(self.expected) - np.sqrt(self.observed))

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        arrays = {"x": self.x, "observed": self.observed, "expected": self.expected, "hanging": self.hanging}
        return {"column": self.column, **{name: array.tolist() for name, array in arrays.items()}}


def every_cell(model: Any, source: Any) -> Array:
    """Every row (c, d) that can occur, up to the highest value of each column.

    Errors: ModelError unless columns are discrete, with few cells altogether.
    """
    values = values_of_columns(model, source)
    number = int(np.prod([float(len(each)) for each in values]))
    if number > MOST_CELLS:
        raise ModelError(f"the {len(values)} columns have {number:,} cells together; at most {MOST_CELLS:,} can be listed.")
    return np.array(list(product(*values)))


def values_of_columns(model: Any, source: Any) -> list[Array]:
    """The values that each column can have, up to its highest. Errors: ModelError unless columns are discrete."""
    family, profile = _mixture(model).family, source.profile
    support = family.support
    if not support.whole or support.roles:
        raise ModelError(f"cells are those of columns of whole numbers or levels; {family.name} columns have none.")
    each = zip(source.levels, profile.highest, profile.least, strict=True)
    return [support.values(*map(float, ends)) if names is None else np.arange(float(len(names))) for names, *ends in each]


def bivariate_residuals(subject: Subject, params: Any) -> BivariateResiduals:
    """The residuals of all pairs of columns, each over the rows in which both were seen.

    What is expected of a pair is what the model says of rows of which nothing else was seen.
    Errors: ModelError unless columns are discrete, and the model admits gaps.
    Source: Vermunt & Magidson (2005), Technical Guide for Latent GOLD 4.0, section 7.3 (Pearson's chi-square, not modified).
    """
    model, source = _mixture(subject.model), subject.source
    values = values_of_columns(model, source)
    if not model.admits_gaps:
        raise ModelError(f"pairs of columns are told apart by rows with gaps, and {model.family.name} columns admit none.")
    x, weights = _rows(source)
    found = np.full((len(values),) * 2, np.nan)
    for i, j in combinations(range(len(values)), 2):
        seen = np.isfinite(x[:, [i, j]]).all(axis=1)
        observed = np.zeros((len(values[i]), len(values[j])))
        np.add.at(observed, tuple(np.searchsorted(values[c], x[seen, c]) for c in (i, j)), weights[seen])
        expected = observed.sum() * _share_of_pair(model, params, values, i, j)
        there = expected > 0
        chi_square = ((observed - expected)[there] ** 2 / expected[there]).sum()
        found[i, j] = found[j, i] = chi_square / np.prod([max(len(values[c]) - 1, 1) for c in (i, j)])
    return BivariateResiduals(tuple(source.columns), found)


def _share_of_pair(model: AnyMixture, params: Any, values: list[Array], i: int, j: int) -> Array:
    """The probability of each pair of values of two columns."""
    shape = len(values[i]), len(values[j])
    cells = np.full((shape[0] * shape[1], len(values)), np.nan)
    cells[:, i], cells[:, j] = np.repeat(values[i], shape[1]), np.tile(values[j], shape[0])
    heights = model.plain_posterior(params, Chunk(cells, np.ones(len(cells)))).log_likelihood
    return np.asarray(np.exp(heights).reshape(shape))


def rootogram(subject: Subject, params: Any) -> Rootogram:
    """The counts of one column, or of a response given covariates, beside their expectation.

    Errors: ModelError for other columns than one of whole numbers.
    Source: Tukey (1977), Exploratory Data Analysis, ch. 17; Kleiber & Zeileis (2016), The American Statistician 70, 296-303.
    """
    columns = tuple(subject.source.columns)
    of_response = _of_response(subject, params, columns)
    if of_response is not None:
        return of_response
    view = density(subject, params)
    if not isinstance(view, Density) or not view.discrete:
        raise ModelError(f"a rootogram is of one column of counts, not of {some_of(columns)}.")
    rows = float(_rows(subject.source)[1].sum())
    return Rootogram(view.column, view.x, rows * view.heights, rows * view.total)


def _of_response(subject: Subject, params: Any, columns: tuple[str, ...]) -> Rootogram | None:
    """The rootogram of a column of counts that is described given others; None if there is no one such column."""
    laws = laws_given(subject.model, len(columns))
    if laws is None or len(laws) != 1:
        return None
    ((j, law),) = laws.items()
    if not law.whole:
        raise ModelError(f"a rootogram is of counts, and {columns[j]!r} holds any numbers.")
    x, weights = _rows(subject.source)
    if np.isnan(x[:, j]).any():
        raise ModelError(f"a rootogram is of rows whose counts are known, and cells of {columns[j]!r} are missing.")
    values = law.values(x[:, j].max(), x[:, j].min())
    if len(values) * len(x) > MOST_SUMMED:
        raise ModelError(f"a rootogram is of small counts: {columns[j]!r} has {len(values):,} values, in {len(x):,} rows.")
    observed = np.asarray(np.bincount((x[:, j] - values[0]).astype(np.int64), weights, len(values)), dtype=np.float64)
    return Rootogram(
        columns[j], values, observed, expected_counts(bare(subject.model), params, subject.source.chunks(), j, values)
    )


def _mixture(model: Any) -> AnyMixture:
    inner = bare(model)
    if not isinstance(inner, Mixture):
        raise ModelError(f"residuals are those of mixtures, not of {type(inner).__name__}.")
    return inner


def _rows(source: Any) -> tuple[Array, Array]:
    x, weights = zip(*((as_float64(chunk.x), chunk.weights) for chunk in source.chunks()), strict=True)
    return np.concatenate(x), np.concatenate(weights)
