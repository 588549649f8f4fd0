"""The words in which the blocks are written: vectors of 8 doubles, the arrays they are read from, and sums in registers.

On machines with shorter registers the compiler splits the vectors.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

LANES = 8
VECTOR = ir.VectorType(ir.DoubleType(), LANES)
INTEGER = ir.IntType(64)
INDEX = ir.IntType(32)
ZERO = ir.Constant(VECTOR, [0.0] * LANES)
FUSED = ("contract",)  # a multiplication and an addition may be fused; nothing is reordered


class Matrix:
    """A 2-dimensional array argument of an intrinsic, in row order."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self._builder = builder
        self._data = array.data
        self.height, self.width = cgutils.unpack_tuple(builder, array.shape)

    def at(self, row: Any, column: Any) -> Any:
        """The address of one element."""
        return self._builder.gep(self._data, [self._builder.add(self._builder.mul(row, self.width), column)])

    def load(self, row: Any, column: Any) -> Any:
        return self._builder.load(self.at(row, column))

    def load_vector(self, row: Any, column: Any) -> Any:
        address = self._builder.bitcast(self.at(row, column), VECTOR.as_pointer())
        return self._builder.load(address, align=8)

    def store_vector(self, vector: Any, row: Any, column: Any) -> None:
        self._builder.store(vector, self._builder.bitcast(self.at(row, column), VECTOR.as_pointer()), align=8)


class Vector:
    """A contiguous 1-dimensional array argument of an intrinsic."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self._builder = builder
        self._data = context.make_array(kind)(context, builder, value).data

    def load(self, index: Any) -> Any:
        return self._builder.load(self._builder.gep(self._data, [index]))


def plus(builder: Any, index: Any, more: int) -> Any:
    """An index some places further on."""
    return builder.add(index, INTEGER(more)) if more else index


def broadcast(builder: Any, number: Any) -> Any:
    """A vector that holds a number in every lane."""
    nothing = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, number, INDEX(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INDEX, LANES), [0] * LANES))


def sum_of_lanes(builder: Any, vector: Any) -> Any:
    """The sum over the lanes of a vector, by halves."""
    count = LANES
    while count > 1:
        half = count // 2
        nothing = ir.Constant(vector.type, ir.Undefined)
        kind = ir.VectorType(INDEX, half)
        low = builder.shuffle_vector(vector, nothing, ir.Constant(kind, list(range(half))))
        high = builder.shuffle_vector(vector, nothing, ir.Constant(kind, list(range(half, count))))
        vector, count = builder.fadd(low, high), half
    return builder.extract_element(vector, INDEX(0))


def accumulators(builder: Any, rows: int, columns: int) -> list[list[Any]]:
    """Vector variables, which the compiler keeps in registers."""
    return [[cgutils.alloca_once(builder, VECTOR) for _ in range(columns)] for _ in range(rows)]


def clear(builder: Any, accumulators: list[list[Any]]) -> None:
    """Set all accumulators to 0."""
    for line in accumulators:
        for variable in line:
            builder.store(ZERO, variable)


def add_product(builder: Any, variable: Any, a: Any, b: Any) -> None:
    """Add a * b to an accumulator."""
    builder.store(builder.fadd(builder.load(variable), builder.fmul(a, b, flags=FUSED), flags=FUSED), variable)


def constant(number: float) -> Any:
    """A vector that holds a known number in every lane."""
    return ir.Constant(VECTOR, [number] * LANES)
