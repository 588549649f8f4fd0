"""Symmetric matrices that are positive definite, or singular: covariances of what may not vary at all."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.positive_definite import PositiveDefinite
from emkit.core.spaces.scalar import share_lost
from emkit.core.spaces.space import Shape, first_where

SINGULAR = 1e-12  # of a variance left, given those before it: rounding of one that is 0
NEGATIVE = 1e-10  # of an eigenvalue below 0, relative to the largest: rounding


def semidefinite_root(matrices: Array, off: Mask | None = None) -> Array:
    """The lower triangular L with matrix = L L' (last two axes); a column of zeros for what does not vary, given those before.

    What is `off` (..., d) is taken not to vary.
    """
    left, root = np.array(matrices, dtype=np.float64), np.zeros(np.shape(matrices))
    for k in range(left.shape[-1]):
        pivot = left[..., k, k]
        none = pivot <= SINGULAR * np.abs(matrices[..., k, k])
        none = none if off is None else none | off[..., k]
        column = np.where(none[..., None], 0.0, left[..., :, k] / np.sqrt(np.where(none, 1.0, pivot))[..., None])
        left = left - column[..., :, None] * column[..., None, :]
        left[..., k, :] = left[..., :, k] = 0.0
        root[..., :, k] = np.where(np.arange(left.shape[-1]) >= k, column, 0.0)
    return root


def free_places(root: Array) -> tuple[Array, Array]:
    """The places of a lower triangular root that are not 0 because a column is."""
    rows, columns = np.tril_indices(len(root))
    kept = np.diag(root)[columns] != 0
    return rows[kept], columns[kept]


def slope_of(root: Array, along: Array) -> Array:
    """A symmetric slope along the covariance root root' that has these slopes `along` the free places of its root."""
    d, free = len(root), free_places(root)
    rows, columns = np.tril_indices(d)
    units = np.zeros((len(rows), d, d))
    units[np.arange(len(rows)), rows, columns] = units[np.arange(len(rows)), columns, rows] = 1.0
    moved = (2 * units @ root)[:, free[0], free[1]]
    found = np.linalg.lstsq(moved.T, along[free], rcond=None)[0]
    return np.asarray(np.tensordot(found, units, 1))


class PositiveSemidefinite(PositiveDefinite):
    """Symmetric matrices (last two axes) without a negative eigenvalue.

    Coordinates: those of positive-definite matrices, -infinity for what does not vary given the elements before it. Its edges
    are there, one for each diagonal element.
    """

    is_crept_along: ClassVar[bool] = True

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        if value.shape[-1] != value.shape[-2]:
            return (), f"has shape {value.shape}; its last two axes must be equal."
        lopsided = value != np.swapaxes(value, -1, -2)
        if lopsided.any():
            return first_where(lopsided.any(axis=(-1, -2))), "is not symmetric; a covariance must be."
        values = np.linalg.eigvalsh(value)
        negative = values[..., 0] < -NEGATIVE * np.abs(values).max(axis=-1, initial=0.0)
        if not negative.any():
            return None
        index = first_where(negative)
        return index, f"has a negative eigenvalue ({values[index][0]:.3g}); a covariance has none."

    def pack(self, value: Array) -> Array:
        root = semidefinite_root(value)
        diagonal = np.arange(value.shape[-1])
        with np.errstate(divide="ignore"):
            root[..., diagonal, diagonal] = np.log(root[..., diagonal, diagonal])
        return self.entries(root)

    def pivots(self, value: Array) -> Array:
        """What varies (..., d), of each element given those before it."""
        return np.einsum("...jj->...j", semidefinite_root(value)) ** 2

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        found = super().unpack(coordinates, shape)
        return (found + np.swapaxes(found, -1, -2)) / 2

    def pull(self, value: Array, slope: Array) -> Array:
        root = semidefinite_root(value)
        along = 2 * slope @ root
        diagonal = np.arange(value.shape[-1])
        along[..., diagonal, diagonal] *= root[..., diagonal, diagonal]
        return self.entries(along)

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        return [(*map(int, place), int(place[-1])) for place in np.argwhere(self.pivots(value) == 0)]

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        d = shape[-1]
        rows, columns = np.tril_indices(d)
        each = coordinates.reshape(-1, len(rows))
        out = np.isneginf(each[:, rows == columns])
        return np.asarray(out[:, columns].ravel())

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        return share_lost(self.pivots(value), self.pivots(after))[..., None] * np.eye(value.shape[-1])

    def way_to_edge(self, value: Array) -> Array:
        """Without an end for what varies: it may be little in one unit, or from one origin, and much in others."""
        return np.where((self.pivots(value)[..., None] == 0) & np.eye(value.shape[-1], dtype=bool), 0.0, np.inf)

    def on_edge(self, value: Array, mask: Mask) -> Array:
        root = semidefinite_root(value, np.einsum("...jj->...j", mask))
        found = root @ np.swapaxes(root, -1, -2)
        return (found + np.swapaxes(found, -1, -2)) / 2
