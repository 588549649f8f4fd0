"""Sources that have nothing but chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.data.profile import Bad
from emkit.data.source import RowSource


class ChunkSource(RowSource):
    """The chunks of an object that has nothing but ``chunks()``."""

    def __init__(self, given: Any) -> None:
        self._given = given
        self.columns = tuple(getattr(given, "columns", ()))
        self.rows = self.total_weight = np.inf  # what a chunk holds, only the model knows

    def chunks(self) -> Iterator[Any]:
        return iter(self._given.chunks())

    def refuse(self, bad: Bad, rule: str) -> None:
        """Nothing: what a chunk holds, only the model knows."""

    def warn_of_small_weights(self) -> None:
        """Nothing likewise."""
