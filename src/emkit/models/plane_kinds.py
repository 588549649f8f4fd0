"""Items of any kind whose ability is a plane in several: slopes . abilities takes the place of slope * ability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.parameters import leaves
from emkit.models.item_kinds import ItemKind


@dataclass(frozen=True)
class PlaneKind:
    """What an item of a `kind` says of m abilities at places (n, m), by the formulas of one ability."""

    kind: ItemKind

    def log_chances(self, params: Any, places: Array) -> Array:
        """The logarithm (L, n) of the probability of each answer."""
        return self.kind.log_chances(self.kind.line(params), places @ params.slopes)

    def along(self, params: Any, places: Array) -> Array:
        """The derivatives (L, n) of these along slopes . abilities."""
        return self.kind.by_ability(self.kind.line(params), places @ params.slopes)

    def derivatives(self, params: Any, places: Array) -> Array:
        """Their derivatives (p, L, n) along each number of the parameters."""
        line = self.kind.line(params)
        found, place = self.kind.derivatives(line, places @ params.slopes), self._place(line)
        slopes = places.T[:, None, :] * self.along(params, places)
        return np.concatenate([found[:place], slopes, found[place + 1 :]])

    @property
    def has_prior(self) -> bool:
        """Whether the prior density is anything but even."""
        return self.kind.has_prior

    def log_prior(self, params: Any) -> float:
        """Logarithm of the prior density, up to a constant: none is of slopes."""
        return self.kind.log_prior(self.kind.line(params))

    def prior_slope(self, params: Any) -> Array:
        """Its derivatives (p,) along the parameters."""
        return self._spread(params, self.kind.prior_slope(self.kind.line(params)))

    def prior_information(self, params: Any) -> Array:
        """How it bends downwards along each free coordinate (p,)."""
        return self._spread(params, self.kind.prior_information(self.kind.line(params)))

    def free(self, params: Any, slopes: Mask) -> Mask:
        """Which of all numbers of the parameters (p,) move, where `slopes` (m,) says which of the slopes do."""
        return np.concatenate([slopes if leaf.path == "slopes" else np.ones(leaf.value.size, bool) for leaf in leaves(params)])

    def _spread(self, params: Any, of_line: Array) -> Array:
        place = self._place(self.kind.line(params))
        return np.concatenate([of_line[:place], np.zeros(len(params.slopes)), of_line[place + 1 :]])

    @staticmethod
    def _place(line: Any) -> int:
        """Where the slope is among the numbers of an item of one ability."""
        paths = [leaf.path for leaf in leaves(line) for _ in range(leaf.value.size)]
        return paths.index("slope")
