"""A family made of one other: what every such family hands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Update
from emkit.data.profile import AnyProfile
from emkit.families.conditional import Conditional
from emkit.families.description import Description
from emkit.families.family import Family
from emkit.families.floor import Floor
from emkit.families.linear import LinearForm
from emkit.families.named import one_family
from emkit.families.spread import Spread
from emkit.families.support import Support

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


@dataclass(frozen=True)
class Wrapped(Family[P, S]):
    """`family` (or its name) with its own parameters and statistics. A subclass writes only what is otherwise."""

    family: Family[P, S]

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", one_family(self.family))

    @property
    def name(self) -> str:
        return self.family.name

    @property
    def support(self) -> Support:
        return self.family.support

    @property
    def described(self) -> Description:
        return self.family.described

    @property
    def spread(self) -> Spread:
        return self.family.spread

    @property
    def among_gaps(self) -> Self | None:
        inner = self.family.among_gaps
        return None if inner is None else self if inner is self.family else replace(self, family=inner)

    @property
    def conditional(self) -> Conditional | None:
        inner = self.family.conditional
        return None if inner is None else OfOne(self, inner)

    def apiece(self, params: P) -> P:
        """The parameters of the family, written out as it reads them."""
        return params

    @property
    def rounds(self) -> int:
        return self.family.rounds

    @property
    def bends(self) -> Callable[[P], Array]:
        return self.family.bends

    def settled(self, profile: AnyProfile) -> Self:
        settled = self.family.settled(profile)
        return self if settled is self.family else replace(self, family=settled)

    def pooled(self, profile: AnyProfile, n_components: int) -> P:
        return self.family.pooled(profile, n_components)

    def log_density(self, params: P, x: Array) -> Array:
        return self.family.log_density(params, x)

    def statistics(self, params: P, x: Array, weights: Array) -> S:
        return self.family.statistics(params, x, weights)

    def updates(self) -> Mapping[str, Update[Any, P]]:
        return self.family.updates()

    def expected(self, stats: S, before: P, now: P) -> Expected:
        return self.family.expected(stats, before, now)

    def draw(self, params: P, rng: np.random.Generator, components: Integers) -> Array:
        return self.family.draw(params, rng, components)

    def scales(self, params: P) -> Mapping[str, Scale]:
        return self.family.scales(params)

    @property
    def held(self) -> Callable[[P], tuple[str, ...]]:
        return self.family.held

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return self.family.lower_bound(profile)

    def linear(self, params: P) -> LinearForm[S] | None:
        return self.family.linear(params)


@dataclass(frozen=True)
class OfOne(Conditional):
    """What the family inside another one, `outer`, says of columns given others."""

    outer: Any
    inner: Conditional

    def placed(self, profile: AnyProfile) -> Any:
        return replace(self.outer, family=self.inner.placed(profile))

    def laws(self, columns: int) -> Mapping[int, Support]:
        return self.inner.laws(columns)

    @property
    def leaves_others(self) -> bool:
        return self.inner.leaves_others

    def means(self, params: Any, x: Array) -> Array | None:
        return self.inner.means(self.outer.apiece(params), x)

    def up_to(self, params: Any, x: Array) -> Array | None:
        return self.inner.up_to(self.outer.apiece(params), x)

    def level_names(self, params: Any) -> tuple[str, ...] | None:
        return self.inner.level_names(self.outer.apiece(params))

    def shares(self, params: Any, x: Array) -> Array | None:
        return self.inner.shares(self.outer.apiece(params), x)

    def drawn(self, params: Any, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        return self.inner.drawn(self.outer.apiece(params), rng, components, rows)

    def divided(self, x: Array, weights: Array, n_components: int, seed: int) -> Integers | None:
        return self.inner.divided(x, weights, n_components, seed)
