"""The E-step over rows of which most cells are 0: what it costs follows from the other cells alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import as_float64
from emkit.data.sparse import SparseRows, as_sparse


class Affine(NamedTuple):
    """Features behind a first one, 1: each is ``constant + factor * cell``, of a cell in one of the `columns` (F,).

    `free_zeros`: whether a cell of 0 adds nothing to the part of the log-density that no parameter enters, in any column.
    """

    columns: Integers
    factors: Array
    constants: Array
    free_zeros: bool = True

    @classmethod
    def cells(cls, number: int) -> Self:
        """Features that are the cells themselves."""
        return cls(np.arange(number), np.ones(number), np.zeros(number))

    def scores(self, rows: SparseRows, coefficients: Array) -> Array:
        """The scores (n, K) of the rows, given coefficients (1 + F, K)."""
        slopes = np.zeros((rows.shape[1], coefficients.shape[1]))
        np.add.at(slopes, self.columns, coefficients[1:] * self.factors[:, None])
        return np.asarray(rows.cells @ slopes) + (coefficients[0] + self.constants @ coefficients[1:])

    def sums(self, rows: SparseRows, weights: Array) -> Array:
        """The feature sums (K, 1 + F), given how much each row counts for each component (n, K)."""
        mass = weights.sum(axis=0)[:, None]
        totals = np.asarray(rows.cells.T @ weights).T
        return np.concatenate([mass, totals[:, self.columns] * self.factors + mass * self.constants], axis=1)

    def add_up(self, rows: SparseRows, weights: Array, coefficients: Array, sums: Array, log_likelihoods: Array) -> None:
        """Scores, shares and sums: see `BaseRows.add_up`."""
        joint = self.scores(rows, coefficients).reshape(len(rows), len(log_likelihoods), -1)
        highest = joint.max(axis=2, keepdims=True)
        np.exp(joint - highest, out=joint)
        total = joint.sum(axis=2, keepdims=True)
        log_likelihoods += ((highest + np.log(total))[:, :, 0] * weights[:, None]).sum(axis=0)
        joint *= weights[:, None, None] / total
        sums += self.sums(rows, joint.reshape(len(rows), -1))


def base_of(x: Any, log_base: Callable[[Array], Array], affine: Affine | None) -> Array:
    """The part of the log-density that no parameter enters (n,), which `log_base` has of dense rows."""
    sparse = as_sparse(x)
    if sparse is None or affine is None or not affine.free_zeros:
        return log_base(as_float64(x))
    return np.concatenate([log_base(some) for some in sparse.packed()])
