"""Rows that are possible for one of several families, and what is known of these rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.memo import once
from emkit.data.chunk import as_float64
from emkit.data.profile import AnyProfile, Levels
from emkit.data.some import some_rows
from emkit.errors import DataError
from emkit.families.support import Support


def _possible(family: Any, x: Array) -> Mask:
    return ~family.support.impossible(x)


def is_possible(profile: AnyProfile, family: Any) -> bool:
    """Whether any row is possible for a family."""
    return any(_possible(family, as_float64(chunk.x)).any() for chunk in profile.source.chunks())


@once
def possible_rows(profile: AnyProfile, family: Any) -> AnyProfile:
    """What is known of the rows that are possible for a family. Errors: DataError if there are none."""
    support = family.support
    every = [~support.impossible(as_float64(chunk.x)) for chunk in profile.source.chunks()]
    if all(possible.all() for possible in every):
        return profile
    if not any(possible.any() for possible in every):
        raise DataError(f"no row is possible for the {family.name} components; leave them out.")
    return some_rows(profile, partial(_possible, family))


@dataclass(frozen=True)
class AnyOf(Support):
    """Rows that are possible for one of the `families` at least."""

    families: tuple[Any, ...] = ()

    def check(self, profile: AnyProfile) -> None:
        placed = [one if one.conditional is None else one.conditional.placed(profile) for one in self.families]
        replace(self, families=tuple(placed)).check_placed(profile)

    def check_placed(self, profile: AnyProfile) -> None:
        """The same, once columns that families name are found."""
        first = self.families[0].support
        for bad, sentence in first.rules:

            def in_none(x: Array, bad: Any = bad) -> Mask:
                return np.asarray(bad(x)) & self.impossible(x)[:, None]

            profile.refuse(in_none, sentence)
        if any(self.impossible(as_float64(chunk.x)).any() for chunk in profile.source.chunks()):
            first.check(some_rows(profile, self.impossible))
        for family in self.families:
            if is_possible(profile, family):  # all rows but those of a fit may be of other components
                family.support.check(possible_rows(profile, family))

    def refuse_empty(self, profile: AnyProfile) -> None:
        self.families[0].support.refuse_empty(profile)

    def impossible(self, x: Array) -> Mask:
        in_none = np.logical_and.reduce([family.support.impossible(x) for family in self.families])
        return np.asarray(super().impossible(x) | in_none)

    def untold(self, x: Array) -> Mask:
        return np.logical_or.reduce([family.support.untold(x) for family in self.families])

    def known(self, x: Array, place: int) -> tuple[Array, Array]:
        found: tuple[Array, Array] = self.families[0].support.known(x, place)
        return found

    def parameter_columns(self, columns: Sequence[str], path: str = "") -> tuple[str, ...]:
        parts, _, inside = path.partition(".")
        place, _, rest = inside.partition(".")
        return self.families[int(place)].support.parameter_columns(columns, rest) if parts == "parts" else tuple(columns)

    def levels(self, profile: AnyProfile) -> Levels:
        return self.families[0].support.levels(profile)

    def declared_levels(self, profile: AnyProfile) -> Levels:
        return self.families[0].support.declared_levels(profile)
