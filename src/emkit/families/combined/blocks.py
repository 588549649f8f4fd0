"""Which rows are possible where each block of columns has a family of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.data.chunk import columns_at
from emkit.data.profile import AnyProfile, Levels
from emkit.data.some import some_columns
from emkit.data.source import NO_GAPS
from emkit.families.support import Support


class Blocks(Protocol):
    """What is asked of a product."""

    @property
    def families(self) -> tuple[Any, ...]: ...

    @property
    def known_places(self) -> tuple[tuple[int, ...], ...] | None: ...

    def places(self, profile: AnyProfile) -> tuple[tuple[int, ...], ...]: ...


@dataclass(frozen=True)
class BlockSupport(Support):
    """Rows whose cells are possible for the family of their block in a `product`; gaps only where that admits them."""

    takes_names: bool = True
    product: Any = None

    def check(self, profile: AnyProfile) -> None:
        for family, own in self._each(profile):
            if family.among_gaps is None:
                own.source.refuse(np.isnan, NO_GAPS)
            family.support.check(own)

    def refuse_empty(self, profile: AnyProfile) -> None:
        for family, own in self._each(profile):
            family.support.refuse_empty(own)

    def impossible(self, x: Array) -> Mask:
        """The same; while blocks are known by name only, no row is known to be impossible."""
        found = super().impossible(x)
        for family, places in zip(self.product.families, self.product.known_places or (), strict=False):
            found |= family.support.impossible(columns_at(x, places))
        return found

    def untold(self, x: Array) -> Mask:
        blocks = zip(self.product.families, self.product.known_places or (), strict=False)
        return np.logical_or.reduce(
            [super().untold(x), *(each.support.untold(columns_at(x, places)) for each, places in blocks)]
        )

    def known(self, x: Array, place: int) -> tuple[Array, Array]:
        for family, places in zip(self.product.families, self.product.known_places or (), strict=False):
            if place in places:
                found: tuple[Array, Array] = family.support.known(columns_at(x, places), places.index(place))
                return found
        return super().known(x, place)

    def levels(self, profile: AnyProfile) -> Levels:
        return self._levels(profile, lambda support, own: support.levels(own))

    def declared_levels(self, profile: AnyProfile) -> Levels:
        return self._levels(profile, lambda support, own: support.declared_levels(own))

    def parameter_columns(self, columns: Sequence[str], path: str = "") -> tuple[str, ...]:
        return tuple(columns)

    def _each(self, profile: AnyProfile) -> list[tuple[Any, AnyProfile]]:
        blocks: Blocks = self.product
        return [(f, some_columns(profile, own)) for f, own in zip(blocks.families, blocks.places(profile), strict=True)]

    def _levels(self, profile: AnyProfile, of: Callable[[Support, AnyProfile], Levels]) -> Levels:
        found: list[tuple[str, ...] | None] = [None] * len(profile.columns)
        for (family, own), places in zip(self._each(profile), self.product.places(profile), strict=True):
            for j, names in zip(places, of(family.support, own), strict=True):
                found[j] = names
        return tuple(found)
