"""Which items classes of people share, which each has of its own, and what of their abilities is estimated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.checks import check_kind
from emkit.core.parameters import leaves, replace_at
from emkit.errors import ParameterError
from emkit.models.item_kinds import ItemKind
from emkit.models.item_mixture_params import ItemMixtureParams
from emkit.models.item_params import AbilityGroups, ItemsParams
from emkit.models.items_model import refuse_items
from emkit.models.items_newton import Asked


@dataclass(frozen=True)
class ClassLayout:
    """Items of `kinds` (J,) for so many `classes` of people, those at the places of `shared` alike in all.

    `equal_spreads`: whether the spreads of abilities are.
    """

    kinds: tuple[ItemKind, ...]
    classes: int
    shared: tuple[int, ...]
    equal_spreads: bool

    @cached_property
    def own(self) -> tuple[int, ...]:
        """The places of the items that each class has of its own."""
        return tuple(j for j in range(len(self.kinds)) if j not in self.shared)

    @cached_property
    def asked(self) -> list[Asked]:
        """The shared items, which all classes are asked, and behind them those of each class."""
        parts = [slice(*ends) for ends in pairwise(np.cumsum([0, *(kind.levels for kind in self.kinds)]).tolist())]
        every = [Asked(self.kinds[j], parts[j]) for j in self.shared]
        return every + [Asked(self.kinds[j], parts[j], slice(k, k + 1)) for k in range(self.classes) for j in self.own]

    @cached_property
    def paths(self) -> list[str]:
        """Where the items stand among the parameters, in the order of `asked`."""
        own = [f"classes.{k}.items.{i}" for k in range(self.classes) for i in range(len(self.own))]
        return [f"shared.{i}" for i in range(len(self.shared))] + own

    @staticmethod
    def in_groups(params: ItemMixtureParams) -> ItemsParams:
        """All items in the order of `asked`, and classes as groups."""
        own = (item for each in params.classes for item in each.items)
        return ItemsParams((*params.shared, *own), params.abilities.groups)

    def of_class(self, params: ItemMixtureParams, k: int) -> ItemsParams:
        """The items as class k answers them, and its abilities, as if it were the only class."""
        found = dict(zip(self.own, params.classes[k].items, strict=True)) | dict(zip(self.shared, params.shared, strict=True))
        groups, here = params.abilities.groups, slice(k, k + 1)
        items = tuple(found[j] for j in range(len(self.kinds)))
        return ItemsParams(items, AbilityGroups(groups.means[here], groups.spreads[here]))

    def by_ability(self, params: ItemMixtureParams) -> list[int]:
        """The classes by the means of abilities, ties by spreads and proportions; those of which none can be first, last."""
        groups = params.abilities.groups
        unfit = (groups.spreads == 0) & ~self.free[1, 0]
        return np.lexsort([params.proportions, groups.spreads, groups.means, unfit]).tolist()

    def beside_the_first(self, params: ItemMixtureParams) -> ItemMixtureParams | None:
        """The same distribution with 0 and 1 of ability where the first class has them; None if that has a spread of 0."""
        groups = params.abilities.groups
        origin, unit = float(groups.means[0]), 1.0 if self.free[1, 0] else float(groups.spreads[0])
        if (origin, unit) == (0.0, 1.0) or unit == 0:
            return params if unit else None
        items = iter(self.in_groups(params).items)
        moved = {path: asked.kind.moved(next(items), origin, unit) for path, asked in zip(self.paths, self.asked, strict=True)}
        abilities = {
            "abilities.means": (params.abilities.means - origin) / unit,
            "abilities.spreads": params.abilities.spreads / unit,
        }
        return replace_at(params, {**moved, **abilities})

    @cached_property
    def scaled(self) -> bool:
        """Whether items say what the unit of ability is."""
        return any(kind.scales_ability for kind in self.kinds)

    @cached_property
    def free(self) -> Mask:
        """Which means and spreads (2, K) move: not those that say what 0 and 1 are."""
        free = np.full((2, self.classes), bool(self.shared))
        free[:, 0] = False
        free[1] = self.scaled if self.equal_spreads else free[1] | self.scaled
        return free

    @cached_property
    def ways(self) -> Array:
        """How means and, below, spreads (2 K, q) move with those of them that are free."""
        means, spreads = (np.eye(2 * self.classes)[:, k * self.classes + np.flatnonzero(self.free[k])] for k in range(2))
        together = self.equal_spreads and self.scaled
        return np.column_stack([means, spreads.sum(axis=1) if together else spreads])

    @cached_property
    def held(self) -> tuple[str, ...]:
        """The parameters of abilities that do not move, as dotted paths."""
        found: list[str] = []
        for name, free in zip(("means", "spreads"), self.free, strict=True):
            single = [f"abilities.{name}[{k}]" for k in np.flatnonzero(~free)]
            found += single if free.any() else [f"abilities.{name}"]
        return tuple(found)

    @cached_property
    def size(self) -> int:
        """How many parameters are free."""
        items = sum(leaf.value.size for asked in self.asked for leaf in leaves(asked.kind.like))
        return self.classes - 1 + items + self.ways.shape[1]

    def refuse(self, params: ItemMixtureParams) -> None:
        """Errors: ParameterError if these are not parameters of these items and classes."""
        check_kind(params, ItemMixtureParams)
        wanted = [(self.classes,), (self.classes,), () if self.equal_spreads else (self.classes,)]
        abilities = params.abilities
        shapes = [np.shape(each) for each in (params.proportions, abilities.means, abilities.spreads)]
        if shapes != wanted or len(params.classes) != self.classes:
            raise ParameterError(
                f"proportions, means and spreads have shapes {shapes}, and there are {len(params.classes)} classes; of "
                f"{self.classes} classes, shapes are {wanted}."
            )
        refuse_items(params.shared, [self.kinds[j].like for j in self.shared], "shared")
        for k, each in enumerate(params.classes):
            refuse_items(each.items, [self.kinds[j].like for j in self.own], f"classes[{k}].items")
        told = [(params.shared_places, self.shared), *((each.places, self.own) for each in params.classes)]
        for places, wanted_places in told:
            if (places or tuple(range(len(wanted_places)))) != wanted_places:
                raise ParameterError(f"items are said to be at places {places}, and are at {wanted_places} of the columns.")
        groups = abilities.groups
        if (groups.means[~self.free[0]] != 0).any() or (groups.spreads[~self.free[1]] != 1).any():
            raise ParameterError("means of 0 and spreads of 1 say where 0 and 1 of ability are, and here are others.")
