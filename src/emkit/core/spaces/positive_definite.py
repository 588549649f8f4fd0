"""Symmetric positive-definite matrices."""

from __future__ import annotations

from functools import cache
from math import prod

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.link import LOG, REAL, Link
from emkit.core.spaces.space import Shape, Space, first_where
from emkit.errors import DegenerateFitError

SYMMETRY_TOLERANCE = 1e-8


@cache
def _triangle(d: int) -> tuple[np.ndarray, np.ndarray]:
    return np.tril_indices(d)


def is_definite(matrices: Array) -> bool:
    """Whether each of the symmetric matrices (last two axes) has a Cholesky factor."""
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        return False
    return True


def _factor(matrices: Array) -> Array:
    """The lower Cholesky factors. Errors: DegenerateFitError for a matrix that is singular but for rounding."""
    try:
        return np.asarray(np.linalg.cholesky(matrices))
    except np.linalg.LinAlgError:
        raise DegenerateFitError(
            "a covariance collapsed: it is singular but for rounding, so the likelihood has no maximum. Use fewer components, "
            "or leave the floor under the variances."
        ) from None


def each_definite(matrices: Array) -> Mask:
    """Which of the symmetric matrices (n, d, d) have a Cholesky factor: all are tried at once, then halves of them."""
    if not len(matrices) or is_definite(matrices):
        return np.ones(len(matrices), dtype=bool)
    half = len(matrices) // 2
    parts = (matrices[:half], matrices[half:]) if half else ()
    return np.concatenate([each_definite(part) for part in parts]) if parts else np.zeros(1, dtype=bool)


class PositiveDefinite(Space):
    """Symmetric positive-definite matrices (last two axes).

    Coordinates: the lower triangle of the Cholesky factor, with the logarithm of its diagonal.

    As many coordinates as a triangle has entries, here those of a diagonal Cholesky factor with 2 and 3:

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.PositiveDefinite().pack(np.array([[4.0, 0.0], [0.0, 9.0]])).round(4).tolist(), np.log([2, 3]).round(4).tolist()
    ([0.6931, 0.0, 1.0986], [0.6931, 1.0986])
    >>> ek.PositiveDefinite().check(np.array([[1.0, 2.0], [2.0, 1.0]]), "covariance")
    Traceback (most recent call last):
        ...
    emkit.errors.ParameterError: covariance is not positive definite (its smallest eigenvalue is -1); a covariance must
        be.
    """

    event_axes = 2

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        if value.shape[-1] != value.shape[-2]:
            return (), f"has shape {value.shape}; its last two axes must be equal."
        if (value != np.swapaxes(value, -1, -2)).any():
            unit = np.sqrt(np.abs(np.einsum("...jj->...j", value)))
            bound = SYMMETRY_TOLERANCE * unit[..., :, None] * unit[..., None, :]
            lopsided = (np.abs(value - np.swapaxes(value, -1, -2)) > bound).any(axis=(-1, -2))
            if lopsided.any():
                return first_where(lopsided), "is not symmetric; a covariance must be."
        if is_definite(value):
            return None
        index = next(i for i in np.ndindex(*value.shape[:-2]) if not is_definite(value[i]))
        least = np.linalg.eigvalsh(value[index])[0]
        return index, f"is not positive definite (its smallest eigenvalue is {least:.3g}); a covariance must be."

    def pack(self, value: Array) -> Array:
        factor = _factor(value)
        d = value.shape[-1]
        diagonal = np.arange(d)
        factor[..., diagonal, diagonal] = np.log(factor[..., diagonal, diagonal])
        rows, columns = _triangle(d)
        return np.asarray(factor[..., rows, columns].ravel())

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        d = shape[-1]
        rows, columns = _triangle(d)
        factor = np.zeros(shape)
        factor[..., rows, columns] = coordinates.reshape(*shape[:-2], len(rows))
        diagonal = np.arange(d)
        factor[..., diagonal, diagonal] = np.exp(factor[..., diagonal, diagonal])
        return factor @ np.swapaxes(factor, -1, -2)

    def pull(self, value: Array, slope: Array) -> Array:
        factor = _factor(value)
        along = 2 * slope @ factor  # the derivative along the factor, since value = factor factor'
        diagonal = np.arange(value.shape[-1])
        along[..., diagonal, diagonal] *= factor[..., diagonal, diagonal]
        rows, columns = _triangle(value.shape[-1])
        return np.asarray(along[..., rows, columns].ravel())

    def size(self, shape: Shape) -> int:
        return prod(shape[:-2]) * (shape[-1] * (shape[-1] + 1) // 2)

    def entries(self, value: Array) -> Array:
        rows, columns = _triangle(value.shape[-1])
        return np.asarray(value[..., rows, columns].ravel())

    def entry_indices(self, shape: Shape) -> list[tuple[int, ...]]:
        pairs = list(zip(*(axis.tolist() for axis in _triangle(shape[-1])), strict=True))
        return [(*index, *pair) for index in np.ndindex(*shape[:-2]) for pair in pairs]

    def links(self, shape: Shape) -> list[Link]:
        return [LOG if index[-1] == index[-2] else REAL for index in self.entry_indices(shape)]
