"""What a family says that describes some columns given others: regressions, and whatever holds one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.profile import AnyProfile
from emkit.families.support import Support


class Conditional(Protocol):
    """A family whose density is that of some columns given the others of a row."""

    def placed(self, profile: AnyProfile) -> Any:
        """The family with the columns that it names found in the data. Errors: DataError naming one that is not there."""

    def laws(self, columns: int) -> Mapping[int, Support]:
        """Of so many columns, those that the family describes, by their places, and what each may hold."""

    @property
    def leaves_others(self) -> bool:
        """Whether rows may hold columns, too, that the family neither describes nor is given."""
        return True

    def drawn(self, params: Any, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        """`rows` (n, d) with the columns that the family describes drawn anew, each row from one of the `components` (n,)."""

    def means(self, params: Any, x: Array) -> Array | None:
        """The mean (n, K) of the column that the family describes, given the others of each row x (n, d).

        None where it describes several columns, or does not say.
        """
        return None

    def up_to(self, params: Any, x: Array) -> Array | None:
        """The probability (n, K) of values up to that of each row x (n, d), of a family that describes one column.

        None where there is no formula for it.
        """
        return None

    def level_names(self, params: Any) -> tuple[str, ...] | None:
        """The names of the levels of the column that the family describes; None where that holds numbers."""
        return None

    def shares(self, params: Any, x: Array) -> Array | None:
        """The probability (n, K, levels) of each level given the others of each row x (n, d); None where there are none."""
        return None

    def divided(self, x: Array, weights: Array, n_components: int, seed: int) -> Integers | None:
        """A division of rows x (n, d) among components, shape (n,), from which a start is estimated.

        None where rows are to be divided by how near each other they lie.
        """
        return None


def leaves_others(family: Any) -> bool:
    """Whether a family says itself which columns of a row it is about, and leaves others alone."""
    given: Conditional | None = family.conditional
    return given is not None and given.leaves_others
