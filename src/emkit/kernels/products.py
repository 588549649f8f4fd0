"""Small blocks of the two matrix products of an E-step, held in vector registers.

Feature f of a row is the product of two of its base rows, or tells whether one of them has some value (`features`): it is
formed in a register when it is needed and never stored. A general matrix product would have to be given all features, and
spends most of its time packing matrices as narrow as these. The blocks are emitted as vector instructions: see `vectors`.

Arrays must be in row order. `base` (R, T) and what has its width T should be aligned to 64 bytes: see `workspace`.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from emkit.kernels.features import feature_of
from emkit.kernels.vectors import INTEGER, LANES, Matrix, accumulators, broadcast, clear, plus, sum_of_lanes


def score_block(components: int, vectors: int) -> Any:
    """A compiled ``block(coefficients, k, pairs, base, scores)``.

    Writes scores[k + c, i] = sum_f coefficients[f, k + c] * feature_f(i) for `components` components and all rows i, of which
    there must be a multiple of 8 * `vectors`: so many are worked on at a time.
    """

    @intrinsic
    def block(typing_context: Any, coefficients: Any, k: Any, pairs: Any, base: Any, scores: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            coefficient, pair, z, out = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 3, 4))
            components_here = [plus(builder, arguments[1], c) for c in range(components)]
            width = INTEGER(LANES * vectors)
            sums = accumulators(builder, components, vectors)
            with cgutils.for_range(builder, builder.udiv(out.width, width), intp=INTEGER) as rows:
                column = builder.mul(rows.index, width)
                places = [plus(builder, column, LANES * v) for v in range(vectors)]
                clear(builder, sums)
                with cgutils.for_range(builder, coefficient.height, intp=INTEGER) as loop:
                    feature = feature_of(signature.args[2], builder, pair, z, loop.index)
                    found = [feature.at(place) for place in places]
                    for c, component in enumerate(components_here):
                        factor = broadcast(builder, coefficient.load(loop.index, component))
                        for v, value in enumerate(found):
                            feature.add(sums[c][v], factor, value)
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
            share, z, pair, out = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 3, 4))
            components_here = [plus(builder, arguments[1], c) for c in range(components)]
            totals = accumulators(builder, components, features)

            def add(first: Any, count: int) -> None:
                here = [feature_of(signature.args[3], builder, pair, z, plus(builder, first, j)) for j in range(count)]
                clear(builder, totals)
                with cgutils.for_range(builder, builder.udiv(share.width, INTEGER(LANES)), intp=INTEGER) as loop:
                    place = builder.mul(loop.index, INTEGER(LANES))
                    found = [feature.at(place) for feature in here]
                    for c, component in enumerate(components_here):
                        weight = share.load_vector(component, place)
                        for j, feature in enumerate(here):
                            feature.add(totals[c][j], weight, found[j])
                for c, component in enumerate(components_here):
                    for j in range(count):
                        target = out.at(component, plus(builder, first, j))
                        total = sum_of_lanes(builder, builder.load(totals[c][j]))
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
