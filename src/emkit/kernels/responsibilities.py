"""The blocks that turn scores into shares or likelihoods, of 1 for the highest: exponentials, 8 at a time."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from emkit.kernels import elementary
from emkit.kernels.vectors import FUSED, INTEGER, LANES, VECTOR, Matrix, accumulators, clear, constant, plus


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _exp_of_nonpositive(builder: Any, x: Any) -> Any:
    """`elementary.exp_of_nonpositive`, 8 at a time."""

    def fused(a: Any, b: Any, c: Any) -> Any:
        return builder.fadd(builder.fmul(a, b, flags=FUSED), c, flags=FUSED)

    def line(low: float, high: float, x: Any) -> Any:
        return fused(constant(high), x, constant(low))

    y = _larger(builder, x, constant(elementary.LEAST_SHARE))
    shifted = fused(y, constant(elementary.LOG2_E), constant(elementary.MAGIC))
    k = builder.fsub(shifted, constant(elementary.MAGIC))
    r = fused(k, constant(-elementary.LN2_HIGH), y)
    r = fused(k, constant(-elementary.LN2_LOW), r)
    square = builder.fmul(r, r)
    low = fused(square, line(elementary.E2, elementary.E3, r), line(elementary.E0, elementary.E1, r))
    high = fused(square, line(elementary.E8, elementary.E9, r), line(elementary.E6, elementary.E7, r))
    high = fused(square, high, line(elementary.E4, elementary.E5, r))
    tail = fused(builder.fmul(square, square), high, low)
    p = builder.fadd(constant(1.0), fused(square, tail, r))
    whole = ir.VectorType(INTEGER, LANES)
    power = builder.shl(builder.bitcast(shifted, whole), ir.Constant(whole, [52] * LANES))
    return builder.bitcast(builder.add(builder.bitcast(p, whole), power), VECTOR)


def _find_highest(builder: Any, score: Any, places: list[Any], peaks: list[Any]) -> None:
    """The highest score of each row at these places, to `peaks`."""
    for peak, place in zip(peaks, places, strict=True):
        builder.store(score.load_vector(INTEGER(0), place), peak)
    with cgutils.for_range(builder, score.height, intp=INTEGER) as loop:
        for peak, place in zip(peaks, places, strict=True):
            builder.store(_larger(builder, score.load_vector(loop.index, place), builder.load(peak)), peak)


def share_block(vectors: int) -> Any:
    """A compiled ``block(scores, scratch)``: exp(score - highest) for all rows, in place, 8 * `vectors` rows at a time.

    The highest score of each row goes to scratch[0], the sum of its exponentials to scratch[1].
    """

    @intrinsic
    def block(typing_context: Any, scores: Any, scratch: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            score, out = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 1))
            width = INTEGER(LANES * vectors)
            peaks, totals = accumulators(builder, 2, vectors)
            with cgutils.for_range(builder, builder.udiv(score.width, width), intp=INTEGER) as rows:
                column = builder.mul(rows.index, width)
                places = [plus(builder, column, LANES * v) for v in range(vectors)]
                clear(builder, [totals])
                _find_highest(builder, score, places, peaks)
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


def weigh_block(vectors: int, least: float) -> Any:
    """A compiled ``block(scores, peaks)``: exp(score - highest) as `share_block`, or 0 where that is below exp(least).

    The highest score of each row goes to `peaks` (1, T).
    """

    @intrinsic
    def block(typing_context: Any, scores: Any, peaks: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            score, out = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 1))
            width, (highest,) = INTEGER(LANES * vectors), accumulators(builder, 1, vectors)
            with cgutils.for_range(builder, builder.udiv(score.width, width), intp=INTEGER) as rows:
                column = builder.mul(rows.index, width)
                places = [plus(builder, column, LANES * v) for v in range(vectors)]
                _find_highest(builder, score, places, highest)
                with cgutils.for_range(builder, score.height, intp=INTEGER) as loop:
                    for peak, place in zip(highest, places, strict=True):
                        below = builder.fsub(score.load_vector(loop.index, place), builder.load(peak))
                        near = builder.fcmp_ordered(">", below, constant(least))
                        likelihood = builder.select(near, _exp_of_nonpositive(builder, below), constant(0.0))
                        score.store_vector(likelihood, loop.index, place)
                for peak, place in zip(highest, places, strict=True):
                    out.store_vector(builder.load(peak), INTEGER(0), place)
            return context.get_dummy_value()

        return types.void(scores, peaks), generate

    return block
