"""Small blocks of the two matrix products of an E-step, held in vector registers.

Feature f of a row is the product of two of its base rows, z[p_f] * z[q_f]: it is formed in a register when it is needed and
never stored. A general matrix product would have to be given all features, and spends most of its time packing matrices as
narrow as these. The blocks are emitted as vector instructions of 8 doubles; on machines with shorter registers the compiler
splits them.

Arrays must be in row order. `base` (R, T) and what has its width T should be aligned to 64 bytes: see `workspace`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from emkit.kernels import elementary

LANES = 8
VECTOR = ir.VectorType(ir.DoubleType(), LANES)
INTEGER = ir.IntType(64)
INDEX = ir.IntType(32)
ZERO = ir.Constant(VECTOR, [0.0] * LANES)
FUSED = ("contract",)  # a multiplication and an addition may be fused; nothing is reordered


class _Matrix:
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


class _Vector:
    """A contiguous 1-dimensional array argument of an intrinsic."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self._builder = builder
        self._data = context.make_array(kind)(context, builder, value).data

    def load(self, index: Any) -> Any:
        return self._builder.load(self._builder.gep(self._data, [index]))


def _plus(builder: Any, index: Any, more: int) -> Any:
    return builder.add(index, INTEGER(more)) if more else index


def _broadcast(builder: Any, number: Any) -> Any:
    nothing = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, number, INDEX(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INDEX, LANES), [0] * LANES))


def _sum_of_lanes(builder: Any, vector: Any) -> Any:
    count = LANES
    while count > 1:
        half = count // 2
        nothing = ir.Constant(vector.type, ir.Undefined)
        kind = ir.VectorType(INDEX, half)
        low = builder.shuffle_vector(vector, nothing, ir.Constant(kind, list(range(half))))
        high = builder.shuffle_vector(vector, nothing, ir.Constant(kind, list(range(half, count))))
        vector, count = builder.fadd(low, high), half
    return builder.extract_element(vector, INDEX(0))


def _accumulators(builder: Any, rows: int, columns: int) -> list[list[Any]]:
    """Vector variables, which the compiler keeps in registers."""
    return [[cgutils.alloca_once(builder, VECTOR) for _ in range(columns)] for _ in range(rows)]


def _clear(builder: Any, accumulators: list[list[Any]]) -> None:
    for line in accumulators:
        for variable in line:
            builder.store(ZERO, variable)


def _add_product(builder: Any, variable: Any, a: Any, b: Any) -> None:
    builder.store(builder.fadd(builder.load(variable), builder.fmul(a, b, flags=FUSED), flags=FUSED), variable)


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
            shift, scale = (_Vector(context, builder, signature.args[n], arguments[n]) for n in (3, 4))
            out = _Matrix(context, builder, signature.args[5], arguments[5])
            first_row, first_column, place = arguments[1], arguments[2], arguments[6]
            if count == 1:
                vectors = [table.load_side_by_side(first_row, first_column, LANES)]
            else:
                lines = [table.load_side_by_side(_plus(builder, first_row, r), first_column, count) for r in range(LANES)]
                vectors = _turned(builder, lines, count)
            for c, vector in enumerate(vectors):
                j = _plus(builder, first_column, c)
                centred = builder.fsub(vector, _broadcast(builder, shift.load(j)))
                scaled = builder.fmul(centred, _broadcast(builder, scale.load(j)))
                out.store_vector(scaled, _plus(builder, j, 1), place)
            return context.get_dummy_value()

        return types.void(x, types.int64, types.int64, origin, factor, base, types.int64), generate

    return block


def score_block(components: int, vectors: int) -> Any:
    """A compiled ``block(coefficients, k, pairs, base, scores)``.

    Writes scores[k + c, i] = sum_f coefficients[f, k + c] * feature_f(i) for `components` components and all rows i, of which
    there must be a multiple of 8 * `vectors`: so many are worked on at a time.
    """

    @intrinsic
    def block(typing_context: Any, coefficients: Any, k: Any, pairs: Any, base: Any, scores: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            coefficient, pair, z, out = (_Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 3, 4))
            components_here = [_plus(builder, arguments[1], c) for c in range(components)]
            width = INTEGER(LANES * vectors)
            sums = _accumulators(builder, components, vectors)
            with cgutils.for_range(builder, builder.udiv(out.width, width), intp=INTEGER) as rows:
                column = builder.mul(rows.index, width)
                places = [_plus(builder, column, LANES * v) for v in range(vectors)]
                _clear(builder, sums)
                with cgutils.for_range(builder, coefficient.height, intp=INTEGER) as loop:
                    p, q = (pair.load(loop.index, INTEGER(n)) for n in (0, 1))
                    features = [builder.fmul(z.load_vector(p, x), z.load_vector(q, x)) for x in places]
                    for c, component in enumerate(components_here):
                        factor = _broadcast(builder, coefficient.load(loop.index, component))
                        for v, feature in enumerate(features):
                            _add_product(builder, sums[c][v], factor, feature)
                for c, component in enumerate(components_here):
                    for v, place in enumerate(places):
                        out.store_vector(builder.load(sums[c][v]), component, place)
            return context.get_dummy_value()

        return types.void(coefficients, types.int64, pairs, base, scores), generate

    return block


def sum_block(components: int, features: int) -> Any:
    """A compiled ``block(shares, k, base, pairs, sums)``.

    Adds sum_i shares[k + c, i] * feature_f(i) to sums[k + c, f] for `components` components and all features f, `features` of
    them at a time, those left over one at a time.
    """

    @intrinsic
    def block(typing_context: Any, shares: Any, k: Any, base: Any, pairs: Any, sums: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            share, z, pair, out = (_Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 3, 4))
            components_here = [_plus(builder, arguments[1], c) for c in range(components)]
            totals = _accumulators(builder, components, features)

            def add(first: Any, count: int) -> None:
                rows = [[pair.load(_plus(builder, first, j), INTEGER(n)) for n in (0, 1)] for j in range(count)]
                _clear(builder, totals)
                with cgutils.for_range(builder, builder.udiv(share.width, INTEGER(LANES)), intp=INTEGER) as loop:
                    place = builder.mul(loop.index, INTEGER(LANES))
                    values = [builder.fmul(z.load_vector(p, place), z.load_vector(q, place)) for p, q in rows]
                    for c, component in enumerate(components_here):
                        weight = share.load_vector(component, place)
                        for j, value in enumerate(values):
                            _add_product(builder, totals[c][j], weight, value)
                for c, component in enumerate(components_here):
                    for j in range(count):
                        target = out.at(component, _plus(builder, first, j))
                        total = _sum_of_lanes(builder, builder.load(totals[c][j]))
                        builder.store(builder.fadd(builder.load(target), total), target)

            several = builder.udiv(out.width, INTEGER(features))
            with cgutils.for_range(builder, several, intp=INTEGER) as loop:
                add(builder.mul(loop.index, INTEGER(features)), features)
            left = builder.mul(several, INTEGER(features))
            with cgutils.for_range(builder, builder.sub(out.width, left), intp=INTEGER) as loop:
                add(builder.add(left, loop.index), 1)
            return context.get_dummy_value()

        return types.void(shares, types.int64, base, pairs, sums), generate

    return block


def level_block() -> Any:
    """A compiled ``block(codes, j, base, first, end)``: base row first + l becomes 1 where codes[j] is l, else 0.

    For the rows of `base` from `first` up to `end`.
    """

    @intrinsic
    def block(typing_context: Any, codes: Any, j: Any, base: Any, first: Any, end: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            code, out = (_Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2))
            _, row, _, first, end = arguments
            with cgutils.for_range(builder, builder.udiv(out.width, INTEGER(LANES)), intp=INTEGER) as places:
                place = builder.mul(places.index, INTEGER(LANES))
                codes_here = code.load_vector(row, place)
                with cgutils.for_range(builder, builder.sub(end, first), intp=INTEGER) as levels:
                    level = _broadcast(builder, builder.sitofp(levels.index, ir.DoubleType()))
                    found = builder.fcmp_ordered("==", codes_here, level)
                    out.store_vector(builder.select(found, _constant(1.0), ZERO), builder.add(first, levels.index), place)
            return context.get_dummy_value()

        return types.void(codes, types.int64, base, types.int64, types.int64), generate

    return block


def _constant(number: float) -> Any:
    return ir.Constant(VECTOR, [number] * LANES)


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _exp_of_nonpositive(builder: Any, x: Any) -> Any:
    """`elementary.exp_of_nonpositive`, 8 at a time."""

    def fused(a: Any, b: Any, c: Any) -> Any:
        return builder.fadd(builder.fmul(a, b, flags=FUSED), c, flags=FUSED)

    def line(low: float, high: float, x: Any) -> Any:
        return fused(_constant(high), x, _constant(low))

    y = _larger(builder, x, _constant(elementary.LEAST_SHARE))
    shifted = fused(y, _constant(elementary.LOG2_E), _constant(elementary.MAGIC))
    k = builder.fsub(shifted, _constant(elementary.MAGIC))
    r = fused(k, _constant(-elementary.LN2_HIGH), y)
    r = fused(k, _constant(-elementary.LN2_LOW), r)
    square = builder.fmul(r, r)
    low = fused(square, line(elementary.E2, elementary.E3, r), line(elementary.E0, elementary.E1, r))
    high = fused(square, line(elementary.E8, elementary.E9, r), line(elementary.E6, elementary.E7, r))
    high = fused(square, high, line(elementary.E4, elementary.E5, r))
    tail = fused(builder.fmul(square, square), high, low)
    p = builder.fadd(_constant(1.0), fused(square, tail, r))
    whole = ir.VectorType(INTEGER, LANES)
    power = builder.shl(builder.bitcast(shifted, whole), ir.Constant(whole, [52] * LANES))
    return builder.bitcast(builder.add(builder.bitcast(p, whole), power), VECTOR)


def share_block(vectors: int) -> Any:
    """A compiled ``block(scores, scratch)``: exp(score - highest) for all rows, in place, 8 * `vectors` rows at a time.

    The highest score of each row goes to scratch[0], the sum of its exponentials to scratch[1].
    """

    @intrinsic
    def block(typing_context: Any, scores: Any, scratch: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            score, out = (_Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 1))
            width = INTEGER(LANES * vectors)
            peaks, totals = _accumulators(builder, 2, vectors)
            with cgutils.for_range(builder, builder.udiv(score.width, width), intp=INTEGER) as rows:
                column = builder.mul(rows.index, width)
                places = [_plus(builder, column, LANES * v) for v in range(vectors)]
                _clear(builder, [totals])
                for peak, place in zip(peaks, places, strict=True):
                    builder.store(score.load_vector(INTEGER(0), place), peak)
                with cgutils.for_range(builder, score.height, intp=INTEGER) as loop:
                    for peak, place in zip(peaks, places, strict=True):
                        builder.store(_larger(builder, score.load_vector(loop.index, place), builder.load(peak)), peak)
                with cgutils.for_range(builder, score.height, intp=INTEGER) as loop:
                    for peak, total, place in zip(peaks, totals, places, strict=True):
                        below = builder.fsub(score.load_vector(loop.index, place), builder.load(peak))
                        share = _exp_of_nonpositive(builder, below)
                        score.store_vector(share, loop.index, place)
                        builder.store(builder.fadd(builder.load(total), share), total)
                for peak, total, place in zip(peaks, totals, places, strict=True):
                    out.store_vector(builder.load(peak), INTEGER(0), place)
                    out.store_vector(builder.load(total), INTEGER(1), place)
            return context.get_dummy_value()

        return types.void(scores, scratch), generate

    return block
