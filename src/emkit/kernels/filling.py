"""Blocks that turn rows of data, or columns as they are, into base rows, 8 rows of data at a time."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from emkit.kernels.vectors import (
    FUSED,
    INDEX,
    INTEGER,
    LANES,
    Matrix,
    Vector,
    accumulators,
    add_product,
    broadcast,
    clear,
    plus,
)


class _Table:
    """A 2-dimensional array argument of an intrinsic in any layout, of 8- or 4-byte numbers."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self._builder = builder
        self._start = builder.ptrtoint(array.data, INTEGER)
        self._row, self._column = cgutils.unpack_tuple(builder, array.strides)
        self._size = kind.dtype.bitwidth // 8
        self._element = {8: ir.DoubleType(), 4: ir.FloatType()}[self._size]

    def _at(self, row: Any, column: Any) -> Any:
        b = self._builder
        return b.add(self._start, b.add(b.mul(row, self._row), b.mul(column, self._column)))

    def load_side_by_side(self, row: Any, column: Any, count: int) -> Any:
        """A vector of `count` doubles that follow each other in memory from this element on."""
        address = self._builder.inttoptr(self._at(row, column), ir.VectorType(self._element, count).as_pointer())
        found = self._builder.load(address, align=self._size)
        return found if self._size == 8 else self._builder.fpext(found, ir.VectorType(ir.DoubleType(), count))


def _picked(builder: Any, a: Any, b: Any, places: range | list[int]) -> Any:
    """A vector of the elements at `places` of a and b, one behind the other."""
    kind = ir.VectorType(INDEX, len(places))
    return builder.shuffle_vector(a, b, ir.Constant(kind, list(places)))


def _turned(builder: Any, lines: list[Any], count: int) -> list[Any]:
    """The `count` columns of 8 lines of `count` doubles, as vectors of 8."""
    while lines[0].type.count < LANES:
        wide = 2 * lines[0].type.count
        lines = [_picked(builder, a, b, range(wide)) for a, b in zip(lines[::2], lines[1::2], strict=True)]
    columns = [lines]  # each list of vectors, one after the other, holds every len(columns)-th column, line by line
    for _ in range(count.bit_length() - 1):
        columns = [
            [_picked(builder, a, b, range(odd, 2 * LANES, 2)) for a, b in zip(part[::2], part[1::2], strict=True)]
            for odd in (0, 1)
            for part in columns
        ]
    return [vector for (vector,) in columns]


def column_block(count: int) -> Any:
    """A compiled ``block(x, row, column, origin, factor, base, i)`` that turns lines of a table into base rows.

    Writes base[1 + column + c, i + r] = (x[row + r, column + c] - origin[column + c]) * factor[column + c] for 8 rows r and
    `count` columns c (1, 2, 4 or 8). With more than one column, these must follow each other in memory; with one, the rows.
    """

    @intrinsic
    def block(typing_context: Any, x: Any, row: Any, column: Any, origin: Any, factor: Any, base: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            table = _Table(context, builder, signature.args[0], arguments[0])
            shift, scale = (Vector(context, builder, signature.args[n], arguments[n]) for n in (3, 4))
            out = Matrix(context, builder, signature.args[5], arguments[5])
            first_row, first_column, place = arguments[1], arguments[2], arguments[6]
            if count == 1:
                vectors = [table.load_side_by_side(first_row, first_column, LANES)]
            else:
                lines = [table.load_side_by_side(plus(builder, first_row, r), first_column, count) for r in range(LANES)]
                vectors = _turned(builder, lines, count)
            for c, vector in enumerate(vectors):
                j = plus(builder, first_column, c)
                centred = builder.fsub(vector, broadcast(builder, shift.load(j)))
                scaled = builder.fmul(centred, broadcast(builder, scale.load(j)))
                out.store_vector(scaled, plus(builder, j, 1), place)
            return context.get_dummy_value()

        return types.void(x, types.int64, types.int64, origin, factor, base, types.int64), generate

    return block


def move_block(vectors: int) -> Any:
    """A compiled ``block(columns, origin, factor, base)`` that turns columns of a tile into base rows.

    Of `columns` (1 + d, T), which are base rows about 0 in units of 1, it makes base[0] = columns[0] and base[1 + j] =
    (columns[1 + j] - origin[j] * columns[0]) * factor[j]: columns[0] is 1, and 0 in the padding. If `base` has a row more, it
    becomes the sum of the squares of those with a j. T is a multiple of 8 * `vectors`: so many are worked on at a time.
    """

    @intrinsic
    def block(typing_context: Any, columns: Any, origin: Any, factor: Any, base: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            given, out = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 3))
            shift, scale = (Vector(context, builder, signature.args[n], arguments[n]) for n in (1, 2))
            width, number = INTEGER(LANES * vectors), plus(builder, given.height, -1)
            (squares,) = accumulators(builder, 1, vectors)
            with cgutils.for_range(builder, builder.udiv(out.width, width), intp=INTEGER) as rows:
                column = builder.mul(rows.index, width)
                places = [plus(builder, column, LANES * v) for v in range(vectors)]
                ones = [given.load_vector(INTEGER(0), place) for place in places]
                clear(builder, [squares])
                for one, place in zip(ones, places, strict=True):
                    out.store_vector(one, INTEGER(0), place)
                with cgutils.for_range(builder, number, intp=INTEGER) as loop:
                    row = plus(builder, loop.index, 1)
                    by, times = (broadcast(builder, numbers.load(loop.index)) for numbers in (shift, scale))
                    for square, one, place in zip(squares, ones, places, strict=True):
                        away = builder.fsub(given.load_vector(row, place), builder.fmul(by, one, flags=FUSED), flags=FUSED)
                        scaled = builder.fmul(away, times)
                        out.store_vector(scaled, row, place)
                        add_product(builder, square, scaled, scaled)
                with builder.if_then(builder.icmp_unsigned(">", out.height, given.height)):
                    for square, place in zip(squares, places, strict=True):
                        out.store_vector(builder.load(square), given.height, place)
            return context.get_dummy_value()

        return types.void(columns, origin, factor, base), generate

    return block
