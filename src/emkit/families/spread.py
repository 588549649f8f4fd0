"""What of a family says how wide a component is; and few rows that happen to lie close together, which are no clusters.

The fewer rows a component has, the narrower it can be by accident, and the higher its likelihood is for that. A search goes by
one rule for all families with a spread, in which neither units nor rotations matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.parameters import get_at
from emkit.data.profile import AnyProfile

FEW = 6  # rows for each number that the mean and one direction of the spread take: fewer tell a spread badly
NARROW = 1 / 400  # of another component's variance in some direction: a twentieth of its standard deviation


def few(rows: Array, directions: int) -> Mask:
    """Where so many `rows` tell badly how far they spread in `directions` that may be correlated."""
    return np.asarray(rows < FEW * (directions + 1))


def rows_per_weight(profile: AnyProfile) -> float:
    """How many rows a weight of 1 stands for: 1, but for weights that are shares, and no counts."""
    return max(1.0, profile.rows / profile.total_weight)


@dataclass(frozen=True)
class Spread:
    """Nothing: no component is far narrower than others, or their likelihood would not be high for that."""

    def slivers(self, params: Any, rows: Array) -> Mask:
        """Which components (K,), of so many `rows` (K,) each, are slivers.

        A component of fewer than about 2 d + 1 rows is one, where spreads have d directions (but not one with half of an equal
        share of all rows); and one of fewer than 6 (d + 1) rows, if its variance is less than 1/400 of another component's in
        some direction.
        """
        return np.zeros(len(rows), dtype=bool)


@dataclass(frozen=True)
class Variances(Spread):
    """The field at `path`: a variance of each column, or (the `inverse`) what falls as the rows lie closer together."""

    path: str
    inverse: bool = False

    def slivers(self, params: Any, rows: Array) -> Mask:
        value = get_at(params, self.path).reshape(len(rows), -1)
        with np.errstate(divide="ignore"):
            variances = 1 / value if self.inverse else value
        found = rows < _least(rows, 1)
        some = ~found & few(rows, 1)
        widest = variances.max(axis=0)
        found[some] = (variances[some] / np.where(widest > 0, widest, 1.0)).min(axis=1) < NARROW
        return np.asarray(found)


@dataclass(frozen=True)
class Covariances(Spread):
    """The field at `path`: a covariance matrix of each component."""

    path: str

    def slivers(self, params: Any, rows: Array) -> Mask:
        covariances = get_at(params, self.path)
        directions = covariances.shape[-1]
        found = np.asarray(rows < _least(rows, directions))
        some = np.flatnonzero(~found & few(rows, directions))
        if len(some):
            found[some] = _narrowness(covariances, some) < NARROW
        return found


def _least(rows: Array, directions: int) -> float:
    """The rows that a component must have, about: half of an equal share, where there are too few for all."""
    return min(2 * directions + 0.5, float(rows.sum()) / (2 * len(rows)))


def _narrowness(covariances: Array, some: Integers) -> Array:
    """The least variance of `some` components in any direction in which another one's is 1; each has 1 itself.

    Where one is singular, there is a direction in which it is infinitely narrow: 0 for all.
    """
    unit = np.sqrt(np.einsum("kjj->kj", covariances).max(axis=0))
    scaled = covariances / (unit[:, None] * unit)
    try:
        whiten = np.linalg.inv(np.linalg.cholesky(scaled))
    except np.linalg.LinAlgError:
        return np.zeros(len(some))
    seen = whiten @ scaled[some][:, None] @ whiten.swapaxes(1, 2)
    return np.asarray(np.linalg.eigvalsh(seen).min(axis=(1, 2)))
