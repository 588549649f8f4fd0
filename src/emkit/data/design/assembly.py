"""Columns of a design put together, each once, whatever they are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

import numpy as np

from emkit.core.arrays import Array
from emkit.data.design.codings import Coding, Treatment
from emkit.data.design.factors import Factor
from emkit.data.design.named_columns import NamedColumns
from emkit.data.frames import Names
from emkit.errors import DataError

Cell = tuple[Factor, bool, int]  # a column of a factor: whether its levels go without one, and its place among them


class Assembly:
    """The columns of rows that were read, coded as `codings` say, in the order in which they were asked for."""

    def __init__(self, read: NamedColumns, codings: Mapping[str, Coding]) -> None:
        self.read, self.codings = read, codings
        self._encoded: dict[tuple[Factor, bool], Array] = {}
        self._made: dict[str, tuple[int, Array]] = {}
        self._levels: dict[str, Names] = {}

    def observed(self, factor: Factor) -> int:
        """The place of a factor as it is observed: numbers, or codes of levels."""
        coding = self.codings[factor.name]
        if not isinstance(coding, Treatment):
            return self._placed(factor.name, self._column((factor, False, 0)))
        self._levels[factor.name] = coding.names
        return self._placed(factor.name, self.read.codes(factor.columns[0], coding.names).astype(np.float64))

    def products(self, columns: Iterable[tuple[str, tuple[Cell, ...]]]) -> tuple[int, ...]:
        """The places of products of columns of factors, by what they are called; of none of them, ones."""
        return tuple(self._placed(name, self._product(name, cells)) for name, cells in columns)

    def whole(self) -> tuple[Array, tuple[str, ...], tuple[Names, ...]]:
        """All columns (n, d), what they are called, and their levels."""
        columns = [values for _, values in self._made.values()]
        x = np.column_stack(columns) if columns else np.empty((self.read.rows, 0))
        return x, tuple(self._made), tuple(self._levels.get(name) for name in self._made)

    def _placed(self, name: str, values: Array) -> int:
        place, known = self._made.setdefault(name, (len(self._made), values))
        if known is not values and not np.array_equal(known, values):
            raise DataError(f"two columns of the design are called {name!r}: rename one of the data.")
        return place

    def _product(self, name: str, cells: tuple[Cell, ...]) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):  # of which the next line tells
            values = prod(map(self._column, cells), start=np.ones(self.read.rows))
        return self.read.finite(name, values[:, None])[:, 0]

    def _column(self, cell: Cell) -> Array:
        factor, reduced, place = cell
        if (factor, reduced) not in self._encoded:
            self._encoded[factor, reduced] = factor.encoded(self.read, self.codings[factor.name], reduced)
        return self._encoded[factor, reduced][:, place]
