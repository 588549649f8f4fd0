"""Families with independent columns, among rows of which cells are missing (NaN).

A cell that was not seen contributes a factor of 1 to the density of its row, and nothing to the statistics of its column. So
every column is a problem of its own among the rows that have it, and only who belongs where joins them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.axes import COLUMN
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.memo import Memo, once
from emkit.core.parameters import Parameters, get_at, leaves, replace_at
from emkit.core.protocols import Update
from emkit.core.statistics import Additive
from emkit.data.chunk import Chunk, as_float64
from emkit.data.column import column_of, rows_with
from emkit.data.profile import AnyProfile
from emkit.families.description import Description
from emkit.families.family import Carry, Family
from emkit.families.floor import Floor
from emkit.families.linear import Columns, Features, LinearForm, Read, features_of, single
from emkit.families.spread import Spread
from emkit.families.support import Support

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


class IndependentColumns(Family[P, S], Protocol[P, S]):
    """A family whose columns are independent given the component, each with parameters of its own: cells may be missing.

    Every field has an axis "column", and what belongs to one column is a family's parameters for that column alone.
    """

    @property
    def among_gaps(self) -> Family[P, Any]:
        return ByColumn(self)

    def for_column(self, column: int) -> Self:
        """The family for one column alone."""
        return self


@dataclass(frozen=True)
class ColumnSums(Additive, Generic[S]):
    """The family's statistics of each of the `columns`, over the rows that have it, whose `mass` is (K, d)."""

    mass: Array
    columns: tuple[S, ...]


@dataclass(frozen=True)
class ByColumn(Family[P, ColumnSums[S]], Generic[P, S]):
    """`family`, whose columns are independent, where cells may be missing: log p(x|k) = sum over the cells there are.

    Parameters are those of the family.
    """

    family: IndependentColumns[P, S]

    @property
    def name(self) -> str:
        return self.family.name

    @property
    def support(self) -> Support:
        return self.family.support

    @property
    def described(self) -> Description:
        return self.family.described.without_arithmetic

    @property
    def spread(self) -> Spread:
        return self.family.spread

    @property
    def among_gaps(self) -> Self:
        return self

    def settled(self, profile: AnyProfile) -> Self:
        settled = self.family.settled(profile)
        return self if settled is self.family else replace(self, family=settled)

    def pooled(self, profile: AnyProfile, n_components: int) -> P:
        width = self.support.width
        places = range(0, len(profile.columns), width)
        return _joined([self.family.pooled(column_of(profile, first, width), n_components) for first in places])

    def log_density(self, params: P, x: Array) -> Array:
        parts = ((rows, self.family.log_density(own, cells)) for own, rows, cells in self._each(params, x))
        rows, first = next(parts)
        total = np.zeros((len(x), first.shape[1]))
        total[rows] = first
        for rows, part in parts:
            total[rows] += part
        return total

    def statistics(self, params: P, x: Array, weights: Array) -> ColumnSums[S]:
        mass, sums = [], []
        for own, rows, cells in self._each(params, x):
            mass.append(weights[rows].sum(axis=0))
            sums.append(self.family.statistics(own, cells, weights[rows]))
        return ColumnSums(np.stack(mass, axis=1), tuple(sums))

    def _each(self, params: P, x: Array) -> Iterator[tuple[P, Any, Array]]:
        """The parameters of each column, which rows have it, and their cells."""
        width = self.support.width
        for j, own in enumerate(_columns_of(params)):
            cells = x[:, j * width : (j + 1) * width]
            rows = rows_with(cells)
            yield own, rows, cells[rows]

    def updates(self) -> Mapping[str, Update[ColumnSums[S], P]]:
        return {path: partial(self._updated, path) for path in self.family.updates()}

    def _updated(self, path: str, stats: ColumnSums[S], before: P, now: P) -> Any:
        each = zip(stats.mass.sum(axis=0) > 0, stats.columns, _columns_of(before), _columns_of(now), strict=True)
        found = [
            self.family.for_column(j).updates()[path](*own) if seen else get_at(own[-1], path)
            for j, (seen, *own) in enumerate(each)
        ]
        return _side_by_side(now, path, found)

    def expected(self, stats: ColumnSums[S], before: P, now: P) -> Expected:
        each = zip(stats.columns, _columns_of(before), _columns_of(now), strict=True)
        parts = [self.family.expected(*own) for own in each]
        slopes = {path: _side_by_side(now, path, [part.slopes[path] for part in parts]) for path in parts[0].slopes}
        return Expected(sum(part.value for part in parts), slopes)

    @property
    def carry(self) -> Carry[ColumnSums[S], P] | None:
        own = self.family.carry
        return None if own is None else partial(self._carried, own)

    def _carried(self, own: Carry[S, P], stats: ColumnSums[S], before: P, now: P) -> ColumnSums[S]:
        each = zip(stats.columns, _columns_of(before), _columns_of(now), strict=True)
        return replace(stats, columns=tuple(own(*column) for column in each))

    def draw(self, params: P, rng: np.random.Generator, components: Integers) -> Array:
        return self.family.draw(params, rng, components)

    def scales(self, params: P) -> Mapping[str, Scale]:
        return self.family.scales(params)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return self.family.lower_bound(profile)

    def linear(self, params: P) -> LinearForm[ColumnSums[S]] | None:
        """The forms of all columns side by side, where each has features that need no compiler: 0 where a cell is missing."""
        forms = [self.family.linear(own) for own in _columns_of(params)]
        made = [None if form is None else features_of(form.rows) for form in forms]
        whole = [(form, features) for form, features in zip(forms, made, strict=True) if form and features]
        return _side_by_side_forms(whole, self.support.width) if len(whole) == len(forms) else None


def _split(params: P) -> tuple[P, ...]:
    """The parameters of each column."""
    along = {leaf.path: (leaf.value, _axis(leaf.axes)) for leaf in leaves(params)}
    value, axis = next(iter(along.values()))
    return tuple(
        replace_at(params, {path: value.take([j], axis) for path, (value, axis) in along.items()}, admitted=True)
        for j in range(value.shape[axis])
    )


_columns_of = Memo(_split)


def _axis(axes: Any) -> int:
    names: tuple[str, ...] = axes.names
    return names.index(COLUMN)


def _joined(columns: Sequence[P]) -> P:
    """Parameters of all columns, given those of each."""
    first = columns[0]
    return replace_at(first, {leaf.path: _concatenated(leaf, columns) for leaf in leaves(first)})


def _concatenated(leaf: Any, columns: Sequence[Parameters]) -> Array:
    return np.concatenate([get_at(own, leaf.path) for own in columns], axis=_axis(leaf.axes))


def _side_by_side(like: Parameters, path: str, values: Sequence[Any]) -> Any:
    """The value at `path` of all columns, given that of each: an array, or parameters."""
    if isinstance(values[0], Parameters):
        return _joined(values)
    leaf = next(leaf for leaf in leaves(like) if leaf.path == path)
    return np.concatenate(values, axis=_axis(leaf.axes))


def _side_by_side_forms(forms: Sequence[tuple[LinearForm[S], Features]], width: int) -> LinearForm[ColumnSums[S]]:
    """One form of all columns: behind a feature of 1, those of each column, which are 0 where a row does not have it."""
    sizes = [form.coefficients.shape[1] for form, _ in forms]
    ends = np.cumsum([1, *sizes])
    places = [slice(j * width, (j + 1) * width) for j in range(len(forms))]

    def read(x: Array) -> Array:
        table = np.zeros((ends[-1] - 1, len(x)))
        for (_, features), place, start, end in zip(forms, places, ends - 1, ends[1:] - 1, strict=False):
            rows = rows_with(x[:, place])
            table[start:end, rows] = features(x[rows, place])
        return table.T

    def base(x: Array) -> Array:
        total = np.zeros(len(x))
        for (form, _), place in zip(forms, places, strict=True):
            rows = rows_with(x[:, place])
            total[rows] += form.base(as_float64(x[rows, place]))
        return total

    def constant(chunk: Chunk) -> float:
        return sum(form.constant(_cells(chunk, j, width)) for j, (form, _) in enumerate(forms))

    def statistics(sums: Array, chunk: Chunk) -> ColumnSums[S]:
        spans = zip(forms, ends, ends[1:], strict=False)
        each = [form.statistics(sums[:, a:b], _cells(chunk, j, width)) for j, ((form, _), a, b) in enumerate(spans)]
        return ColumnSums(sums[:, ends[:-1]], tuple(each))

    number = int(ends[-1]) - 1
    return LinearForm(
        np.concatenate([np.zeros((len(forms[0][0].coefficients), 1)), *(form.coefficients for form, _ in forms)], axis=1),
        Read(read, Columns(single(1 + number), np.zeros(number), np.ones(number))),
        base,
        constant,
        statistics,
    )


@once
def _cells(chunk: Chunk, column: int, width: int) -> Chunk:
    """The rows of a chunk that have a column, in that column."""
    place = slice(column * width, (column + 1) * width)
    rows = rows_with(chunk.x[:, place])
    return Chunk(as_float64(chunk.x[rows, place]), chunk.weights[rows])
