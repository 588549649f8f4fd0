"""Matrices with nothing above the diagonal, such as loadings of factors that are turned in one way."""

from __future__ import annotations

from functools import cache
from math import prod

import numpy as np

from emkit.core.arrays import Array
from emkit.core.spaces.link import REAL, Link
from emkit.core.spaces.space import Shape, Space, first_where


@cache
def _places(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    return np.tril_indices(rows, 0, columns)


class LowerTriangular(Space):
    """Matrices (last two axes) with no more columns than rows, and 0 above the diagonal.

    Coordinates: the entries on the diagonal and below, row by row.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.LowerTriangular().pack(np.array([[2.0, 0.0], [1.0, 3.0], [4.0, 5.0]])).tolist()
    [2.0, 1.0, 3.0, 4.0, 5.0]
    >>> ek.LowerTriangular().check(np.array([[2.0, 0.5], [1.0, 3.0]]), "loadings")
    Traceback (most recent call last):
        ...
    emkit.errors.ParameterError: loadings[0, 1] is 0.5; above the diagonal there must be 0.
    """

    event_axes = 2

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        if value.shape[-1] > value.shape[-2]:
            return (), f"has shape {value.shape}; its last axis must not be longer than the one before."
        above = np.triu(value, 1) != 0
        if not above.any():
            return None
        index = first_where(above)
        return index, f"is {value[index]:g}; above the diagonal there must be 0."

    def pack(self, value: Array) -> Array:
        return self.entries(value)

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        found = np.zeros(shape)
        rows, columns = _places(*shape[-2:])
        found[..., rows, columns] = coordinates.reshape(*shape[:-2], len(rows))
        return found

    def pull(self, value: Array, slope: Array) -> Array:
        return self.entries(slope)

    def size(self, shape: Shape) -> int:
        return prod(shape[:-2]) * len(_places(*shape[-2:])[0])

    def entries(self, value: Array) -> Array:
        rows, columns = _places(*value.shape[-2:])
        return np.asarray(value[..., rows, columns].ravel())

    def entry_indices(self, shape: Shape) -> list[tuple[int, ...]]:
        pairs = list(zip(*(axis.tolist() for axis in _places(*shape[-2:])), strict=True))
        return [(*index, *pair) for index in np.ndindex(*shape[:-2]) for pair in pairs]

    def links(self, shape: Shape) -> list[Link]:
        return [REAL] * self.size(shape)
