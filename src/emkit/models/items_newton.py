"""The M-step of items and of the abilities of groups, which depend on each other: places of ability move with these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import replace_at
from emkit.models import item_newton
from emkit.models.climbing import Bend, climbed
from emkit.models.item_kinds import ItemKind
from emkit.models.item_params import AbilityGroups, ItemsParams


@dataclass(frozen=True)
class ItemsHeight:
    """The expected log-likelihood of items of `kinds`, by how many are expected with each of their answers, (A, G, Q).

    That is at places `standard` (Q,), in units of the spread of a group's abilities about its mean; `parts`: where the answers
    to each item are.
    """

    kinds: Sequence[ItemKind]
    parts: Sequence[slice]
    answers: Array
    standard: Array

    def places(self, abilities: AbilityGroups) -> Array:
        """The places (G, Q) of ability."""
        return abilities.means[:, None] + abilities.spreads[:, None] * self.standard

    def of_item(self, j: int) -> Array:
        """How many are expected with each answer to item j at all places one after the other, (L, G Q)."""
        counts = self.answers[self.parts[j]]
        return counts.reshape(len(counts), -1)

    def value(self, params: ItemsParams) -> float:
        """The height, with the log-prior."""
        at = self.places(params.abilities).ravel()
        each = enumerate(zip(self.kinds, params.items, strict=True))
        return float(sum(item_newton.height(kind, item, self.of_item(j), at) for j, (kind, item) in each))

    def of_abilities(self, params: ItemsParams) -> tuple[Array, Array]:
        """Its slopes (G,) along means and spreads."""
        along = self._by_ability(params)
        slope = np.einsum("agq,agq->gq", self.answers, along)
        return slope.sum(axis=1), slope @ self.standard

    def climbed(self, params: ItemsParams, coordinates: Coordinates[ItemsParams], free: Mask) -> ItemsParams:
        """Parameters at which it is greatest, from those given; `free` (2, G): which means and spreads move."""
        return climbed(params, coordinates, self.value, lambda there: self._bend(there, free), self._mass)

    def abilities_climbed(self, params: ItemsParams, coordinates: Coordinates[AbilityGroups], free: Mask) -> AbilityGroups:
        """Abilities at which it is greatest, given the items."""

        def bend(abilities: AbilityGroups) -> Bend:
            whole = self._bend(with_abilities(params, abilities), free)
            own = len(whole.slope) - int(free.sum())
            return Bend(whole.slope[own:], whole.curvature[own:, own:], whole.units[own:])

        return climbed(params.abilities, coordinates, lambda there: self.value(with_abilities(params, there)), bend, self._mass)

    @property
    def _mass(self) -> float:
        return float(self.answers.sum())

    def _by_ability(self, params: ItemsParams) -> Array:
        """The derivatives (A, G, Q) of the log-chances along the ability."""
        at = self.places(params.abilities)
        each = [kind.by_ability(item, at.ravel()) for kind, item in zip(self.kinds, params.items, strict=True)]
        return np.concatenate(each).reshape(-1, *at.shape)

    def _bend(self, params: ItemsParams, free: Mask) -> Bend:
        """Slope and curvature along the free coordinates of items and, last, of abilities."""
        at, groups = self.places(params.abilities), len(params.abilities.means)
        moved = np.stack([np.ones_like(at), params.abilities.spreads[:, None] * self.standard])  # the places, by coordinate
        along = self._by_ability(params)
        ends = np.cumsum([0, *(len(item_newton.pull(item)) for item in params.items)])
        own = int(ends[-1])
        slope, curvature = np.zeros(own + 2 * groups), np.zeros((own + 2 * groups,) * 2)
        cells = np.arange(groups)
        for j, (kind, item) in enumerate(zip(self.kinds, params.items, strict=True)):
            mine, counts, part = slice(ends[j], ends[j + 1]), self.of_item(j), along[self.parts[j]]
            beside, chances = item_newton.told(kind, item, at.ravel())
            slope[mine], curvature[mine, mine], _ = item_newton.bend(kind, item, counts, beside, chances)
            expected = (counts.sum(axis=0) * chances).reshape(part.shape)
            shown = (beside.reshape(-1, *part.shape) * (expected * part)).sum(axis=1)
            curvature[mine, own:] = np.einsum("pgq,agq->pag", shown, moved).reshape(len(beside), -1)
            curvature[own:, mine] = curvature[mine, own:].T
            squares = np.einsum("gq,agq,bgq->abg", (expected * part**2).sum(axis=0), moved, moved)
            for a in range(2):
                for b in range(2):
                    curvature[own + a * groups + cells, own + b * groups + cells] += squares[a, b]
        slope[own:] = np.einsum("agq,bgq->bg", self.answers * along, moved).ravel()
        wide = np.where(params.abilities.spreads > 0, params.abilities.spreads, 1.0)
        units = np.concatenate([np.ones(own + groups), 1 / wide])  # of a spread its own, not that of its logarithm
        kept = np.concatenate([np.arange(own), own + np.flatnonzero(free)])
        return Bend(slope[kept], curvature[np.ix_(kept, kept)], units[kept])


def with_abilities(params: ItemsParams, abilities: AbilityGroups) -> ItemsParams:
    """The same items and these abilities."""
    return replace_at(params, {"abilities.means": abilities.means, "abilities.spreads": abilities.spreads})
