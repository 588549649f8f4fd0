"""Rows and the components they belong to: labels, uncertainty, responsibilities, and the outlines of normal components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.axes import component_name
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.data.chunk import as_float64
from emkit.data.profile import Levels
from emkit.data.source import columns_of
from emkit.data.stand_ins import refuse_stand_ins
from emkit.errors import ModelError, some_of
from emkit.explain.latent import check_enumerable
from emkit.explain.subject import Subject
from emkit.inference.classification import likeliest
from emkit.models.around import AnyModel, bare
from emkit.models.assignment import normalise
from emkit.models.components import Components
from emkit.models.mixture import AnyMixtureParams, Mixture, MixtureParams

MOST_ROWS = 2_000  # drawn; more say nothing more
FEW = 10  # values of a column, that most rows share with others
COVERS = 0.95  # share of a normal component that its outline encloses


@dataclass(frozen=True)
class Rows:
    """Rows with their posterior probabilities: `responsibilities` (n, K), whatever assignment the fit used.

    `index` (n,) are their places in the data, `weights` (n,) how often they occur, `of` how many rows there are; `x` (n, d)
    and `columns` are the data (no columns for tables of cells), `levels` the names behind the codes of each column;
    `components` are the names of the K states. Where a value is known up to an interval, `x` has the lower end, and `upper`
    (n, d) the upper one, in the columns of both ends alike, infinite where there is none; None if all values are known.
    """

    index: Integers
    x: Array
    columns: tuple[str, ...]
    weights: Array
    of: int
    components: tuple[str, ...]
    responsibilities: Array
    levels: Levels = ()
    upper: Array | None = None

    @property
    def labels(self) -> Integers:
        """The likeliest component of each row, (n,); -1 for one that is impossible under every component."""
        return likeliest(self.responsibilities)

    @property
    def uncertainty(self) -> Array:
        """1 - the largest responsibility of each row: the chance that its label is wrong, (n,)."""
        return np.asarray(1 - self.responsibilities.max(axis=1))

    def ends(self, place: int) -> tuple[Array, Array]:
        """Between what the values (n,) of a column lie: equal ends where they are known."""
        return self.x[:, place], (self.x if self.upper is None else self.upper)[:, place]

    @property
    def known(self) -> Array:
        """The values (n, d), NaN where they are known up to an interval only."""
        return self.x if self.upper is None else np.where(self.x == self.upper, self.x, np.nan)

    @property
    def apart(self) -> tuple[int, ...]:
        """The places of the columns without those that say the same as another one, as the upper ends of intervals do."""
        columns = [np.concatenate(self.ends(place)) for place in range(self.x.shape[1])]
        same = [any(np.array_equal(own, each, equal_nan=True) for each in columns[:j]) for j, own in enumerate(columns)]
        return tuple(range(len(columns))) if self.upper is None else tuple(j for j, other in enumerate(same) if not other)

    @property
    def spread_out(self) -> tuple[int, ...]:
        """The places of the columns in which rows lie apart from each other: numbers, with many values."""
        distinct = [len(np.unique(column[~np.isnan(column)])) for column in self.known.T]
        named = [place for place, names in enumerate(self.levels) if names is not None]
        return tuple(place for place, many in enumerate(distinct) if many > FEW and place not in named)

    @property
    def expected_errors(self) -> float:
        """The expected share of wrong labels among these rows."""
        return float(self.weights @ self.uncertainty / self.weights.sum())

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {
            "index": self.index.tolist(),
            "x": _finite(self.x).tolist(),
            **({} if self.upper is None else {"upper": _finite(self.upper).tolist()}),
            "columns": list(self.columns),
            "levels": [list(names) if names is not None else None for names in self.levels],
            "weights": self.weights.tolist(),
            "of": self.of,
            "components": list(self.components),
            "responsibilities": self.responsibilities.tolist(),
            "labels": self.labels.tolist(),
            "uncertainty": self.uncertainty.tolist(),
        }


def _finite(x: Array) -> Array:
    """Ends that there are; NaN for the others."""
    return np.where(np.isinf(x), np.nan, x)


def rows(subject: Subject, params: Parameters, most: int = MOST_ROWS) -> Rows:
    """The rows at `params`; of more than `most`, evenly spaced ones.

    Errors: ModelError for a model whose latent states cannot be listed, and for rows that stand for others.
    """
    refuse_stand_ins(subject.source, "no row can be shown: fit the rows themselves.")
    model = check_enumerable(subject.model)
    parts = []
    for chunk in subject.source.chunks():
        complete = model.complete(params, chunk)
        x = chunk.x if isinstance(model, Components) else np.empty((len(complete.log_joint), 0))
        parts.append((complete.log_joint, complete.weights, as_float64(x)))
    log_joint, weights, x = (np.concatenate(column) for column in zip(*parts, strict=True))
    index = np.arange(len(log_joint))
    if len(index) > most:
        index = np.round(np.linspace(0, len(index) - 1, most)).astype(int)
    columns = columns_of(subject.source) if x.shape[1] else ()
    x, upper = x[index], None
    if isinstance(model, Components) and model.family.support.untold(x).any():
        ends = [model.family.support.known(x, place) for place in range(x.shape[1])]
        x, upper = (np.column_stack(each) for each in zip(*ends, strict=True))
    levels = getattr(subject.source, "levels", ())
    states = log_joint.shape[1]
    names = subject.components if len(subject.components) == states else tuple(map(component_name, range(states)))
    shares = normalise(log_joint[index])[0]
    return Rows(index, x, columns, weights[index], len(log_joint), names, shares, levels, upper)


def column_places(columns: Sequence[str], chosen: Sequence[str | int] | None, most: int) -> tuple[int, ...]:
    """The places of the `chosen` columns, by name or place; by default the first `most`.

    Errors: ModelError naming the columns there are, or saying that there are none.
    """
    if not columns:
        raise ModelError("rows are drawn by their columns, and this model is no mixture: what it lists has no columns to draw.")
    if chosen is None:
        return tuple(range(min(most, len(columns))))
    places = []
    for name in chosen:
        place = name if isinstance(name, int) else columns.index(name) if name in columns else -1
        if not 0 <= place < len(columns):
            raise ModelError(f"there is no column {name!r}; the columns are {some_of(columns)}.")
        places.append(place)
    if not 1 <= len(places) <= most:
        raise ModelError(f"choose at most {most} columns, and at least one; got {len(places)}.")
    return tuple(places)


def covariances(model: AnyModel, params: Parameters) -> Array | None:
    """The covariances (K, d, d) of a mixture of normal components in any form; None for other models."""
    inner = bare(model)
    if not isinstance(inner, Mixture) or not isinstance(params, MixtureParams):
        return None
    return inner.family.described.covariances(params.components)


def outlines(model: AnyModel, params: AnyMixtureParams, places: tuple[int, ...], points: int = 100) -> Array | None:
    """Ellipses (K, points, 2) that enclose 95 % of each normal component in two columns; None for other families."""
    matrices = covariances(model, params)
    if matrices is None or len(places) != 2:
        return None
    angle = np.linspace(0, 2 * np.pi, points)
    circle = np.sqrt(-2 * np.log(1 - COVERS)) * np.stack([np.cos(angle), np.sin(angle)])
    chosen = matrices[:, places][:, :, places]
    centres = params.components.means[:, places]
    return np.stack([(np.linalg.cholesky(c) @ circle).T + m for c, m in zip(chosen, centres, strict=True)])
