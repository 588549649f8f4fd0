"""Covariances of random effects: any, of effects that do not correlate, and of effects that all vary alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, ClassVar, Self

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.spaces import NonNegative, PositiveSemidefinite
from emkit.core.spaces.semidefinite import semidefinite_root


@dataclass(frozen=True, eq=False)
class EffectsCovariance(Parameters):
    """The covariance of the r `effects` of a group, by their names. A subclass is a form of it."""

    effects: tuple[str, ...] = field(default=(), kw_only=True)

    @classmethod
    @abstractmethod
    def near(cls, covariance: Array, effects: tuple[str, ...] = ()) -> EffectsCovariance:
        """Of this form, the one that `effects` have whose second moments are `covariance` (r, r)."""

    @abstractmethod
    def matrix(self, effects: int) -> Array:
        """The covariance (r, r) of so many effects."""

    def admits(self, effects: int) -> bool:
        """Whether it is of so many effects."""
        return True

    def root(self, effects: int) -> Array:
        """The lower triangular L (r, r) with covariance = L L'; effects are L u, with u ~ N(0, I)."""
        return np.sqrt(self.matrix(effects))

    @property
    def tilts(self) -> bool:
        """Whether combinations of effects do not vary, which others could be as well: moments of effects do not tell."""
        return False

    def tilted(self, matrix: Array) -> Self:
        """The same form with another `matrix`, where it tilts."""
        raise NotImplementedError

    @property
    def levels(self) -> tuple[EffectsCovariance, ...]:
        """The covariance of each level of groups: of one, itself."""
        return (self,)

    @classmethod
    def of_levels(cls, levels: Sequence[EffectsCovariance]) -> EffectsCovariance:
        """That of these levels, which are one."""
        (only,) = levels
        return only

    @staticmethod
    def joined(parts: Sequence[Expected]) -> Expected:
        """What is expected of all levels."""
        (only,) = parts
        return only

    @abstractmethod
    def expected(self, moments: Array, groups: float) -> Expected:
        """The expected log-density of the effects of so many `groups`, given the sum of their second `moments` (r, r)."""


@dataclass(frozen=True, eq=False)
class AnyCovariance(EffectsCovariance):
    """`covariance` (r, r) of the effects, of any form; it may be singular."""

    covariance: Annotated[Array, PositiveSemidefinite(), Axes("effect", "effect", told_by="effects")]

    @classmethod
    def near(cls, covariance: Array, effects: tuple[str, ...] = ()) -> AnyCovariance:
        return cls((covariance + covariance.T) / 2, effects=effects)

    def matrix(self, effects: int) -> Array:
        return self.covariance

    @cached_property
    def _root(self) -> Array:
        return semidefinite_root(self.covariance)

    def root(self, effects: int) -> Array:
        return self._root

    def admits(self, effects: int) -> bool:
        return self.covariance.shape == (effects, effects)

    @property
    def tilts(self) -> bool:
        return self._tilts

    @cached_property
    def _tilts(self) -> bool:
        still = np.diag(self._root) == 0
        return bool(still.any() and not still.all())

    def tilted(self, matrix: Array) -> Self:
        return replace(self, covariance=(matrix + matrix.T) / 2)

    def expected(self, moments: Array, groups: float) -> Expected:
        root = self.root(len(self.covariance))
        if not np.diag(root).all():  # of effects that are known to be 0 there is nothing to tell
            return Expected(-np.inf if moments.any() else 0.0, {"covariance": np.zeros_like(root)})
        inverse = np.linalg.inv(self.covariance)
        told = inverse @ moments
        value = -groups * np.log(np.diag(root)).sum() - np.trace(told) / 2
        return Expected(float(value), {"covariance": (told @ inverse - groups * inverse) / 2})


class Variance(NonNegative):
    """Variances, which EM creeps to 0 with the slower, the nearer."""

    is_crept_along: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class DiagonalCovariance(EffectsCovariance):
    """`variances` (r,) >= 0 of effects that do not correlate."""

    variances: Annotated[Array, Variance(), Axes("effect", told_by="effects")]

    @classmethod
    def near(cls, covariance: Array, effects: tuple[str, ...] = ()) -> DiagonalCovariance:
        return cls(np.maximum(np.diag(covariance), 0.0), effects=effects)

    def matrix(self, effects: int) -> Array:
        return np.diag(self.variances)

    def admits(self, effects: int) -> bool:
        return self.variances.shape == (effects,)

    def expected(self, moments: Array, groups: float) -> Expected:
        value, slopes = _of_variances(self.variances, np.diag(moments), np.full(len(self.variances), groups))
        return Expected(value, {"variances": slopes})


@dataclass(frozen=True, eq=False)
class EqualCovariance(EffectsCovariance):
    """`variance` >= 0 of all effects, which do not correlate."""

    variance: Annotated[float, Variance(), Axes(told_by="effects")]

    @classmethod
    def near(cls, covariance: Array, effects: tuple[str, ...] = ()) -> EqualCovariance:
        return cls(max(float(np.trace(covariance)) / len(covariance), 0.0), effects=effects)

    def matrix(self, effects: int) -> Array:
        return self.variance * np.eye(effects)

    def expected(self, moments: Array, groups: float) -> Expected:
        one = np.array([np.trace(moments)])
        value, slopes = _of_variances(np.array([self.variance]), one, np.array([groups * len(moments)]))
        return Expected(value, {"variance": slopes[0]})


COVARIANCES: dict[str, type[EffectsCovariance]] = {
    "unstructured": AnyCovariance,
    "diagonal": DiagonalCovariance,
    "scalar": EqualCovariance,
}


def _of_variances(variances: Array, squares: Array, number: Array) -> tuple[float, Array]:
    """Expected log-density of normals, so many of each variance, given sums of squares; 0 for those that do not vary."""
    varies = variances > 0
    if squares[~varies].any():
        return -np.inf, np.zeros(len(variances))
    safe = np.where(varies, variances, 1.0)
    value = -0.5 * (number * np.log(safe) + squares / safe)[varies].sum()
    return float(value), np.where(varies, (squares / safe - number) / (2 * safe), 0.0)
