"""How classes of a growth mixture develop along a covariate such as time, over the groups that were seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.json_types import Json
from emkit.data.chunk import as_float64
from emkit.data.frames import Names
from emkit.errors import ModelError
from emkit.fitted import AnyFitted
from emkit.models.frozen import bare
from emkit.models.growth_mixture import GrowthMixture
from emkit.report.labels import names_of
from emkit.views.along import along

MOST_GROUPS = 400  # that are shown: evenly over those that there are


@dataclass(frozen=True)
class Trajectories:
    """The `means` (K, m) of the `response` in `classes`, `at` (m,) places along a `covariate`, others at their means.

    `x`, `y` (n,): rows of groups that were seen, one group after the other, in the order of the covariate; `bounds` (G + 1,):
    where each begins; `likeliest` (G,): the class that it is most probably of. `of`: how many groups there are.
    """

    covariate: str
    response: str
    levels: Names
    classes: tuple[str, ...]
    proportions: Array
    at: Array
    means: Array
    x: Array
    y: Array
    bounds: Integers
    likeliest: Integers
    of: int

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        told = ("proportions", "at", "means", "x", "y", "bounds", "likeliest")
        said = {"covariate": self.covariate, "response": self.response, "levels": self.levels and list(self.levels)}
        return {**said, "classes": list(self.classes), "of": self.of, **{name: getattr(self, name).tolist() for name in told}}


def growth_mixture_of(result: AnyFitted) -> GrowthMixture:
    """The model of a fit. Errors: ModelError for one that is no growth mixture."""
    inner = bare(result.model)
    if not isinstance(inner, GrowthMixture):
        raise ModelError(f"{type(inner).__name__} has no classes of groups that develop; a growth mixture has.")
    return inner


def trajectories(result: AnyFitted, over: str | None = None) -> Trajectories:
    """How classes develop `over` one covariate; by default the first.

    Errors: ModelError for another model, without covariates, and for one that there is not; DataError without the data.
    """
    model, params, source = growth_mixture_of(result), result.params, result.source
    layout, chunks = model.model.known_layout, list(source.chunks())
    x, weights = (np.concatenate(parts) for parts in zip(*((as_float64(c.x), c.weights) for c in chunks), strict=True))
    likely = tuple(dict.fromkeys([*layout.fixed.names, *layout.random.names]))
    if not likely:
        raise ModelError("the model has no covariate that classes could develop along.")
    found = along(source, x, weights, over, likely)
    lengths = np.concatenate([np.diff(chunk.bounds) for chunk in chunks])
    starts = np.append(0, np.cumsum(lengths))
    shown = np.unique(np.linspace(0, len(lengths) - 1, min(len(lengths), MOST_GROUPS)).round().astype(np.intp))
    rows = [_in_order(found.rows, starts[g], starts[g + 1]) for g in shown]
    every = np.concatenate(rows)
    names = names_of(result)
    return Trajectories(
        found.name, source.columns[layout.response], found.levels,
        tuple(names.component(k) for k in range(len(params.sizes))), model.proportions(params, source),
        found.at, model.means(params, found.x).T, found.rows[every], x[every, layout.response],
        np.append(0, np.cumsum([len(own) for own in rows])), model.shares(params, source)[shown].argmax(axis=1), len(lengths),
    )  # fmt: skip


def _in_order(values: Array, first: Any, end: Any) -> Integers:
    """The places of a group's rows, by their values."""
    return np.asarray(first + np.argsort(values[first:end], kind="stable"))
