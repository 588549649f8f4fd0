"""The M-step of items of any kind that ask several abilities, and of how these correlate, which depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters
from emkit.core.spaces.correlations import moves_of_root, root_of
from emkit.models import item_newton
from emkit.models.abilities_params import ItemPlanesParams
from emkit.models.climbing import Bend, climbed
from emkit.models.plane_kinds import PlaneKind

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class PlanesHeight:
    """The expected log-likelihood of items of `kinds`, by how many are expected with each of all `answers` (A, N).

    `parts`: where the answers to each item are; `standard` (J of (N, m)): the places of standard normal abilities of each item.
    """

    kinds: Sequence[PlaneKind]
    parts: Sequence[slice]
    answers: Array
    standard: Sequence[Array]

    def places(self, j: int, params: ItemPlanesParams) -> Array:
        """The places (N, m) of abilities of item j."""
        return self.standard[j] @ root_of(params.correlations).T

    def value(self, params: ItemPlanesParams) -> float:
        """The height, with the log-prior."""
        each = enumerate(zip(self.kinds, params.items, strict=True))
        return float(
            sum(item_newton.height(kind, item, self.answers[self.parts[j]], self.places(j, params)) for j, (kind, item) in each)
        )

    def item_climbed(self, j: int, params: ItemPlanesParams, slopes: Mask) -> Parameters:
        """Item j at which it is greatest, all else given; `slopes` (m,): which of its slopes move."""
        item, kind = params.items[j], self.kinds[j]
        held = [f"slopes[{k}]" for k in np.flatnonzero(~slopes)]
        counts, places = self.answers[self.parts[j]], self.places(j, params)
        found: Parameters = item_newton.highest(kind, item, counts, places, held, kind.free(item, slopes))
        return found

    def item_slopes(self, j: int, params: ItemPlanesParams) -> dict[str, Array]:
        """Its slopes along the fields of item j, without the prior."""
        return item_newton.slopes(self.kinds[j], params.items[j], self.answers[self.parts[j]], self.places(j, params))

    def climbed(
        self, params: P, coordinates: Coordinates[P], planes: Callable[[P], ItemPlanesParams], slopes: Mask, items: bool
    ) -> P:
        """Parameters at which it is greatest, from those given, along free coordinates: correlations and, then, `items`.

        `planes` tells all parameters, and `slopes` (J, m) which slopes move.
        """
        return climbed(
            params,
            coordinates,
            lambda there: self.value(planes(there)),
            lambda there: self._bend(planes(there), slopes, items),
            float(self.answers.sum()),
        )

    def of_correlations(self, params: ItemPlanesParams) -> Array:
        """Its slopes (m, m) along correlations, symmetric, so that along free coordinates they are those that it has."""
        along = self._bend(params, np.zeros((len(self.kinds), len(params.correlations)), dtype=bool), False).slope
        moves, root = moves_of_root(params.correlations), root_of(params.correlations)
        rows, columns = np.tril_indices(len(root), -1)
        units = np.zeros((len(rows), *root.shape))
        units[np.arange(len(rows)), rows, columns] = units[np.arange(len(rows)), columns, rows] = 1.0
        pulled = np.einsum("cij,uij->cu", moves, 2 * units @ root)
        found: Array = np.linalg.lstsq(pulled, along, rcond=None)[0]
        return np.einsum("u,uij->ij", found, units)

    def _bend(self, params: ItemPlanesParams, slopes: Mask, items: bool) -> Bend:
        """Slope and curvature along the free coordinates of correlations and, if they move, of `items`."""
        moves = moves_of_root(params.correlations)
        first = len(moves)
        frees = [kind.free(item, own) for kind, item, own in zip(self.kinds, params.items, slopes, strict=True)]
        ends = first + np.cumsum([0, *(int(free.sum()) for free in frees)])
        slope, curvature = np.zeros(ends[-1]), np.zeros((ends[-1],) * 2)
        items_of: tuple[Any, ...] = params.items
        for j, (kind, item, free) in enumerate(zip(self.kinds, items_of, frees, strict=True)):
            counts, places = self.answers[self.parts[j]], self.places(j, params)
            told, by = item_newton.told(kind, item, places), kind.along(item, places)
            expected = counts.sum(axis=0) * told.chances * by
            moved = np.einsum("cab,a->cb", moves, item.slopes) @ self.standard[j].T  # slopes . abilities
            slope[:first] += moved @ (counts * by).sum(axis=0)
            curvature[:first, :first] += (moved * (expected * by).sum(axis=0)) @ moved.T
            mine = slice(ends[j], ends[j + 1])
            own = item_newton.bend(kind, item, counts, told).part(free)
            slope[mine], curvature[mine, mine] = own.slope, own.curvature
            curvature[mine, :first] = (told.along[free] * expected).sum(axis=1) @ moved.T
            curvature[:first, mine] = curvature[mine, :first].T
        size = ends[-1] if items else first
        return Bend(slope[:size], curvature[:size, :size], np.ones(size))
