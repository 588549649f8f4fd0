"""The M-step of items and of the abilities of groups, which depend on each other: places of ability move with these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters, replace_at
from emkit.models import item_newton
from emkit.models.climbing import Bend, climbed
from emkit.models.item_kinds import ItemKind
from emkit.models.item_params import AbilityGroups, ItemsParams

P = TypeVar("P", bound=Parameters)
UNSEEN = 1e-6  # logits by which answers differ between people


class Asked(NamedTuple):
    """An item of a `kind`, where its answers are among those of all (`part`), and which `groups` of people are asked it."""

    kind: ItemKind
    part: slice
    groups: slice = slice(None)


@dataclass(frozen=True)
class ItemsHeight:
    """The expected log-likelihood of items `asked`, by how many are expected with each of all answers, (A, G, Q).

    That is at places `standard` (Q,), in units of the spread of a group's abilities about its mean.
    """

    asked: Sequence[Asked]
    answers: Array
    standard: Array

    def places(self, abilities: AbilityGroups) -> Array:
        """The places (G, Q) of ability."""
        return abilities.means[:, None] + abilities.spreads[:, None] * self.standard

    def of_item(self, j: int, params: ItemsParams) -> tuple[Array, Array]:
        """How many are expected with each answer to item j (L, N) at the places (N,) of those who are asked it."""
        item = self.asked[j]
        counts = self.answers[item.part, item.groups]
        return counts.reshape(len(counts), -1), self.places(params.abilities)[item.groups].ravel()

    def value(self, params: ItemsParams) -> float:
        """The height, with the log-prior."""
        each = enumerate(zip(self.asked, params.items, strict=True))
        return float(sum(item_newton.height(asked.kind, item, *self.of_item(j, params)) for j, (asked, item) in each))

    def item_climbed(self, j: int, params: ItemsParams) -> Parameters:
        """Item j at which it is greatest, all else given."""
        highest: Parameters = item_newton.highest(self.asked[j].kind, params.items[j], *self.of_item(j, params))
        return highest

    def item_slopes(self, j: int, params: ItemsParams) -> dict[str, Array]:
        """Its slopes along the fields of item j, without the prior."""
        return item_newton.slopes(self.asked[j].kind, params.items[j], *self.of_item(j, params))

    def of_abilities(self, params: ItemsParams) -> tuple[Array, Array]:
        """Its slopes (G,) along means and spreads."""
        slope = np.zeros(self.answers.shape[1:])
        for j, item in enumerate(self.asked):
            slope[item.groups] += (self.answers[item.part, item.groups] * self._by_ability(j, params)).sum(axis=0)
        return slope.sum(axis=1), slope @ self.standard

    def climbed(
        self, params: P, coordinates: Coordinates[P], items: Callable[[P], ItemsParams], ways: Array, own: slice = slice(None)
    ) -> P:
        """Parameters at which it is greatest, from those given, which say `items` and abilities, along free coordinates.

        `ways` (2 G, q): how means and, below, spreads move with those of abilities, the last; `own`: of which fields of items
        `coordinates` are.
        """
        return climbed(
            params,
            coordinates,
            lambda there: self.value(items(there)),
            lambda there: self._bend(items(there), ways, own),
            float(self.answers.sum()),
        )

    def _by_ability(self, j: int, params: ItemsParams) -> Array:
        """The derivatives (L, g, Q) of the log-chances of item j along the ability, in the groups that are asked it."""
        item, at = self.asked[j], self.places(params.abilities)[self.asked[j].groups]
        return item.kind.by_ability(params.items[j], at.ravel()).reshape(-1, *at.shape)

    def _moved(self, abilities: AbilityGroups, groups: slice) -> tuple[Integers, Array]:
        """Which of means and, below, spreads (2 G) some groups have (2 g,), and how far their places (g Q) move with each."""
        number = len(abilities.means)
        cells = np.arange(number)[groups]
        wide = abilities.spreads[cells, None] * self.standard
        each = np.stack([np.ones_like(wide), wide])[:, :, None] * np.eye(len(cells))[:, :, None]
        return np.concatenate([cells, number + cells]), each.reshape(2 * len(cells), -1)

    def _bend(self, params: ItemsParams, ways: Array, own: slice) -> Bend:
        """Slope and curvature along the free coordinates of items and, last, of abilities."""
        groups = len(params.abilities.means)
        each = [
            (asked, of, *self.of_item(j, params)) for j, (asked, of) in enumerate(zip(self.asked, params.items, strict=True))
        ]
        told = [item_newton.told(asked.kind, of, at) for asked, of, _, at in each]
        ends = np.cumsum([0, *(len(one.along) for one in told)])
        size = int(ends[-1])
        slope, curvature = np.zeros(size + 2 * groups), np.zeros((size + 2 * groups,) * 2)
        asked_of = {_ends(asked.groups): asked.groups for asked in self.asked}
        of_groups = {ends_of: self._moved(params.abilities, some) for ends_of, some in asked_of.items()}
        for j, (asked, of, counts, at) in enumerate(each):
            mine, (cells, moved) = slice(ends[j], ends[j + 1]), of_groups[_ends(asked.groups)]
            slope[mine], curvature[mine, mine], _ = item_newton.bend(asked.kind, of, counts, told[j])
            part, along = asked.kind.by_ability(of, at), size + cells
            expected = counts.sum(axis=0) * told[j].chances * part
            slope[along] += moved @ (counts * part).sum(axis=0)
            curvature[mine, along] = (told[j].along * expected).sum(axis=1) @ moved.T
            curvature[along, mine] = curvature[mine, along].T
            curvature[np.ix_(along, along)] += (moved * (expected * part).sum(axis=0)) @ moved.T
        across = np.zeros((size + 2 * groups, size + ways.shape[1]))
        across[:size, :size] = np.eye(size)
        across[size:, size:] = ways
        across = across[:, np.r_[np.arange(size)[own], size : across.shape[1]]]
        spreads = np.where(params.abilities.spreads > 0, params.abilities.spreads, 1.0)
        units = np.concatenate([np.ones(size + groups), 1 / spreads])  # of a spread its own, not that of its logarithm
        longest = (units[:, None] * np.abs(across)).max(axis=0)
        return Bend(across.T @ slope, across.T @ curvature @ across, longest)


def _ends(groups: slice) -> tuple[int | None, int | None]:
    """Which groups, in a word that can be looked up."""
    return groups.start, groups.stop


def with_abilities(params: ItemsParams, abilities: AbilityGroups) -> ItemsParams:
    """The same items and these abilities."""
    return replace_at(params, {"abilities.means": abilities.means, "abilities.spreads": abilities.spreads})


def settled_spreads(before: Array, after: Array, steepest: float | Array) -> Array:
    """Spreads `after` a step, 0 where no answer shows them and they become smaller: the likelihood is even in them there."""
    return np.where((after < before) & (after * steepest < UNSEEN), 0.0, after)
