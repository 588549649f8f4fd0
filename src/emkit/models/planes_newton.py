"""The M-step of items of any kind that ask several abilities, and of how these vary, which depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Parameters
from emkit.core.spaces.correlations import moves_of_root, root_of
from emkit.models import item_newton
from emkit.models.abilities_params import AbilitiesOfGroup, ItemPlanesParams
from emkit.models.climbing import Bend, climbed
from emkit.models.plane_kinds import PlaneKind

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class Moving:
    """What moves: `items`, and which of their `slopes` (J, m); and of groups of people, what is told of their abilities.

    These are correlations of the `first` group, means and spreads of the `others`, and `correlations` of these.
    """

    slopes: Mask
    items: bool
    first: bool
    others: bool
    correlations: bool


@dataclass(frozen=True)
class PlanesHeight:
    """The expected log-likelihood of items of `kinds`, by how many are expected with each of all `answers` (A, G, N).

    `parts`: where the answers to each item are; `standard` (J of (N, m)): the places of standard normal numbers of each item.
    """

    kinds: Sequence[PlaneKind]
    parts: Sequence[slice]
    answers: Array
    standard: Sequence[Array]

    def of_item(self, j: int, params: ItemPlanesParams) -> tuple[Array, Array]:
        """How many are expected with each answer to item j (L, G N) at the places of abilities (G N, m) of all groups."""
        counts = self.answers[self.parts[j]]
        places = np.concatenate([abilities.at(self.standard[j]) for abilities in params.groups])
        return counts.reshape(len(counts), -1), places

    def value(self, params: ItemPlanesParams) -> float:
        """The height, with the log-prior."""
        each = enumerate(zip(self.kinds, params.items, strict=True))
        return float(sum(item_newton.height(kind, item, *self.of_item(j, params)) for j, (kind, item) in each))

    def item_climbed(self, j: int, params: ItemPlanesParams, slopes: Mask) -> Parameters:
        """Item j at which it is greatest, all else given; `slopes` (m,): which of its slopes move."""
        item, kind = params.items[j], self.kinds[j]
        held = [f"slopes[{k}]" for k in np.flatnonzero(~slopes)]
        found: Parameters = item_newton.highest(kind, item, *self.of_item(j, params), held, kind.free(item, slopes))
        return found

    def item_slopes(self, j: int, params: ItemPlanesParams) -> dict[str, Array]:
        """Its slopes along the fields of item j, without the prior."""
        return item_newton.slopes(self.kinds[j], params.items[j], *self.of_item(j, params))

    def climbed(self, params: P, coordinates: Coordinates[P], planes: Callable[[P], ItemPlanesParams], moving: Moving) -> P:
        """Parameters at which it is greatest, from those given, along the free coordinates of what is `moving`.

        `planes` tells all parameters.
        """
        return climbed(
            params,
            coordinates,
            lambda there: self.value(planes(there)),
            lambda there: self._bend(planes(there), moving),
            float(self.answers.sum()),
        )

    def of_abilities(self, params: ItemPlanesParams) -> dict[str, Array]:
        """Its slopes along what abilities have in each group.

        Those along correlations (m, m) are symmetric, so that along free coordinates they are those that it has.
        """
        m, found = len(params.correlations), {}
        along = self._bend(params, Moving(np.zeros((len(self.kinds), m), dtype=bool), False, True, True, True)).slope
        pairs = m * (m - 1) // 2
        found["correlations"] = _of_correlations(params.correlations, along[:pairs])
        for g, (group, own) in enumerate(zip(params.others, along[pairs:].reshape(-1, 2 * m + pairs), strict=True)):
            spreads = np.where(group.spreads > 0, group.spreads, 1.0)
            found[f"others.{g}.means"], found[f"others.{g}.spreads"] = own[:m], own[m : 2 * m] / spreads
            found[f"others.{g}.correlations"] = _of_correlations(group.correlations, own[2 * m :])
        return found

    def _bend(self, params: ItemPlanesParams, moving: Moving) -> Bend:
        """Slope and curvature along the free coordinates of correlations, items and other groups, as far as they move."""
        groups, m = params.groups, len(params.correlations)
        frees = [kind.free(item, own) for kind, item, own in zip(self.kinds, params.items, moving.slopes, strict=True)]
        pairs = m * (m - 1) // 2
        ends = pairs + np.cumsum([0, *(int(free.sum()) for free in frees)])
        size = int(ends[-1]) + len(params.others) * (2 * m + pairs)
        places = [np.arange(pairs), *np.arange(ends[-1], size).reshape(-1, 2 * m + pairs)]
        slope, curvature, units = np.zeros(size), np.zeros((size, size)), np.ones(size)
        items_of: tuple[Any, ...] = params.items
        for j, (kind, item, free) in enumerate(zip(self.kinds, items_of, frees, strict=True)):
            counts, at = self.of_item(j, params)
            told, by = item_newton.told(kind, item, at), kind.along(item, at)
            expected = counts.sum(axis=0) * told.chances * by
            mine = slice(ends[j], ends[j + 1])
            own = item_newton.bend(kind, item, counts, told).part(free)
            slope[mine], curvature[mine, mine] = own.slope, own.curvature
            pulled, bent = (counts * by).sum(axis=0), (expected * by).sum(axis=0)
            shown = (told.along[free] * expected).sum(axis=1)
            number = len(self.standard[j])
            for g, (group, rows) in enumerate(zip(groups, places, strict=True)):
                here = slice(g * number, (g + 1) * number)
                moved = _moved(group, item.slopes, self.standard[j], g > 0)
                slope[rows] += moved @ pulled[here]
                curvature[np.ix_(rows, rows)] += (moved * bent[here]) @ moved.T
                curvature[mine, rows] = shown[:, here] @ moved.T
                curvature[rows, mine] = curvature[mine, rows].T
        for group, rows in zip(params.others, places[1:], strict=True):
            units[rows[m : 2 * m]] = 1 / np.where(group.spreads > 0, group.spreads, 1.0)  # of a spread, not its logarithm
        return Bend(slope, curvature, units).part(self._part(places, ends, m, moving))

    @staticmethod
    def _part(places: Sequence[Integers], ends: Integers, m: int, moving: Moving) -> Mask:
        """Which of the coordinates move."""
        found = np.concatenate([[moving.first] * len(places[0]), [moving.items] * int(ends[-1] - len(places[0]))])
        each = np.concatenate([[moving.others] * (2 * m), [moving.correlations] * len(places[0])])
        return np.asarray(np.concatenate([found, *[each] * (len(places) - 1)]), dtype=bool)


def _moved(group: AbilitiesOfGroup, slopes: Array, standard: Array, whole: bool) -> Array:
    """How slopes . abilities move at places (N, m), along correlations or, of a `whole` group, along means and spreads before.

    The coordinate of a spread is its logarithm.
    """
    turned = np.einsum("cab,a->cb", moves_of_root(group.correlations), slopes * group.spreads) @ standard.T
    if not whole:
        return np.asarray(turned)
    wide = (slopes * group.spreads)[:, None] * (root_of(group.correlations) @ standard.T)
    return np.concatenate([np.broadcast_to(slopes[:, None], wide.shape), wide, turned])


def _of_correlations(correlations: Array, along: Array) -> Array:
    """Slopes (m, m) that along free coordinates are those given."""
    moves, root = moves_of_root(correlations), root_of(correlations)
    rows, columns = np.tril_indices(len(root), -1)
    units = np.zeros((len(rows), *root.shape))
    units[np.arange(len(rows)), rows, columns] = units[np.arange(len(rows)), columns, rows] = 1.0
    pulled = np.einsum("cij,uij->cu", moves, 2 * units @ root)
    found: Array = np.linalg.lstsq(pulled, along, rcond=None)[0]
    return np.einsum("u,uij->ij", found, units)
