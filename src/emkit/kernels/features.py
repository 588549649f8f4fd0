"""Features of a tile of rows, each formed of its base rows in a register, 8 rows of data at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from numba import types

from emkit.kernels.vectors import INTEGER, Matrix, add_product, broadcast


class Feature(ABC):
    """Feature f of the rows of a tile, of its `base` rows as `pairs` say."""

    def __init__(self, builder: Any, pairs: Matrix, base: Matrix, f: Any) -> None:
        self._builder, self._base = builder, base
        self._first, self._second = (pairs.load(f, INTEGER(n)) for n in (0, 1))

    @abstractmethod
    def at(self, place: Any) -> Any:
        """What it is in the 8 rows from a place on."""

    @abstractmethod
    def add(self, variable: Any, factor: Any, found: Any) -> None:
        """Add a factor, times the feature `found` at a place, to an accumulator."""


class Product(Feature):
    """The product of two base rows."""

    def at(self, place: Any) -> Any:
        return self._builder.fmul(self._base.load_vector(self._first, place), self._base.load_vector(self._second, place))

    def add(self, variable: Any, factor: Any, found: Any) -> None:
        add_product(self._builder, variable, factor, found)


class Indicator(Feature):
    """1 where a base row has some value, and 0 elsewhere."""

    def at(self, place: Any) -> Any:
        row, value = self._builder.fptosi(self._first, INTEGER), broadcast(self._builder, self._second)
        return self._builder.fcmp_ordered("==", self._base.load_vector(row, place), value)

    def add(self, variable: Any, factor: Any, found: Any) -> None:
        total = self._builder.load(variable)
        self._builder.store(self._builder.select(found, self._builder.fadd(total, factor), total), variable)


def feature_of(kind: Any, builder: Any, pairs: Matrix, base: Matrix, f: Any) -> Feature:
    """Feature f: of `pairs` of whole numbers (a numba type), a product; of floats, a base row and the value that it tells."""
    form = Indicator if isinstance(kind.dtype, types.Float) else Product
    return form(builder, pairs, base, f)
