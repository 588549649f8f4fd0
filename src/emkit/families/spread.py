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
from emkit.core.spaces.positive_definite import is_definite
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

    @property
    def narrows(self) -> bool:
        """Whether components may be as narrow as one value."""
        return False

    def slivers(self, params: Any, rows: Array) -> Mask:
        """Which components are slivers, given how many `rows` each has: (K,), or (S, K) of several runs.

        The components of all runs stand one behind the other in `params`. A component of fewer than about 2 d + 1 rows is a
        sliver, where spreads have d directions (but not one with half of an equal share of all rows); and one of fewer than
        6 (d + 1) rows, if its variance is less than 1/400 of another component's of its run in some direction.
        """
        return np.zeros(rows.shape, dtype=bool)

    def endless(self, params: Any, profile: AnyProfile) -> tuple[int, ...]:
        """Components that run off without end: there is no best place, and the likelihood is highest infinitely far off."""
        return ()


@dataclass(frozen=True)
class SameSpread(Spread):
    """That of the `inner` one, but for what a subclass says."""

    inner: Spread

    @property
    def narrows(self) -> bool:
        return self.inner.narrows

    def slivers(self, params: Any, rows: Array) -> Mask:
        return self.inner.slivers(params, rows)

    def endless(self, params: Any, profile: AnyProfile) -> tuple[int, ...]:
        return self.inner.endless(params, profile)


@dataclass(frozen=True)
class Variances(Spread):
    """The field at `path`: a variance of each column, or (the `inverse`) what falls as the rows lie closer together.

    `directions`: how many numbers say where the rows of a component lie along one column.
    """

    path: str
    inverse: bool = False
    directions: int = 1

    @property
    def narrows(self) -> bool:
        return True

    def slivers(self, params: Any, rows: Array) -> Mask:
        value = get_at(params, self.path).reshape(*rows.shape, -1)
        with np.errstate(divide="ignore", invalid="ignore"):  # one may be infinite: angles from everywhere
            variances = 1 / value if self.inverse else value
            widest = variances.max(axis=-2, keepdims=True)
            narrowest = (variances / np.where(widest > 0, widest, 1.0)).min(axis=-1)
        few_rows = few(rows, self.directions)
        return np.asarray((rows < _least(rows, self.directions)) | (few_rows & (narrowest < NARROW)))


@dataclass(frozen=True)
class Covariances(Spread):
    """The field at `path`: a covariance matrix of each component."""

    path: str

    @property
    def narrows(self) -> bool:
        return True

    def slivers(self, params: Any, rows: Array) -> Mask:
        covariances = get_at(params, self.path)
        directions = covariances.shape[-1]
        found = np.asarray(rows < _least(rows, directions))
        some = ~found & few(rows, directions)
        runs = some.reshape(-1, rows.shape[-1])
        for s in np.flatnonzero(runs.any(axis=1)):
            own = slice(s * rows.shape[-1], (s + 1) * rows.shape[-1])
            found.reshape(-1)[own][runs[s]] = _narrow(covariances[own], np.flatnonzero(runs[s]))
        return found


def _least(rows: Array, directions: int) -> Array:
    """The rows that a component must have, about: half of an equal share, where there are too few for all."""
    return np.minimum(2 * directions + 0.5, rows.sum(axis=-1, keepdims=True) / (2 * rows.shape[-1]))


def _narrow(covariances: Array, some: Integers) -> Mask:
    """Which of `some` components have less than `NARROW` of the variance of another one in some direction.

    Where one is singular, there is a direction in which it is infinitely narrow: then all of them are called narrow.
    """
    unit = np.sqrt(np.einsum("kjj->kj", covariances).max(axis=0))
    scaled = covariances / (unit[:, None] * unit)
    beyond = scaled[some][:, None] - NARROW * scaled  # definite where it is wide enough
    if is_definite(scaled) and is_definite(beyond):
        return np.zeros(len(some), dtype=bool)
    return np.array([not (is_definite(scaled) and is_definite(each)) for each in beyond])
