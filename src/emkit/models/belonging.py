"""Models whose rows, or groups of rows, belong to components, more or less."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.protocols import LatentModel
from emkit.data.chunk import Chunk
from emkit.errors import ModelError
from emkit.models.assignment import Posterior
from emkit.models.order import component_order, reordered

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

    def order(self, params: P) -> list[int] | None:
        """The order in which components are told, whichever a fit has found them in; None if there is no telling."""
        return component_order(params)

    def in_order(self, params: P, order: Sequence[int]) -> P | None:
        """The same distribution with its components in the given order; None if it cannot be told so."""
        found: P = reordered(params, order)
        return found

    def conventions(self, params: P) -> tuple[str, ...]:
        """What of `held` only says what parameters are beside, such as the first component: `in_order` sees to that."""
        return ()

    def in_sequences(self, source: Any) -> Any:
        """The rows in the groups that the model takes them to be in."""
        return source

    def draw(self, params: P, rng: np.random.Generator, rows: int) -> tuple[Array, Integers]:
        """`rows` rows (n, d) and the component (n,) that each comes from. Errors: ModelError unless the model writes it."""
        raise ModelError(f"{type(self).__name__} does not say how rows are drawn from it; use kind='case' to bootstrap.")
