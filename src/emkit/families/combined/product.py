"""Columns of different families, in blocks that are independent within a component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.axes import Divided
from emkit.core.parameters import Parameters
from emkit.data.chunk import columns_at
from emkit.data.profile import AnyProfile
from emkit.data.some import some_columns
from emkit.errors import DataError, ModelError, ParameterError, some_of
from emkit.families.combined.blocks import BlockSupport
from emkit.families.combined.joined import joined_form
from emkit.families.combined.parts import AnyFamily, FloorOfParts, InParts, PartStats, SpreadOfParts
from emkit.families.conditional import Conditional, leaves_others
from emkit.families.description import Description
from emkit.families.floor import Floor
from emkit.families.linear import LinearForm
from emkit.families.named import one_family
from emkit.families.spread import Spread
from emkit.families.support import Support

__all__ = ["Product", "ProductParams"]

Places = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ProductParams(Parameters):
    """The parameters of the families of blocks of columns in `parts`, and the `places` of the columns of each block.

    Two blocks: the first column is a count, the other a yes or no.

    >>> import emkit as ek
    >>> params = ek.ProductParams((ek.PoissonParams([[2.0]]), ek.SuccessParams([[0.3]])), ((0,), (1,)))
    >>> params.places, params.parts[1].probabilities.tolist()
    (((0,), (1,)), [[0.3]])
    """

    parts: Annotated[tuple[Any, ...], Divided("column")]
    places: tuple[Places, ...]


@dataclass(frozen=True)
class Product(InParts):
    """Independent blocks of columns, each of a family of its own: log p(x|k) = sum_b log p_b(x_b|k).

    ``Product({"age": ek.DiagonalGaussian(), ("yes", "no"): ek.Poisson()})``: the columns of each block by name, or by place,
    which count from 0. Every column of the data must belong to one block. A block whose family admits gaps may have some.
    Parameters that start a fit are made by `params`. Errors: ModelError if a column is in two blocks.

    Age of 12 visitors of a clinic, how often they came in a year, and to which ward:

    >>> import emkit as ek
    >>> age = [21, 25, 30, 27, 23, 24, 61, 72, 66, 70, 68, 59]
    >>> visits = [0, 1, 0, 2, 1, 0, 4, 6, 3, 7, 5, 4]
    >>> ward = [0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1]
    >>> rows = [list(row) for row in zip(age, visits, ward)]
    >>> family = ek.Product({0: ek.DiagonalGaussian(), 1: ek.Poisson(), 2: ek.Bernoulli()})
    >>> found = ek.MixtureModel(family, 2, random_state=0).fit(rows).components_
    >>> [part.round(2).ravel().tolist() for part in (found.parts[0].means, found.parts[1].rates)]
    [[25.0, 66.0], [0.67, 4.83]]
    """

    blocks: Any  # a mapping as it is given; a tuple of pairs (columns, family) as it is kept

    def __post_init__(self) -> None:
        given = self.blocks.items() if isinstance(self.blocks, Mapping) else self.blocks
        each = ((_columns(columns), family) for columns, family in given)
        blocks = tuple((columns, _family_of(columns, family)) for columns, family in each)
        named = [column for columns, _ in blocks for column in columns]
        twice = [column for column in named if named.count(column) > 1]
        if twice or not blocks:
            raise ModelError(
                f"the column {twice[0]!r} is in two blocks of a product: the mapping names it twice. Blocks may share no "
                "column."
                if twice
                else "a product needs at least one block of columns, as in Product({0: Poisson(), 1: DiagonalGaussian()})."
            )
        object.__setattr__(self, "blocks", blocks)

    @property
    def families(self) -> tuple[AnyFamily, ...]:
        return tuple(family for _, family in self.blocks)

    @property
    def name(self) -> str:
        return " x ".join(dict.fromkeys(family.name for family in self.families))

    @property
    def support(self) -> Support:
        return BlockSupport(product=self)

    @property
    def described(self) -> Description:
        parameters = "those of the families of its columns"
        told = partial(_data_of_blocks, self.blocks)
        return Description(data=told(()), parameters=parameters, data_by_name=told)

    @property
    def among_gaps(self) -> AnyFamily | None:
        """Gaps in those blocks whose families admit them."""
        if all(family.among_gaps is None for family in self.families):
            return None
        blocks = tuple((columns, family.among_gaps or family) for columns, family in self.blocks)
        return self if blocks == self.blocks else replace(self, blocks=blocks)

    @property
    def known_places(self) -> tuple[Places, ...] | None:
        """Where the columns of each block lie; None while some are known by name only."""
        columns = tuple(columns for columns, _ in self.blocks)
        return None if any(isinstance(column, str) for block in columns for column in block) else columns

    def params(self, *parts: Parameters) -> ProductParams:
        """The parameters of every block, in the order of the blocks, as those of the product.

        Errors: ModelError if columns are known by name only: `settled(profile)` gives them their places.
        """
        return ProductParams(self._matched(parts), self._settled_places())

    def places(self, profile: AnyProfile) -> tuple[Places, ...]:
        """Where the columns of each block lie. Errors: DataError naming a column that is not there, or in no block."""
        place = {name: j for j, name in enumerate(profile.columns)}
        found = tuple(tuple(_place(column, place, profile) for column in columns) for columns, _ in self.blocks)
        known = [j for block in found for j in block]
        for j, name in enumerate(profile.columns):
            if known.count(j) != 1:
                what = "is in no block" if j not in known else "is in two blocks"
                raise DataError(f"the column {name!r} {what} of the product; each column must be in one. {_said(self)}")
        return found

    def settled(self, profile: AnyProfile) -> Self:
        places = self.places(profile)
        families = (family.settled(some_columns(profile, own)) for own, family in zip(places, self.families, strict=True))
        return replace(self, blocks=tuple(zip(places, families, strict=True)))

    @property
    def rounds(self) -> int:
        return max(family.rounds for family in self.families)

    @property
    def conditional(self) -> Conditional | None:
        return None if all(family.conditional is None for family in self.families) else OfBlocks(self)

    def pooled(self, profile: AnyProfile, n_components: int) -> ProductParams:
        places = self.places(profile)
        each = zip(self.families, places, strict=True)
        return ProductParams(tuple(family.pooled(some_columns(profile, own), n_components) for family, own in each), places)

    def log_density(self, params: ProductParams, x: Array) -> Array:
        return np.asarray(
            sum(family.log_density(part, columns_at(x, own)) for family, part, own in self._each(params)), dtype=np.float64
        )

    def statistics(self, params: ProductParams, x: Array, weights: Array) -> PartStats:
        each = self._each(params)
        return PartStats(tuple(family.statistics(part, columns_at(x, own), weights) for family, part, own in each))

    def draw(self, params: ProductParams, rng: np.random.Generator, components: Integers) -> Array:
        x = np.empty((len(components), sum(map(len, params.places))))
        for family, part, own in self._each(params):
            x[:, list(own)] = family.draw(part, rng, components)
        return x

    @property
    def spread(self) -> Spread:
        return SpreadOfParts(tuple(family.spread for family in self.families), self._of_part)

    def _of_part(self, part: int, profile: AnyProfile) -> AnyProfile:
        return some_columns(profile, self.places(profile)[part])

    def lower_bound(self, profile: AnyProfile) -> Floor:
        each = zip(self.families, self.places(profile), strict=True)
        return FloorOfParts(tuple(family.lower_bound(some_columns(profile, own)) for family, own in each))

    def linear(self, params: ProductParams) -> LinearForm[PartStats] | None:
        forms = [family.linear(part) for family, part, _ in self._each(params)]
        return joined_form(forms, params.places)

    def _each(self, params: ProductParams) -> list[tuple[AnyFamily, Any, Places]]:
        """The family, the parameters and the places of every block. Errors: ParameterError if they are of other blocks."""
        if not all(isinstance(column, str) for column, *_ in (columns for columns, _ in self.blocks)):
            settled = self._settled_places()
            if params.places != settled:
                raise ParameterError(f"the parts are of the columns {params.places}, and the blocks of {settled}.")
        return list(zip(self.families, self._matched(params.parts), params.places, strict=True))

    def _matched(self, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(parts) != len(self.blocks):
            raise ParameterError(f"there are parameters for {len(parts)} blocks of columns, and {len(self.blocks)} blocks.")
        return tuple(parts)

    def _settled_places(self) -> tuple[Places, ...]:
        for columns, _ in self.blocks:
            if any(isinstance(column, str) for column in columns):
                raise ModelError(f"where {columns} lie is not known before there are data; use settled(profile), or places.")
        return tuple(columns for columns, _ in self.blocks)


@dataclass(frozen=True)
class OfBlocks(Conditional):
    """What the blocks of a `product` say that describe some columns given others."""

    product: Product

    def placed(self, profile: AnyProfile) -> Product:
        places = self.product.places(profile)
        families = []
        for own, family in zip(places, self.product.families, strict=True):
            given = family.conditional
            families.append(family if given is None else given.placed(some_columns(profile, own)))
        return replace(self.product, blocks=tuple(zip(places, families, strict=True)))

    def laws(self, columns: int) -> Mapping[int, Support]:
        found: dict[int, Support] = {}
        for own, family in zip(self.product._settled_places(), self.product.families, strict=True):
            given = family.conditional
            laws = dict.fromkeys(range(len(own)), family.support) if given is None else given.laws(len(own))
            found |= {own[j]: law for j, law in laws.items()}
        return found

    @property
    def leaves_others(self) -> bool:
        return any(leaves_others(family) for family in self.product.families)

    def drawn(self, params: ProductParams, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        found = np.array(rows, dtype=np.float64)
        for family, part, own in self.product._each(params):
            given = family.conditional
            if given is None:
                found[:, list(own)] = family.draw(part, rng, components)
            else:
                found[:, list(own)] = given.drawn(part, rng, components, columns_at(rows, own))
        return found

    def divided(self, x: Array, weights: Array, n_components: int, seed: int) -> Integers | None:
        """As the first block divides rows that does."""
        for columns, family in self.product.blocks:
            given = family.conditional
            own = None if given is None else given.divided(columns_at(x, columns), weights, n_components, seed)
            if own is not None:
                return own
        return None


def _data_of_blocks(blocks: tuple[tuple[tuple[Any, ...], AnyFamily], ...], names: Sequence[str]) -> str:
    """The data of every block, its columns by their names as far as there are some."""
    called = [[_called(at, names) for at in columns] for columns, _ in blocks]
    told = [family.described.data_of(own) for own, (_, family) in zip(called, blocks, strict=True)]
    return "; ".join(f"{', '.join(own)}: {data}" for own, data in zip(called, told, strict=True))


def _called(column: str | int, names: Sequence[str]) -> str:
    """A column by its name; by the one that it has where nobody gave it one, if it is known by its place alone."""
    if isinstance(column, str):
        return column
    return names[column] if column < len(names) else f"x{column}"


def _columns(given: Any) -> tuple[Any, ...]:
    """The columns of a block: one, or several."""
    columns = tuple(given) if isinstance(given, tuple | list) else (given,)
    for column in columns:
        if not (isinstance(column, str) or (isinstance(column, int | np.integer) and column >= 0)):
            raise ModelError(f"{column!r} is no column; give its name, or its place (0 is the first).")
    return tuple(column if isinstance(column, str) else int(column) for column in columns)


def _family_of(columns: tuple[Any, ...], given: Any) -> AnyFamily:
    try:
        return one_family(given, alone=len(columns) == 1)
    except ModelError as error:
        raise ModelError(f"column {', '.join(map(repr, columns))}: {error}") from None


def _place(column: str | int, place: Mapping[str, int], profile: AnyProfile) -> int:
    if isinstance(column, str) and column not in place:
        raise DataError(f"the data have no column {column!r}; they have {some_of(profile.columns)}.")
    if isinstance(column, int) and column >= len(profile.columns):
        raise DataError(f"the data have no column {column}; they have {len(profile.columns)}, of which the first is 0.")
    return place[column] if isinstance(column, str) else column


def _said(product: Product) -> str:
    return f"Blocks: {some_of([', '.join(map(str, columns)) for columns, _ in product.blocks])}."
