"""Orthogonal matrices without a reflection."""

from __future__ import annotations

from functools import cache
from math import prod

import numpy as np

from emkit.core.arrays import Array
from emkit.core.spaces.space import Shape, Space, first_where

ORTHOGONAL_TOLERANCE = 1e-8


@cache
def _below(d: int) -> tuple[np.ndarray, np.ndarray]:
    return np.tril_indices(d, -1)


class Rotation(Space):
    """Orthogonal matrices (last two axes) of determinant 1.

    Coordinates: the entries below the diagonal of the skew matrix A of Cayley's transform, (1 - A) (1 + A)^-1. They are smooth
    but for half turns, where they are infinite. The entries of the matrix below its diagonal tell the rest of it, if it is no
    quarter turn or more from 1.
    Source: Cayley (1846), J. reine angew. Math. 32, 119-123.

    Of a turn by an angle, the one coordinate is the tangent of half of it:

    >>> import emkit as ek
    >>> import numpy as np
    >>> turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    >>> abs(ek.Rotation().pack(turn)).round(4).tolist(), round(float(np.tan(0.2)), 4)
    ([0.2027], 0.2027)
    """

    event_axes = 2

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        d = value.shape[-1]
        if value.shape[-2] != d:
            return (), f"has shape {value.shape}; its last two axes must be equal."
        off = np.abs(value @ value.swapaxes(-1, -2) - np.eye(d)).max(axis=(-1, -2)) > ORTHOGONAL_TOLERANCE
        if off.any():
            return first_where(off), "is not orthogonal; its columns must have length 1, and be at right angles."
        mirrored = np.linalg.det(value) < 0
        if mirrored.any():
            return first_where(mirrored), "is a reflection (its determinant is -1): reverse the signs in one of its columns."
        return None

    def pack(self, value: Array) -> Array:
        one = np.eye(value.shape[-1])
        try:
            skew = np.linalg.solve((one + value).swapaxes(-1, -2), (one - value).swapaxes(-1, -2)).swapaxes(-1, -2)
        except np.linalg.LinAlgError:  # half a turn
            return np.full(self.size(value.shape), np.inf)
        rows, columns = _below(value.shape[-1])
        return np.asarray(skew[..., rows, columns].ravel())

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        rows, columns = _below(shape[-1])
        skew = np.zeros(shape)
        skew[..., rows, columns] = coordinates.reshape(*shape[:-2], len(rows))
        skew -= skew.swapaxes(-1, -2)
        one = np.eye(shape[-1])
        return np.asarray(np.linalg.solve((one + skew).swapaxes(-1, -2), (one - skew).swapaxes(-1, -2)).swapaxes(-1, -2))

    def pull(self, value: Array, slope: Array) -> Array:
        # where A moves by dA, (1 - A)(1 + A)^-1 moves by -1/2 (1 + value) dA (1 + value)
        beside = (np.eye(value.shape[-1]) + value).swapaxes(-1, -2)
        along = -0.5 * beside @ slope @ beside
        rows, columns = _below(value.shape[-1])
        return np.asarray((along - along.swapaxes(-1, -2))[..., rows, columns].ravel())

    def size(self, shape: Shape) -> int:
        return prod(shape[:-2]) * (shape[-1] * (shape[-1] - 1) // 2)

    def entries(self, value: Array) -> Array:
        rows, columns = _below(value.shape[-1])
        return np.asarray(value[..., rows, columns].ravel())

    def entry_indices(self, shape: Shape) -> list[tuple[int, ...]]:
        pairs = list(zip(*(axis.tolist() for axis in _below(shape[-1])), strict=True))
        return [(*index, *pair) for index in np.ndindex(*shape[:-2]) for pair in pairs]
