"""Blocks for one component with a covariance of its own: rows whitened by a triangle, and products of columns summed in one.

See `products` for what they have in common with the blocks for many components.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from emkit.kernels.vectors import (
    INTEGER,
    LANES,
    Matrix,
    accumulators,
    add_product,
    broadcast,
    clear,
    constant,
    plus,
    sum_of_lanes,
)


def whiten_block(height: int, vectors: int) -> Any:
    """A compiled ``block(highest, whiten, about, k, scores)``.

    Writes scores[k, i] = highest - |whiten z_i|^2 / 2 for all rows i, of which there must be a multiple of 8 * `vectors`. z_i
    are the base rows 1 ... d of `about`. `whiten` (H, d) is lower triangular; H is a multiple of `height`, and so many of its
    rows are worked on at a time, up to the last column in which they have an entry.
    """

    @intrinsic
    def block(typing_context: Any, highest: Any, whiten: Any, about: Any, k: Any, scores: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            entry, z, out = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (1, 2, 4))
            width = INTEGER(LANES * vectors)
            sums, (squares,) = accumulators(builder, height, vectors), accumulators(builder, 1, vectors)
            with cgutils.for_range(builder, builder.udiv(out.width, width), intp=INTEGER) as columns:
                column = builder.mul(columns.index, width)
                places = [plus(builder, column, LANES * v) for v in range(vectors)]
                clear(builder, [squares])
                with cgutils.for_range(builder, builder.udiv(entry.height, INTEGER(height)), intp=INTEGER) as blocks:
                    first = builder.mul(blocks.index, INTEGER(height))
                    end = plus(builder, first, height)
                    end = builder.select(builder.icmp_unsigned("<", end, entry.width), end, entry.width)
                    clear(builder, sums)
                    with cgutils.for_range(builder, end, intp=INTEGER) as loop:
                        deviations = [z.load_vector(plus(builder, loop.index, 1), place) for place in places]
                        for r, line in enumerate(sums):
                            weight = broadcast(builder, entry.load(plus(builder, first, r), loop.index))
                            for variable, deviation in zip(line, deviations, strict=True):
                                add_product(builder, variable, weight, deviation)
                    for line in sums:
                        for square, variable in zip(squares, line, strict=True):
                            whitened = builder.load(variable)
                            add_product(builder, square, whitened, whitened)
                for square, place in zip(squares, places, strict=True):
                    half = builder.fmul(constant(0.5), builder.load(square))
                    out.store_vector(builder.fsub(broadcast(builder, arguments[0]), half), arguments[3], place)
            return context.get_dummy_value()

        return types.void(highest, whiten, about, types.int64, scores), generate

    return block


def square_block(side: int) -> Any:
    """A compiled ``block(shares, k, base, squares)``.

    Writes squares[a, b] = sum_i shares[k, i] base[a, i] base[b, i] for b <= a, in blocks of `side` by `side` base rows.
    `squares` is as high and as wide as `base`, to the next multiple of `side`; what is above the diagonal or beyond the last
    base row may hold anything.
    """

    @intrinsic
    def block(typing_context: Any, shares: Any, k: Any, base: Any, squares: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            share, z, out = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 3))
            last = plus(builder, z.height, -1)
            totals = accumulators(builder, side, side)

            def rows_from(first: Any) -> list[Any]:
                rows = [plus(builder, first, r) for r in range(side)]
                return [builder.select(builder.icmp_unsigned("<", row, last), row, last) for row in rows]

            with cgutils.for_range(builder, builder.udiv(out.height, INTEGER(side)), intp=INTEGER) as down:
                first = builder.mul(down.index, INTEGER(side))
                mine = rows_from(first)
                with cgutils.for_range(builder, plus(builder, down.index, 1), intp=INTEGER) as across:
                    second = builder.mul(across.index, INTEGER(side))
                    others = rows_from(second)
                    clear(builder, totals)
                    with cgutils.for_range(builder, builder.udiv(share.width, INTEGER(LANES)), intp=INTEGER) as loop:
                        place = builder.mul(loop.index, INTEGER(LANES))
                        weight = share.load_vector(arguments[1], place)
                        weighted = [builder.fmul(weight, z.load_vector(row, place)) for row in mine]
                        for b, row in enumerate(others):
                            other = z.load_vector(row, place)
                            for a, one in enumerate(weighted):
                                add_product(builder, totals[a][b], one, other)
                    for a in range(side):
                        for b in range(side):
                            total = sum_of_lanes(builder, builder.load(totals[a][b]))
                            builder.store(total, out.at(plus(builder, first, a), plus(builder, second, b)))
            return context.get_dummy_value()

        return types.void(shares, types.int64, base, squares), generate

    return block
