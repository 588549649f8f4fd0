"""Parameters near an estimate, as a function of the free coordinates that can move both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Coordinates
from emkit.core.protocols import LatentModel
from emkit.errors import ModelError, some_of
from emkit.inference.floors import Floors, held

NO_FLOORS: Floors = MappingProxyType({})
STEP = 1e-3  # of a standard error: of derivatives of what is a function of the parameters alone
ON_BOUNDARY = "the estimate lies on the boundary of its space"
HELD = "the floor under the spread holds it"
EMPTY = "its component has no rows"
INFINITE = "its maximum-likelihood value is infinite: the likelihood still rises as it runs off (separation)"
SHOWN = 1e-2  # of a move of length 1: what moves less does not run off


def chosen_among(known: tuple[str, ...], names: Iterable[str] | None) -> list[int]:
    """The places of the parameters `names` among those `known`; of all by default. Errors: ModelError for one there is not."""
    chosen = known if names is None else [names] if isinstance(names, str) else list(names)
    for name in chosen:
        if name not in known:
            raise ModelError(f"there is no free parameter {name!r}; there are {some_of(known)}.")
    return [known.index(name) for name in chosen]


@dataclass(frozen=True, eq=False)
class Near:
    """Where the parameters around an estimate are.

    `inside` (p,): which of the coordinates are neither on a boundary, nor held by a floor, nor without rows; `moves` (n, q) are
    the directions among these that are left to move; `reasons`: why an entry cannot move both ways, by its name.
    """

    coordinates: Coordinates[Any]
    params: Any
    inside: Mask
    moves: Array
    reasons: Mapping[str, str]

    @classmethod
    def of(cls, model: LatentModel[Any, Any], params: Any, floors: Floors = NO_FLOORS) -> Near:
        """Around `params`, without what `floors` hold."""
        coordinates = model.coordinates(params)
        everywhere = coordinates.pack(params)
        floored, fixed = held(coordinates, params, floors)
        empty, unknown = held(coordinates, params, model.undetermined(params))
        inside = np.isfinite(everywhere) & ~coordinates.at_edge(everywhere) & ~fixed & ~unknown
        reasons = dict.fromkeys(coordinates.on_boundary(params), ON_BOUNDARY)
        reasons |= dict.fromkeys(floored, HELD) | dict.fromkeys(empty, EMPTY)
        return cls(coordinates, params, inside, np.eye(int(inside.sum())), reasons)

    def without(self, ways: Array) -> Near:
        """The same without orthonormal directions (q, m) along which coefficients have run off to infinity.

        What does not move along any of them keeps its standard error.
        """
        moved = np.abs(ways).max(axis=1, initial=0.0) > 0
        rest = np.linalg.svd(ways[moved])[0][:, ways.shape[1] :]  # across the directions
        moves = np.zeros((len(ways), int((~moved).sum()) + rest.shape[1]))
        moves[np.flatnonzero(~moved), np.arange((~moved).sum())] = 1.0
        moves[moved, (~moved).sum() :] = rest
        among = np.zeros(len(self.inside))
        among[self.inside] = np.sqrt(((self.moves @ ways) ** 2).sum(axis=1))
        off = among[self.coordinates.of_coefficients()] > SHOWN
        names = [name for name, runs in zip(self.coordinates.coefficient_names(), off, strict=True) if runs]
        return replace(self, moves=self.moves @ moves, reasons={**self.reasons, **dict.fromkeys(names, INFINITE)})

    @cached_property
    def _everywhere(self) -> Array:
        return self.coordinates.pack(self.params)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all entries of the free fields."""
        return tuple(self.coordinates.entry_names(self.params))

    @cached_property
    def entries(self) -> Array:
        """Those entries, shape (m,)."""
        return self.coordinates.entries(self.params)

    @property
    def size(self) -> int:
        """How many directions there are to move."""
        return self.moves.shape[1]

    def at(self, move: Array) -> Any:
        """The parameters that lie a `move` (q,) away."""
        full = self._everywhere.copy()
        full[self.inside] += self.moves @ move
        return self.coordinates.unpack(full, self.params)

    def way(self, ahead: Any, behind: Any) -> Array:
        """How far two parameters lie apart (q,): far from an origin, a step is rounded."""
        apart = self.coordinates.pack(ahead)[self.inside] - self.coordinates.pack(behind)[self.inside]
        return np.asarray(apart @ self.moves)

    def pulled(self, slope: Array) -> Array:
        """Derivatives (q,) along the moves, given those along all coordinates (p,)."""
        return np.asarray(slope[self.inside] @ self.moves)

    def derivative(self, function: Callable[[Any], Array], basis: Array) -> Array:
        """The derivatives (m, q) of a function of the parameters, with m values, along the columns of `basis` (q, q)."""
        ways = [function(self.at(STEP * move)) - function(self.at(-STEP * move)) for move in basis.T]
        return np.stack(ways, axis=1) / (2 * STEP) if ways else np.empty((len(function(self.params)), 0))
