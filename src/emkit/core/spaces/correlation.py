"""Correlation matrices."""

from __future__ import annotations

from math import prod

import numpy as np

from emkit.core.arrays import Array
from emkit.core.spaces.link import FISHER, Link
from emkit.core.spaces.positive_definite import PositiveDefinite
from emkit.core.spaces.space import Shape, first_where

UNIT_TOLERANCE = 1e-8


class Correlation(PositiveDefinite):
    """Symmetric positive-definite matrices (last two axes) with 1 along the diagonal.

    Coordinates: each row of the lower Cholesky factor, which has length 1, without its last entry, divided by that.

    Of one correlation, it is r / sqrt(1 - r^2):

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.spaces.Correlation().pack(np.array([[1.0, 0.6], [0.6, 1.0]])).round(4).tolist()
    [0.75]
    """

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        found = super().complaint(value)
        if found is not None:
            return found
        off = np.abs(np.einsum("...jj->...j", value) - 1) > UNIT_TOLERANCE
        return (
            (first_where(off.any(axis=-1)), "has variances that are not 1; a correlation matrix has 1.") if off.any() else None
        )

    def pack(self, value: Array) -> Array:
        root = np.linalg.cholesky(value)
        rows, columns = np.tril_indices(value.shape[-1], -1)
        return np.asarray((root[..., rows, columns] / root[..., rows, rows]).ravel())

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        d = shape[-1]
        rows, columns = np.tril_indices(d, -1)
        root = np.zeros(shape)
        root[..., rows, columns] = coordinates.reshape(*shape[:-2], len(rows))
        root[..., np.arange(d), np.arange(d)] = 1.0
        root /= np.sqrt((root**2).sum(axis=-1, keepdims=True))
        found = root @ np.swapaxes(root, -1, -2)
        found[..., np.arange(d), np.arange(d)] = 1.0
        return np.asarray(found)

    def pull(self, value: Array, slope: Array) -> Array:
        root = np.linalg.cholesky(value)
        along = 2 * slope @ root  # since value = root root'
        across = along - (along * root).sum(axis=-1, keepdims=True) * root  # rows keep their length
        rows, columns = np.tril_indices(value.shape[-1], -1)
        return np.asarray((across[..., rows, columns] * root[..., rows, rows]).ravel())

    def size(self, shape: Shape) -> int:
        return prod(shape[:-2]) * (shape[-1] * (shape[-1] - 1) // 2)

    def entries(self, value: Array) -> Array:
        rows, columns = np.tril_indices(value.shape[-1], -1)
        return np.asarray(value[..., rows, columns].ravel())

    def entry_indices(self, shape: Shape) -> list[tuple[int, ...]]:
        pairs = list(zip(*(axis.tolist() for axis in np.tril_indices(shape[-1], -1)), strict=True))
        return [(*index, *pair) for index in np.ndindex(*shape[:-2]) for pair in pairs]

    def links(self, shape: Shape) -> list[Link]:
        return [FISHER] * self.size(shape)
