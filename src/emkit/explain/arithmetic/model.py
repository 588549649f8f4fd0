"""What the arithmetic of a model has to offer; on its own, that of a model which nobody has written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emkit.core.arrays import Array
from emkit.data.source import Chunk
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.symbols import Symbols


@dataclass(frozen=True)
class ModelArithmetic:
    """A model (without its wrappers), the parameters `before` the step, the names of things, and the paths it updates.

    The numbers come from the model's own functions; what is added here is how a person would write them down.
    """

    model: Any
    before: Any
    symbols: Symbols
    updated: frozenset[str]

    @property
    def factors(self) -> tuple[str, ...]:
        """The joint probability in words: that of the state and that of the row given the state, or one expression."""
        return ()

    def joint(self, k: int, chunk: Chunk, i: int) -> str:
        """The joint probability of row i of `chunk` and latent state k with the numbers filled in; empty: unknown."""
        return ""

    @property
    def observed(self) -> tuple[str, ...]:
        """What is seen, if that is not a row of data each (cells of a table)."""
        return ()

    def row_tallies(self, chunk: Chunk, i: int, shares: Array) -> list[Tally]:
        """What row i contributes to the tallies, given how its weight is shared out, (K,)."""
        return []

    def tallies(self, statistics: Any) -> list[Tally]:
        """The entries of the summed statistics, named."""
        return []

    def updates(self, statistics: Any, after: Any) -> Iterator[Update]:
        """The lines of the M-step. `after` are the parameters as `m_step` returned them."""
        return iter(())
