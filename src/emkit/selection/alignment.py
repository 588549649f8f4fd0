"""Which component of one fit is which of another: those that share their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.data.chunk import Chunk
from emkit.data.source import RowSource
from emkit.fitted import ModelOf
from emkit.models.belonging import Belonging
from emkit.models.frozen import bare
from emkit.models.order import can_be_reordered, component_count
from emkit.models.told_apart import exchanged, told_apart
from emkit.selection.resampling import rows_in_memory

P = TypeVar("P", bound=Parameters)
LOOKED_AT = 1_000  # rows that tell the components of two fits apart


@dataclass(frozen=True)
class Alignment(Generic[P]):
    """Components in the order of those of an estimate whose `responsibilities` (n, K) of the rows of `chunk` are known."""

    model: ModelOf[P]
    chunk: Chunk
    responsibilities: Array

    @staticmethod
    def to(model: ModelOf[P], params: P, source: RowSource) -> Alignment[P] | None:
        """The order of the components of `params`; None where there is none, or what is held or known tells them apart."""
        inner = bare(model)
        if not isinstance(inner, Belonging) or not can_be_reordered(params) or (component_count(params) or 1) < 2:
            return None
        if told_apart(model, params):
            return None
        chunk = rows_in_memory(source)
        if chunk.membership is not None:
            return None
        if chunk.groups is None and source.rows > LOOKED_AT:
            some = source.sample(LOOKED_AT)
            chunk = Chunk(some.x, some.weights)
        return Alignment(model, chunk, inner.plain_posterior(params, chunk).responsibilities)

    def of(self, params: P) -> tuple[P, bool]:
        """The parameters with their components in this order, and whether that is in doubt.

        The order is that in which components share most of their rows. It is in doubt where some component shares more of
        them with another one than with that which takes its place, or the model cannot tell them in it.
        """
        from scipy.optimize import linear_sum_assignment

        found = bare(self.model).plain_posterior(params, self.chunk).responsibilities
        shared = (self.responsibilities * self.chunk.weights[:, None]).T @ np.nan_to_num(found)
        own, order = linear_sum_assignment(shared, maximize=True)
        doubtful = bool((shared[own, order] < shared.max(axis=1)).any())
        if (order == own).all():
            return params, doubtful
        moved = exchanged(self.model, params, order.tolist())
        return (params, True) if moved is None else (moved, doubtful)


def aligned(alignment: Alignment[Any] | None, params: P) -> tuple[P, bool]:
    """The parameters in the order that an alignment asks for, if there is one."""
    return (params, False) if alignment is None else alignment.of(params)
