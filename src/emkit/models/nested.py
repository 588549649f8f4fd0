"""Groups within groups: what their effects are, and the covariances of both levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.data.framed_design import Column
from emkit.models.random_effects import AnyCovariance, DiagonalCovariance, EffectsCovariance, EqualCovariance


@dataclass(frozen=True)
class Nested:
    """Random effects of inner groups, which lie within the groups of a source, as classes do in schools.

    `groups` is the column, by name or place, that tells the inner groups of a group apart; the same label in two groups is of
    two inner groups. `effects`, `intercept` and `covariance` are as those of `MixedModel`.

    Classes 1 and 2 of school A, class 1 of school B:

    >>> import emkit as ek
    >>> rows = ek.ArraySource([[4.1, 1], [4.3, 1], [5.0, 2], [2.2, 1], [2.0, 1]], columns=["y", "class"], groups=list("AAABB"))
    >>> model = ek.MixedModel("y", nested=ek.Nested("class"))
    >>> found = model.start(rows.profile).between
    >>> round(found.outer.covariance.item(), 3), round(found.inner.covariance.item(), 3)
    (0.359, 0.359)
    """

    groups: Column
    effects: tuple[Column, ...] = ()
    intercept: bool = True
    covariance: str = "unstructured"


@dataclass(frozen=True, eq=False)
class NestedCovariance(Parameters):
    """The covariances of the effects of groups, `outer`, and of inner groups within them, `inner`, which do not correlate."""

    outer: AnyCovariance | DiagonalCovariance | EqualCovariance
    inner: AnyCovariance | DiagonalCovariance | EqualCovariance

    @property
    def levels(self) -> tuple[EffectsCovariance, ...]:
        """The covariance of each level, the outer first."""
        return self.outer, self.inner

    @classmethod
    def of_levels(cls, levels: Sequence[EffectsCovariance]) -> NestedCovariance:
        """That of these levels."""
        outer, inner = levels
        return cls(outer, inner)  # type: ignore[arg-type]  # forms are classes that a start names

    @staticmethod
    def joined(parts: Sequence[Expected]) -> Expected:
        """What is expected of both levels."""
        outer, inner = parts
        return outer.inside("outer").plus(inner.inside("inner"))
