"""Matrices of correlations: symmetric, with a diagonal of 1 and no negative eigenvalue."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import ClassVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.link import FISHER, Link
from emkit.core.spaces.scalar import share_lost
from emkit.core.spaces.semidefinite import NEGATIVE, semidefinite_root
from emkit.core.spaces.space import EDGE, Shape, Space, first_where

OFF = 1e-8  # by which a diagonal may differ from 1
GONE = 1e-7  # of a standard deviation, what is left given the elements before: nothing


@cache
def _below(m: int) -> tuple[np.ndarray, np.ndarray]:
    return np.tril_indices(m, -1)


class Correlations(Space):
    """Matrices of correlations (last two axes), also singular ones.

    Coordinates: row by row below the diagonal, the hyperbolic arc tangents of the correlations of each two elements, given all
    those before the earlier of the two; infinite where these are -1 or 1, which are its edges.
    Source: Lewandowski, Kurowicka & Joe (2009), Journal of Multivariate Analysis 100, 1989-2001.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.spaces.Correlations().pack(np.array([[1.0, 0.5], [0.5, 1.0]])).round(4).tolist()
    [0.5493]
    >>> ek.spaces.Correlations().unpack(np.array([0.5493]), (2, 2)).round(3).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """

    event_axes = 2
    is_crept_along: ClassVar[bool] = True

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        if value.shape[-1] != value.shape[-2]:
            return (), f"has shape {value.shape}; its last two axes must be equal."
        lopsided = value != np.swapaxes(value, -1, -2)
        if lopsided.any():
            return first_where(lopsided.any(axis=(-1, -2))), "is not symmetric; correlations must be."
        off = np.abs(np.einsum("...jj->...j", value) - 1) > OFF
        if off.any():
            place = first_where(off)
            return (*place, place[-1]), f"is {value[(*place, place[-1])]:g}; a correlation of something with itself is 1."
        least = np.linalg.eigvalsh(value)[..., 0]
        negative = least < -NEGATIVE * value.shape[-1]
        if not negative.any():
            return None
        index = first_where(negative)
        return index, f"has a negative eigenvalue ({least[index]:.3g}); correlations have none."

    def pack(self, value: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.arctanh(_partial(value))[..., *_below(value.shape[-1])].ravel()

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        m = shape[-1]
        partial = np.zeros(shape)
        partial[..., *_below(m)] = np.tanh(coordinates.reshape(*shape[:-2], -1))
        return _of_partial(partial)

    def pull(self, value: Array, slope: Array) -> Array:
        along = (slope + np.swapaxes(slope, -1, -2)) @ root_of(value)
        return np.einsum("...cij,...ij->...c", moves_of_root(value), along).ravel()

    def size(self, shape: Shape) -> int:
        return prod(shape[:-2]) * (shape[-1] * (shape[-1] - 1) // 2)

    def entries(self, value: Array) -> Array:
        return np.asarray(value[..., *_below(value.shape[-1])].ravel())

    def entry_indices(self, shape: Shape) -> list[tuple[int, ...]]:
        pairs = list(zip(*(axis.tolist() for axis in _below(shape[-1])), strict=True))
        return [(*index, *pair) for index in np.ndindex(*shape[:-2]) for pair in pairs]

    def links(self, shape: Shape) -> list[Link]:
        return [FISHER] * len(self.entry_indices(shape))

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        out = np.abs(_partial(value)) >= 1 - EDGE
        return [index for index in self.entry_indices(value.shape) if out[index]]

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        """Also those along which nothing moves any more: of an element, the others given it, once those before tell it."""
        (rows, columns), m = _below(shape[-1]), shape[-1]
        out = np.zeros((prod(shape[:-2]), m, m), dtype=bool)
        out[:, rows, columns] = np.abs(np.tanh(coordinates)).reshape(len(out), len(rows)) >= 1 - EDGE
        told = np.logical_or.accumulate(out, axis=-1)
        return np.asarray((told | told[:, :, -1][:, None, :])[:, rows, columns].ravel())

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        before, then = _partial(value), _partial(after)
        toward = np.where(before < 0, -1.0, 1.0)
        return share_lost(1 - np.abs(before), 1 - toward * then) * (before != 0)

    def way_to_edge(self, value: Array) -> Array:
        below = np.tri(value.shape[-1], k=-1, dtype=bool)
        return np.where(below, 1 - np.abs(_partial(value)), np.inf)

    def on_edge(self, value: Array, mask: Mask) -> Array:
        partial = _partial(value)
        return _of_partial(np.where(mask, np.where(partial < 0, -1.0, 1.0), partial))

    def unsaid(self, value: Array) -> Array:
        return np.broadcast_to(np.eye(value.shape[-1]), value.shape).copy()


def root_of(value: Array) -> Array:
    """The lower triangular L with correlations L L' (last two axes), rows of length 1."""
    root = semidefinite_root(value)
    return np.asarray(root / np.sqrt((root**2).sum(axis=-1, keepdims=True)))


def moves_of_root(value: Array) -> Array:
    """The derivatives (..., c, m, m) of the root along each of the c coordinates."""
    root, partial = root_of(value), _partial(value)
    left = _left(root)
    rows, columns = _below(value.shape[-1])
    found = np.zeros((*value.shape[:-2], len(rows), *value.shape[-2:]))
    for c, (i, j) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        found[..., c, i, j] = (1 - partial[..., i, j] ** 2) * left[..., i, j]
        found[..., c, i, j + 1 : i + 1] = -partial[..., i, j, None] * root[..., i, j + 1 : i + 1]
    return found


def _left(root: Array) -> Array:
    """What is left of the length of each row (..., m, m) before each column."""
    squares = np.cumsum(root[..., ::-1] ** 2, axis=-1)[..., ::-1]  # from the end: nothing cancels
    return np.asarray(np.sqrt(squares))


def _partial(value: Array) -> Array:
    """The correlations (..., m, m) of each two elements given those before the earlier; 0 on the diagonal and above."""
    root = root_of(value)
    left = _left(root)
    none = left <= GONE
    found = np.where(none, 0.0, root / np.where(none, 1.0, left))
    return np.asarray(np.clip(np.where(np.tri(value.shape[-1], k=-1, dtype=bool), found, 0.0), -1.0, 1.0))


def _of_partial(partial: Array) -> Array:
    m = partial.shape[-1]
    root, left = np.zeros(partial.shape), np.ones(partial.shape[:-1])
    for j in range(m):
        root[..., :, j] = np.where(np.arange(m) > j, partial[..., :, j] * left, np.where(np.arange(m) == j, left, 0.0))
        left = left * np.sqrt(np.maximum((1 - partial[..., :, j]) * (1 + partial[..., :, j]), 0.0))
    found = root @ np.swapaxes(root, -1, -2)
    found[..., np.arange(m), np.arange(m)] = 1.0
    return np.asarray((found + np.swapaxes(found, -1, -2)) / 2)
