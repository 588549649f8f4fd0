"""Which levels columns may have: so many, those of given names, or those that occur in the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.data.profile import AnyProfile
from emkit.data.profile import Levels as DataLevels
from emkit.errors import DataError, ModelError, some_of
from emkit.families.support import Rule, Support, codes_below

MOST_LEVELS = 10_000  # a column with more is a number or an identifier, not a handful of levels


@dataclass(frozen=True)
class LevelSupport(Support):
    """Columns of levels: codes from 0 on, or names; `declared` says how many there are, or which."""

    rules: tuple[Rule, ...] = (
        (lambda x: x < 0, "levels are coded 0, 1, 2, ... in every column, or named. (Negative values in data are none.)"),
        (lambda x: x != np.floor(x), "levels are coded 0, 1, 2, ... in every column, or named."),
        (lambda x: x >= MOST_LEVELS, f"a column may have at most {MOST_LEVELS:,} levels (levels are coded from 0)."),
    )
    takes_names: bool = True
    whole: bool = True
    least: float = 0.0
    declared: tuple[int | tuple[str, ...], ...] | None = None

    def check(self, profile: AnyProfile) -> None:
        if self.declared is not None and len(self.declared) != len(profile.columns):
            raise DataError(
                f"levels are given for {len(self.declared)} columns but the data have {len(profile.columns)} "
                f"({some_of(profile.columns)})."
            )
        super().check(profile)
        if self.declared is not None and all(isinstance(given, int) for given in self.declared):
            profile.refuse(*codes_below([given for given in self.declared if isinstance(given, int)]))

    def levels(self, profile: AnyProfile) -> DataLevels:
        """The names of the levels of each column: those declared, those that the data have, or the numbers that occur.

        None for columns whose levels are the codes 0, 1, 2 ... themselves.
        """
        declared = self.declared or (None,) * len(profile.columns)
        return tuple(
            names if names is not None or given is not None else occurring
            for given, names, occurring in zip(declared, self.declared_levels(profile), profile.occurring, strict=True)
        )

    def declared_levels(self, profile: AnyProfile) -> DataLevels:
        declared = self.declared or (None,) * len(profile.columns)
        return tuple(given if isinstance(given, tuple) else own for given, own in zip(declared, profile.levels, strict=True))


def declared(given: Any) -> int | tuple[str, ...]:
    """What was declared of a column. Errors: ModelError."""
    if isinstance(given, tuple | list):
        names = tuple(f"{name:.17g}" if isinstance(name, float | np.floating) else str(name) for name in given)
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ModelError(f"a column has the level {twice[0]!r} twice; give each level its own name.")
        number = len(names)
    elif isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool) and given == np.floor(given):
        names, number = (), int(given)
    else:
        raise ModelError(f"a column of {given!r} levels cannot be; use a whole number from 1 to {MOST_LEVELS:,}, or names.")
    if not 1 <= number <= MOST_LEVELS:
        raise ModelError(f"a column of {number!r} levels cannot be; use a whole number from 1 to {MOST_LEVELS:,}.")
    return names or number
