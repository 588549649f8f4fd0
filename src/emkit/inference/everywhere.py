"""Whether a model of discrete rows can be identified at all: the rank of its cell probabilities, at many parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.protocols import LatentModel
from emkit.data.chunk import Chunk
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.inference.differences import jacobian
from emkit.inference.near import Near

AWAY = 1.0  # from the estimates, in free coordinates: far enough to be nowhere special
STEP = 1e-2  # in free coordinates
FLAT = 1e-7  # of the largest singular value


@dataclass(frozen=True)
class GenericRank:
    """The `rank` of the derivatives of the probabilities of `cells` cells by the `free` parameters, at most of some points.

    A rank below `free` says that no data of this kind can tell all parameters, whatever their values are; a full rank, that
    nearly all values can be told apart from those near them.
    """

    rank: int
    free: int
    cells: int

    def __bool__(self) -> bool:
        return self.rank == self.free

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self:
            return f"the probabilities of {self.cells} cells determine all {self.free} free parameters, nearly everywhere."
        most = f", and {self.cells} cells have no more than {self.cells - 1} free" if self.cells <= self.free else ""
        return (
            f"never identifiable: the probabilities of {self.cells} cells depend on {self.rank} combinations of the "
            f"{self.free} free parameters{most}. Use fewer components, hold parameters, or add columns."
        )

    def __str__(self) -> str:
        return self.sentence


def generic_rank(model: LatentModel[Any, Any], params: Any, cells: Array, points: int = 3, seed: int = 0) -> GenericRank:
    """The highest rank at some random points around `params`, of rows `cells` (c, d) that are all that can occur.

    Errors: ModelError for a model that does not tell what each row adds to its objective.
    """
    near, rng = Near.of(model, _inside(model, params)), np.random.default_rng(seed)
    chunk = Chunk(cells, np.ones(len(cells)))
    ranks = [_rank(model, near, AWAY * rng.standard_normal(near.size), chunk) for _ in range(points)]
    return GenericRank(max(ranks), near.coordinates.size, len(cells))


def _inside(model: LatentModel[Any, Any], params: Any) -> Any:
    """`params` with what lies on a boundary moved inside: a point of the edge is a special one."""
    coordinates = model.coordinates(params)
    found = coordinates.pack(params)
    return coordinates.unpack(np.where(np.isfinite(found) & ~coordinates.at_edge(found), found, 0.0), params)


def _rank(model: LatentModel[Any, Any], near: Near, move: Array, chunk: Chunk) -> int:
    def probabilities(point: Array) -> Array:
        heights = model.row_objectives(near.at(point), chunk)
        if heights is None:
            raise ModelError(f"{type(model).__name__} does not tell what each row adds: write row_objectives(params, chunk).")
        return np.exp(heights)

    try:
        scale = np.sqrt(probabilities(move))
        slopes = jacobian(probabilities, move, np.full(near.size, STEP)) / np.where(scale > 0, scale, np.inf)[:, None]
    except (ParameterError, DegenerateFitError):
        return 0
    size = np.linalg.norm(slopes, axis=0)
    values = np.linalg.svd(slopes / np.where(size > 0, size, 1.0), compute_uv=False)
    return int((values > FLAT * values.max(initial=0.0)).sum())
