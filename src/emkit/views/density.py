"""The fitted density beside the data: one column with its histogram or counts, or two columns as contours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import component_name
from emkit.core.json_types import Json
from emkit.data.chunk import as_float64
from emkit.data.source import ArraySource
from emkit.data.stand_ins import refuse_stand_ins
from emkit.errors import ModelError, some_of
from emkit.explain.subject import Subject
from emkit.families.intervals import NO_HEIGHTS
from emkit.families.support import Support
from emkit.models.around import bare
from emkit.models.mixture import AnyMixture, AnyMixtureParams, Mixture
from emkit.views.classified import column_places

BEYOND = 0.2  # of the range of the data, shown to each side
MOST_POINTS = 2_000
NEAR = 1e-6  # of the range shown, to the edges of what is possible


@dataclass(frozen=True)
class Density:
    """One column: `total` (m,) at `x` (m,), the sum over the components of `parts` (K, m), proportions included.

    `edges` (b + 1,) and `heights` (b,) are the data as a histogram of area 1; for `discrete` data the heights are the shares
    of the rows with each value of `x`.
    """

    column: str
    x: Array
    parts: Array
    edges: Array
    heights: Array
    components: tuple[str, ...]
    discrete: bool

    @property
    def total(self) -> Array:
        """The density of the mixture, (m,)."""
        return np.asarray(self.parts.sum(axis=0))

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        arrays = {"x": self.x, "parts": self.parts, "total": self.total, "edges": self.edges, "heights": self.heights}
        lists = {name: array.tolist() for name, array in arrays.items()}
        return {"column": self.column, **lists, "components": list(self.components), "discrete": self.discrete}


@dataclass(frozen=True)
class Density2:
    """Two columns: `total` (k, m) over `x` (m,) and `y` (k,), and the rows (`points`, (n, 2), at most 2000)."""

    columns: tuple[str, str]
    x: Array
    y: Array
    total: Array
    points: Array

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        arrays = {"x": self.x, "y": self.y, "total": self.total, "points": self.points}
        return {"columns": list(self.columns), **{name: array.tolist() for name, array in arrays.items()}}


def density(
    subject: Subject, params: AnyMixtureParams, points: int | None = None, column: str | int | None = None
) -> Density | Density2:
    """The density of a mixture of one or two columns, or of one `column` of several, by name or place.

    `points` of the grid each way (201; of two columns 61). Of one column among others, the density is that of rows of which
    nothing else was seen.
    Errors: ModelError for another model, for another number of columns, or for a column that cannot be told from the others.
    """
    model, source = bare(subject.model), subject.source
    if not isinstance(model, Mixture):
        raise ModelError(f"a density is drawn for mixtures, not for {type(model).__name__}.")
    support, width = model.family.support, len(source.columns)
    why_not = support.no_density(model.family.name)
    if why_not is not None:
        raise ModelError(why_not)
    if model.family.conditional is not None:
        raise ModelError(f"{model.family.name} rows have no density: covariates are given, and only the response is described.")
    if column is not None or width == 1:
        place = column_places(source.columns, None if column is None else [column], 1)[0]
        if width > 1 and not (model.admits_gaps and support.width == 1):
            raise ModelError(f"{model.family.name} columns have no density one by one: they cannot be told apart by gaps.")
        low, high = support.known(_rows(source)[0], place)
        if not np.array_equal(low, high, equal_nan=True):
            raise ModelError(NO_HEIGHTS)
        return _of_one(model, source, params, subject.components, points, place)
    if width == 2 and not support.whole:
        return _of_two(model, source, params, points or 61)
    raise ModelError(
        f"a density is drawn for one column, or two of real numbers; here are {width} ({some_of(source.columns)}): "
        "choose a column."
    )


def _of_one(
    model: AnyMixture,
    source: ArraySource,
    params: AnyMixtureParams,
    components: tuple[str, ...],
    points: int | None,
    place: int,
) -> Density:
    data, weights = _rows(source)
    seen = ~np.isnan(data[:, place])
    support, x, weights = model.family.support, data[seen, place], weights[seen]
    if support.whole:
        values = support.values(x.max(), x.min())
        edges = np.concatenate([values - 0.5, [values[-1] + 0.5]])
        heights = np.histogram(x, edges, weights=weights)[0] / weights.sum()
    else:
        low, high = _range(x)
        beyond = BEYOND * (high - low)
        values = np.linspace(*_inside(support, low - beyond, high + beyond), points or 201)
        heights, edges = np.histogram(x, _edges(x, weights), weights=weights, density=True)
    names = components or tuple(map(component_name, range(len(params.proportions))))
    grid = np.full((len(values), data.shape[1]), np.nan)
    grid[:, place] = values
    alone = data.shape[1] == 1
    among = model if alone or model.family.among_gaps is None else model.of_family(model.family.among_gaps)
    parts = np.exp(among.log_joint(params, grid)).T
    if alone:
        parts = parts * model.family.described.orders(grid)  # of rows that are sequences, a number stands for many
    return Density(source.columns[place], values, parts, edges, heights, names, support.whole)


def _inside(support: Support, low: float, high: float) -> tuple[float, float]:
    """The part of a range where numbers are possible, without its very ends."""
    a_little = NEAR * (high - low)
    return max(low, support.least + a_little), min(high, support.most - a_little)


def _range(x: Array) -> tuple[float, float]:
    """The least and the largest number of a column; around a number that is the only one, half of its size to each side."""
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    alone = (abs(low) or 1.0) / 2 if low == high else 0.0
    return low - alone, high + alone


def _rows(source: ArraySource) -> tuple[Array, Array]:
    """All rows and their weights. Errors: DataError if the data are not stored, ModelError if they stand for others."""
    refuse_stand_ins(source, "no row can be counted: fit the rows themselves.")
    x, weights = zip(*((as_float64(chunk.x), chunk.weights) for chunk in source.chunks()), strict=True)
    return np.concatenate(x), np.concatenate(weights)


def _edges(x: Array, weights: Array) -> Array:
    """Bins of the width of Freedman and Diaconis, at least as many as Sturges has (for clusters far apart), at most 60."""
    low, high = _range(x)
    spread = np.subtract(*np.percentile(x, [75, 25])) or x.std() or high - low
    width = 2 * spread / max(weights.sum(), 1) ** (1 / 3)
    fewest = np.clip(np.ceil(np.log2(max(weights.sum(), 1))) + 1, 5, 60)
    return np.linspace(low, high, int(np.clip(np.ceil((high - low) / width), fewest, 60)) + 1)


def _of_two(model: AnyMixture, source: ArraySource, params: AnyMixtureParams, points: int) -> Density2:
    data, _ = _rows(source)
    low, high = np.array([_range(column) for column in data.T]).T
    beyond = BEYOND * (high - low)
    low, high = low - beyond, high + beyond
    data = data[~np.isnan(data).any(axis=1)]  # a row with a gap is no point of the plane
    x, y = (np.linspace(*_inside(model.family.support, low[j], high[j]), points) for j in range(2))
    grid = np.stack([np.tile(x, points), np.repeat(y, points)], axis=1)
    if model.family.support.impossible(grid).any():
        raise ModelError(f"between two numbers, {model.family.name} rows cannot be: a density is drawn over real numbers.")
    total = np.exp(model.log_joint(params, grid)).sum(axis=1).reshape(points, points)
    some = data if len(data) <= MOST_POINTS else data[np.round(np.linspace(0, len(data) - 1, MOST_POINTS)).astype(int)]
    return Density2((source.columns[0], source.columns[1]), x, y, total, some)
