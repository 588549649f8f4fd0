"""What the arithmetic of one family has to offer; on its own, that of a family which nobody has written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic

import numpy as np

from emkit.core.arrays import Array
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.numbers import significant
from emkit.explain.symbols import Symbols
from emkit.families.family import Family
from emkit.models.mixture import P, S


@dataclass(frozen=True)
class FamilyArithmetic(Generic[P, S]):
    """A family, its parameters `before` the step, the names of things, and which paths the M-step updates.

    The numbers come from the family's own functions; what is added here is how a person would write them down.
    """

    family: Family[P, S]
    before: P
    symbols: Symbols
    updated: frozenset[str]

    @property
    def formula(self) -> str:
        """The density in words."""
        return "p(x)"

    def density(self, k: int, x: Array) -> str:
        """The density of one row (d,) under component k, with the numbers filled in."""
        return significant(float(np.exp(self.family.log_density(self.before, x[None])[0, k])))

    def tallies(self, statistics: S) -> list[Tally]:
        """The entries of the family's statistics, named."""
        return []

    def updates(self, statistics: S, after: P) -> Iterator[Update]:
        """The lines of the M-step. `after` are the family's parameters as `m_step` returned them."""
        return iter(())

    def mark(self, j: int) -> str:
        """How column j is marked in a name: not at all, if it is the only one."""
        return f"_{self.symbols.columns[j]}" if len(self.symbols.columns) > 1 else ""

    def column(self, j: int) -> str:
        """How column j is called in a formula."""
        return self.symbols.columns[j] if len(self.symbols.columns) > 1 else "x"

    def symbol(self, path: str, *index: int) -> str:
        """The symbol of one of the family's parameters."""
        return self.symbols(f"components.{path}", *index)
