"""Models whose rows, or groups of rows, belong to components, more or less."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.protocols import LatentModel
from emkit.data.chunk import Chunk
from emkit.errors import ModelError
from emkit.models.assignment import Posterior

P = TypeVar("P", bound=Any)
S = TypeVar("S")


class Belonging(LatentModel[P, S]):
    """A model that tells how likely it is of each row, or group of rows, that it is of each component."""

    groups_called: ClassVar[str] = "groups, whose rows share a component"

    @abstractmethod
    def posterior(self, params: P, chunk: Chunk) -> Posterior:
        """The responsibilities, with the log-likelihood of each row or group."""

    def plain_posterior(self, params: P, chunk: Chunk) -> Posterior:
        """The same without a compiler, for which nobody should wait where it is asked for once."""
        return self.posterior(params, chunk)

    def in_sequences(self, source: Any) -> Any:
        """The rows in the groups that the model takes them to be in."""
        return source

    def draw(self, params: P, rng: np.random.Generator, rows: int) -> tuple[Array, Integers]:
        """`rows` rows (n, d) and the component (n,) that each comes from. Errors: ModelError unless the model writes it."""
        raise ModelError(f"{type(self).__name__} does not say how rows are drawn from it; use kind='case' to bootstrap.")
