"""Rows that are possible for one of several families, and what is known of these rows alone."""

from __future__ import annotations

from dataclasses import dataclass
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


def impossible(support: Support, x: Array) -> Mask:
    """Which rows of x (n, d) have a cell that breaks a rule; gaps break none."""
    found = np.zeros(len(x), dtype=bool)
    for bad, _ in support.rules:
        found |= (bad(x) & ~np.isnan(x)).any(axis=1)
    return found


def _possible(family: Any, x: Array) -> Mask:
    return ~impossible(family.support, x)


@once
def possible_rows(profile: AnyProfile, family: Any) -> AnyProfile:
    """What is known of the rows that are possible for a family. Errors: DataError if there are none."""
    support = family.support
    every = [~impossible(support, as_float64(chunk.x)) for chunk in profile.source.chunks()]
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
        rules = [family.support for family in self.families]
        first = next((support for support in rules if not support.rules), rules[0])
        for bad, sentence in first.rules:

            def in_none(x: Array, bad: Any = bad) -> Mask:
                nowhere = np.logical_and.reduce([impossible(support, x) for support in rules])
                return np.asarray(bad(x)) & nowhere[:, None]

            profile.refuse(in_none, sentence)
        for family in self.families:
            family.support.check(possible_rows(profile, family))

    def levels(self, profile: AnyProfile) -> Levels:
        return self.families[0].support.levels(profile)

    def declared_levels(self, profile: AnyProfile) -> Levels:
        return self.families[0].support.declared_levels(profile)
