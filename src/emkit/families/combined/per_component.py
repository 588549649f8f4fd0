"""Components of different families: clusters and noise, counts and exact zeros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.core.axes import Divided
from emkit.core.parameters import Parameters
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.families.combined.parts import AnyFamily, FloorOfParts, InParts, PartStats, union
from emkit.families.combined.possible import AnyOf, possible_rows
from emkit.families.conditional import Conditional, leaves_others
from emkit.families.description import Description
from emkit.families.family import LOG_OF_ZERO
from emkit.families.floor import Floor
from emkit.families.named import one_family
from emkit.families.spread import Spread
from emkit.families.support import Support

__all__ = ["PerComponent", "PerComponentParams"]

Places = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class PerComponentParams(Parameters):
    """The parameters of the components of each family in `parts`, and the `places` of these among all components.

    >>> import emkit as ek
    >>> family = ek.PerComponent((ek.Poisson(), 2), ek.PointMass(0))
    >>> params = family.params(ek.PoissonParams([[1.0], [3.0]]), ek.PointMassParams([[0.0]]))
    >>> params.places, params.parts[0].rates.ravel().tolist()
    (((0, 1), (2,)), [1.0, 3.0])
    """

    parts: Annotated[tuple[Any, ...], Divided("component")]
    places: tuple[Places, ...]


@dataclass(frozen=True, init=False)
class PerComponent(InParts):
    """A family for each component: ``PerComponent(ek.Poisson(), ek.Poisson(), ek.PointMass(0))``.

    A pair is a family and how many components have it: ``PerComponent((ek.FullGaussian(), 3), ek.Uniform())``. Components of
    the same family stand together, in the order in which families are first named; only these can change places. A row must
    be possible for one of the families at least: `Gamma` beside ``PointMass(0)`` takes amounts of which some are 0.
    Parameters that start a fit are made by `params`. Errors: ModelError for what is no family.

    Counts, of which some come from a component that is always 0:

    >>> import emkit as ek
    >>> family = ek.PerComponent(ek.Poisson(), ek.PointMass(0))
    >>> start = ek.MixtureParams([0.5, 0.5], family.params(ek.PoissonParams([[3.0]]), ek.PointMassParams([[0.0]])))
    >>> found = ek.fit(ek.Mixture(family), [0, 0, 0, 0, 3, 5, 4], start).params
    >>> found.proportions.round(3).tolist(), found.components.parts[0].rates.round(3).tolist()
    ([0.437, 0.563], [[3.921]])
    """

    each: tuple[AnyFamily, ...]

    def __init__(self, *each: Any) -> None:
        given = [family for one in each for family in _several(one)]
        if not given:
            raise ModelError("PerComponent needs a family for each component, as in PerComponent(Poisson(), PointMass(0)).")
        kinds = list(dict.fromkeys(given))
        object.__setattr__(self, "each", tuple(kind for kind in kinds for _ in range(given.count(kind))))

    @property
    def families(self) -> tuple[AnyFamily, ...]:
        return tuple(dict.fromkeys(self.each))

    @property
    def places(self) -> tuple[Places, ...]:
        """The components of each of the `families`."""
        return tuple(tuple(k for k, one in enumerate(self.each) if one == family) for family in self.families)

    @property
    def name(self) -> str:
        return " + ".join(dict.fromkeys(family.name for family in self.families))

    @property
    def support(self) -> Support:
        each = [family.support for family in self.families]
        return AnyOf(
            takes_names=any(support.takes_names for support in each),
            whole=all(support.whole for support in each),
            least=min(support.least for support in each),
            most=max(support.most for support in each),
            families=self.families,
        )

    @property
    def described(self) -> Description:
        said = " or ".join(dict.fromkeys(family.described.data for family in self.families))
        return Description(data=said, parameters="those of the family of each component")

    @property
    def spread(self) -> Spread:
        return SpreadOfKinds(self.places, self.families)

    @property
    def among_gaps(self) -> AnyFamily | None:
        """Gaps where the families of all components admit them."""
        if any(family.among_gaps is None for family in self.families):
            return None
        each = tuple(family.among_gaps for family in self.each)
        return self if each == self.each else type(self)(*each)

    @property
    def conditional(self) -> Conditional | None:
        return None if all(family.conditional is None for family in self.families) else OfKinds(self)

    @property
    def rounds(self) -> int:
        return max(family.rounds for family in self.families)

    def params(self, *parts: Parameters) -> PerComponentParams:
        """The parameters of each of the `families`, for as many components as it has, as those of the whole."""
        return PerComponentParams(self._matched(parts), self.places)

    def settled(self, profile: AnyProfile) -> Self:
        known = {family: family.settled(possible_rows(profile, family)) for family in self.families}
        return type(self)(*(known[family] for family in self.each))

    def pooled(self, profile: AnyProfile, n_components: int) -> PerComponentParams:
        if n_components != len(self.each):
            raise ModelError(
                f"there are families for {len(self.each)} components ({self.name}), and {n_components} components are asked "
                f"for; ask for {len(self.each)}, as in MixtureModel(family, {len(self.each)})."
            )
        every = zip(self.families, self.places, strict=True)
        return self.params(*(family.pooled(possible_rows(profile, family), len(own)) for family, own in every))

    def log_density(self, params: PerComponentParams, x: Array) -> Array:
        found = np.full((len(x), len(self.each)), LOG_OF_ZERO, order="F")
        for family, part, own, rows in self._each(params, x):
            found[rows, own] = family.log_density(part, x[rows])
        return found

    def statistics(self, params: PerComponentParams, x: Array, weights: Array) -> PartStats:
        each = self._each(params, x)
        return PartStats(tuple(family.statistics(part, x[rows], weights[rows, own]) for family, part, own, rows in each))

    def draw(self, params: PerComponentParams, rng: np.random.Generator, components: Integers) -> Array:
        drawn: list[tuple[Mask, Array]] = []
        for family, part, own in zip(self.families, self._matched(params.parts), self.places, strict=True):
            mine = np.isin(components, own)
            drawn.append((mine, family.draw(part, rng, components[mine] - own[0])))
        x = np.empty((len(components), drawn[0][1].shape[1]))
        for mine, rows in drawn:
            x[mine] = rows
        return x

    def lower_bound(self, profile: AnyProfile) -> Floor:
        floors = tuple(family.lower_bound(possible_rows(profile, family)) for family in self.families)
        return FloorOfParts(floors, partial(_rows_of_kind, self.places))

    def _each(self, params: PerComponentParams, x: Array) -> Iterator[tuple[AnyFamily, Any, slice, Any]]:
        """Family, parameters, components, and the rows of x that are possible for them."""
        for family, part, own in zip(self.families, self._matched(params.parts), self.places, strict=True):
            out = family.support.impossible(x)
            yield family, part, slice(own[0], own[-1] + 1), ~out if out.any() else slice(None)

    def _matched(self, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(parts) != len(self.families):
            raise ParameterError(f"there are parameters for {len(parts)} families, and {len(self.families)} families.")
        return tuple(parts)


@dataclass(frozen=True)
class OfKinds(Conditional):
    """What the families of components say, of which some describe some columns given others."""

    kinds: PerComponent

    def placed(self, profile: AnyProfile) -> PerComponent:
        each = self.kinds.families
        known = {one: one if one.conditional is None else one.conditional.placed(profile) for one in each}
        return type(self.kinds)(*(known[one] for one in self.kinds.each))

    def laws(self, columns: int) -> Mapping[int, Support]:
        """A column holds whole numbers if one kind of component says so: zeros beside them are numbers, too."""
        found: dict[int, Support] = {}
        for family in self.kinds.families:
            given = family.conditional
            laws = dict.fromkeys(range(columns), family.support) if given is None else given.laws(columns)
            for j, law in laws.items():
                found[j] = law if j not in found else _either(law, found[j]) if law.whole else _either(found[j], law)
        return found

    @property
    def leaves_others(self) -> bool:
        return any(leaves_others(family) for family in self.kinds.families)

    def means(self, params: PerComponentParams, x: Array) -> Array | None:
        """None unless all kinds say theirs."""
        found, given = np.empty((len(x), len(self.kinds.each))), [family.conditional for family in self.kinds.families]
        for own, part, places in zip(given, params.parts, self.kinds.places, strict=True):
            means = None if own is None else own.means(part, x)
            if means is None:
                return None
            found[:, list(places)] = means
        return found

    def drawn(self, params: PerComponentParams, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        found = np.array(rows, dtype=np.float64)
        for family, part, own in zip(self.kinds.families, params.parts, self.kinds.places, strict=True):
            mine, given = np.isin(components, own), family.conditional
            of = components[mine] - own[0]
            found[mine] = family.draw(part, rng, of) if given is None else given.drawn(part, rng, of, rows[mine])
        return found

    def divided(self, x: Array, weights: Array, n_components: int, seed: int) -> Integers | None:
        """Each row to one of the kinds for which it is possible, by chance; then as that kind divides its rows.

        Kinds have the same rows whatever the seed: of one component each, they are told apart by what is possible, and starts
        that differ by chance alone would be many for one. None where a kind of several components does not say how.
        """
        found, rng = np.zeros(len(x), dtype=np.int64), np.random.default_rng(0)
        every = list(zip(self.kinds.families, self.kinds.places, strict=True))
        odds = np.cumsum([len(own) * ~family.support.impossible(x) for family, own in every], axis=0)
        kind = (rng.random(len(x)) * odds[-1] >= odds).sum(axis=0)
        for i, (family, own) in enumerate(every):
            rows, given, division = np.flatnonzero(kind == i), family.conditional, None
            if len(own) > 1 and len(rows):
                division = None if given is None else given.divided(x[rows], weights[rows], len(own), seed)
                if division is None:
                    return None
            found[rows] = own[0] if division is None else own[0] + division
        return found


def _either(law: Support, other: Support) -> Support:
    """What has the one law or the other, as far as ends are said."""
    least, most = (end if np.isfinite(end) else mine for end, mine in ((other.least, law.least), (other.most, law.most)))
    return replace(law, least=min(law.least, least), most=max(law.most, most))


def _several(given: Any) -> list[AnyFamily]:
    """A family, or so many components of it. Errors: ModelError."""
    family, number = given if isinstance(given, tuple | list) and len(given) == 2 else (given, 1)
    if not isinstance(number, int) or number < 1:
        raise ModelError(f"{given!r} is no family; give a family, as Poisson(), or a pair of one and a number, (Poisson(), 2).")
    return [one_family(family)] * number


def _rows_of_kind(places: tuple[Places, ...], params: Any, part: int, rows: Array) -> Array:
    return np.asarray(rows[..., list(places[part])])


@dataclass(frozen=True)
class SpreadOfKinds(Spread):
    """A component is a sliver beside others of its own family; `places` are the components of each."""

    places: tuple[Places, ...]
    families: tuple[AnyFamily, ...]

    def slivers(self, params: Any, rows: Array) -> Mask:
        found = np.zeros(rows.shape, dtype=bool)
        for own, family, part in zip(self.places, self.families, params.parts, strict=True):
            found[..., list(own)] = family.spread.slivers(part, rows[..., list(own)])
        return found

    def endless(self, params: Any, profile: AnyProfile) -> tuple[int, ...]:
        every = zip(self.families, params.parts, self.places, strict=True)
        told = ((family.spread.endless(part, possible_rows(profile, family)), own) for family, part, own in every)
        return union(tuple(own[k] for k in some) for some, own in told)
