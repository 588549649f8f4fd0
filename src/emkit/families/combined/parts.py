"""What families made of several others share: their parameters, statistics, updates, scales and floors, part by part."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Scale
from emkit.core.expected import NONE, Expected
from emkit.core.parameters import replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import Additive
from emkit.data.profile import AnyProfile
from emkit.families.family import Carry, Family
from emkit.families.floor import Floor
from emkit.families.spread import Spread

AnyFamily = Family[Any, Any]
V = TypeVar("V")


@dataclass(frozen=True)
class PartStats(Additive):
    """The statistics of each of the `parts`."""

    parts: tuple[Any, ...]


def at_part(part: int, path: str = "") -> str:
    """The path of what lies at `path` in a part: ``parts.1.means``."""
    return f"parts.{part}.{path}".rstrip(".")


def of_parts(each: Sequence[Mapping[str, V]]) -> dict[str, V]:
    """What each part has by its own paths, by those of the whole."""
    return {at_part(i, path): value for i, own in enumerate(each) for path, value in own.items()}


class InParts(Family[Any, Any], Protocol):
    """A family whose parameters and statistics are `parts`, each those of one of its `families`."""

    @property
    @abstractmethod
    def families(self) -> tuple[AnyFamily, ...]:
        """The family of each part."""

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        """Those of each part: no two parts have a parameter in common."""
        return of_parts(
            [{path: partial(_inside, i, update) for path, update in f.updates().items()} for i, f in enumerate(self.families)]
        )

    def expected(self, stats: Any, before: Any, now: Any) -> Expected:
        total = Expected(0.0, NONE)
        for i, family in enumerate(self.families):
            total = total.plus(family.expected(stats.parts[i], before.parts[i], now.parts[i]).inside(at_part(i)))
        return total

    @property
    def carry(self) -> Carry[Any, Any] | None:
        each = [family.carry for family in self.families]
        known = tuple(carry for carry in each if carry is not None)
        return partial(_each_carried, known) if len(known) == len(each) else None

    def scales(self, params: Any) -> Mapping[str, Scale]:
        return of_parts([family.scales(part) for family, part in zip(self.families, params.parts, strict=True)])

    @property
    def held(self) -> Callable[[Any], tuple[str, ...]]:
        return self._held

    def _held(self, params: Any) -> tuple[str, ...]:
        each = [family.held(part) for family, part in zip(self.families, params.parts, strict=True)]
        return tuple(at_part(i, path) for i, own in enumerate(each) for path in own)


def union(each: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """The components that any of `each` names."""
    return tuple(sorted({k for some in each for k in some}))


def _each_carried(carries: Sequence[Carry[Any, Any]], stats: Any, before: Any, now: Any) -> Any:
    each = zip(carries, stats.parts, before.parts, now.parts, strict=True)
    return replace(stats, parts=tuple(carry(*part) for carry, *part in each))


def _inside(part: int, update: Update[Any, Any], stats: Any, before: Any, now: Any) -> Any:
    return update(stats.parts[part], before.parts[part], now.parts[part])


@dataclass(frozen=True)
class SpreadOfParts(Spread):
    """A component is a sliver if it is one in some part."""

    parts: tuple[Spread, ...]
    of_part: Callable[[int, AnyProfile], AnyProfile]  # the profile of what a part sees

    def endless(self, params: Any, profile: AnyProfile) -> tuple[int, ...]:
        each = zip(self.parts, params.parts, strict=True)
        return union(spread.endless(part, self.of_part(i, profile)) for i, (spread, part) in enumerate(each))

    def slivers(self, params: Any, rows: Array) -> Mask:
        found = [spread.slivers(part, rows) for spread, part in zip(self.parts, params.parts, strict=True)]
        return np.asarray(np.logical_or.reduce(found))


@dataclass(frozen=True)
class FloorOfParts(Floor):
    """The floor of each part; `among` tells, of the rows that components have at given parameters, those of a part."""

    parts: tuple[Floor, ...]
    among: Callable[[Any, int, Array], Array] = lambda params, part, rows: rows

    def resting(self, params: Any) -> Mapping[str, Mask]:
        return of_parts([floor.resting(part) for floor, part in zip(self.parts, params.parts, strict=True)])

    def loosened(self, params: Any, rows: Array) -> Any:
        found = {
            at_part(i): floor.loosened(part, self.among(params, i, rows))
            for i, (floor, part) in enumerate(zip(self.parts, params.parts, strict=True))
        }
        loose = {path: part for path, part in found.items() if part is not None}
        return replace_at(params, loose) if loose else None

    def within(self, params: Any, like: Any) -> bool:
        every = zip(self.parts, params.parts, like.parts, strict=True)
        return all(floor.within(part, before) for floor, part, before in every)
