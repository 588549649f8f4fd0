"""Values given the windows of their rows: how probable smaller ones are there, and new ones that are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError
from emkit.families.combined.quadrature import between_of
from emkit.families.combined.sharing import component_number
from emkit.families.conditional import Conditional
from emkit.families.support import Support
from emkit.families.windows import clipped

ROUNDS = 1_000  # of drawing values until they lie in their windows


@dataclass(frozen=True)
class GivenWindows(Conditional):
    """The value of each row, given that it lies in its window, where that of a `seen` family would be seen."""

    seen: Any

    def placed(self, profile: AnyProfile) -> Any:
        return self.seen

    def laws(self, columns: int) -> Mapping[int, Support]:
        """The first column has the value; the second says how far it is known."""
        return {0: self.seen.family.support}

    @property
    def leaves_others(self) -> bool:
        return False  # rows are the ends of a value and of its window

    def up_to(self, params: Any, x: Array) -> Array:
        """(F(value) - F(entry)) / (F(until) - F(entry)) of values that are known, NaN of others."""
        known = x[:, 0] == x[:, 1]
        found = np.full((len(x), component_number(params)), np.nan)
        if not known.any():
            return found
        entry, until = clipped(x)[1][known].T
        value = np.clip(x[known, 0], entry, until)
        below, whole = (between_of(self.seen.family, params, entry, end).log_mass for end in (value, until))
        found[known] = np.where((value > entry)[:, None], np.minimum(np.exp(below - whole), 1.0), 0.0)
        return found

    def drawn(self, params: Any, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        """Values that are known, each in the window of its row. Errors: ModelError where next to nothing lies in one."""
        found = np.array(rows, dtype=np.float64)
        entry, until = clipped(found)[1].T
        left = np.arange(len(found))
        for _ in range(ROUNDS):
            found[left, 0] = self.seen.family.draw(params, rng, components[left])[:, 0]
            left = left[~((entry[left] < found[left, 0]) & (found[left, 0] <= until[left]))]
            if not len(left):
                found[:, 1] = found[:, 0]
                return found
        row = left[0]
        raise ModelError(
            f"of {ROUNDS:,} values drawn, none lies in the window from {entry[row]:g} to {until[row]:g} of a row: next to "
            "nothing of its component is seen there. Bootstrap with kind='case'."
        )
