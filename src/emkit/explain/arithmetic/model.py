"""What the arithmetic of a model has to offer; on its own, that of a model which nobody has written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic

from emkit.core.arrays import Array
from emkit.core.protocols import LatentModel
from emkit.data.chunk import Chunk
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.symbols import Symbols
from emkit.models.mixture import P, S


@dataclass(frozen=True)
class ModelArithmetic(Generic[P, S]):
    """A model (without its wrappers), the parameters `before` the step, the names of things, and the paths it updates.

    The numbers come from the model's own functions; what is added here is how a person would write them down.
    """

    model: LatentModel[P, S]
    before: P
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

    def row_tallies(self, chunk: Chunk, i: int, responsibilities: Array) -> list[Tally]:
        """What row i contributes to the tallies, given its responsibilities times its weight, (K,)."""
        return []

    def tallies(self, statistics: S) -> list[Tally]:
        """The entries of the summed statistics, named."""
        return []

    def updates(self, statistics: S, after: P) -> Iterator[Update]:
        """The lines of the M-step. `after` are the parameters as `m_step` returned them."""
        return iter(())


AnyArithmetic = ModelArithmetic[Any, Any]
