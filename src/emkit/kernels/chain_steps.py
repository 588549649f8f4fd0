"""One step forward and one step backward through a sequence of hidden states.

The states of a row lie side by side, padded with zeros to whole vectors.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from emkit.kernels.vectors import INTEGER, LANES, VECTOR, ZERO, Matrix, add_product, broadcast, constant, sum_of_lanes


def _blocks(builder: Any, width: Any) -> Any:
    """A loop over the vectors of a row."""
    return cgutils.for_range(builder, builder.udiv(width, INTEGER(LANES)), intp=INTEGER)


def _row_times(builder: Any, row: Any, t: Any, matrix: Any, column: Any, variable: Any) -> Any:
    """One vector of a row (K,) times a matrix (K, P)."""
    builder.store(ZERO, variable)
    with cgutils.for_range(builder, matrix.height, intp=INTEGER) as loop:
        add_product(builder, variable, broadcast(builder, row.load(t, loop.index)), matrix.load_vector(loop.index, column))
    return builder.load(variable)


@intrinsic
def _filter_step(typing_context: Any, forward: Any, t: Any, inverse: Any, transitions: Any, likelihood: Any) -> Any:
    """Shares at step t into `forward` (T, P), still to be multiplied by the number returned, 1 / their sum.

    Those of the step before are multiplied by theirs, `inverse`: no step waits for a division to be done.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        share, move, seen = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 3, 4))
        now, before, scale = arguments[1], builder.sub(arguments[1], INTEGER(1)), broadcast(builder, arguments[2])
        total, variable = cgutils.alloca_once(builder, VECTOR), cgutils.alloca_once(builder, VECTOR)
        builder.store(ZERO, total)
        with _blocks(builder, move.width) as loop:
            column = builder.mul(loop.index, INTEGER(LANES))
            ahead = _row_times(builder, share, before, move, column, variable)
            joint = builder.fmul(ahead, builder.fmul(seen.load_vector(now, column), scale))
            share.store_vector(joint, now, column)
            builder.store(builder.fadd(builder.load(total), joint), total)
        with _blocks(builder, move.width) as loop:
            column = builder.mul(loop.index, INTEGER(LANES))
            share.store_vector(builder.fmul(share.load_vector(before, column), scale), before, column)
        return builder.fdiv(ir.Constant(ir.DoubleType(), 1.0), sum_of_lanes(builder, builder.load(total)))

    return types.float64(forward, t, inverse, transitions, likelihood), generate


@intrinsic
def _smooth_step(
    typing_context: Any, forward: Any, t: Any, turned: Any, evidence: Any, inverse: Any, weight: Any, pairs: Any
) -> Any:  # fmt: skip
    """Shares at step t given all rows, in place in `forward` (T, P); `evidence` (T, P) of the rows from t on, from that behind.

    `turned` (K, P): the transitions, from column to row. `pairs` (K, P) gain the weighted products of shares and evidence. A
    state that has no share has no evidence either: of those that lead to it none is asked, and it might overflow.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        share, move, seen, pair = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 3, 6))
        now, behind = arguments[1], builder.add(arguments[1], INTEGER(1))
        scale, variable = broadcast(builder, arguments[4]), cgutils.alloca_once(builder, VECTOR)
        with _blocks(builder, move.width) as loop:
            column = builder.mul(loop.index, INTEGER(LANES))
            later = seen.load_vector(behind, column)
            with cgutils.for_range(builder, move.height, intp=INTEGER) as each:
                weighted = broadcast(builder, builder.fmul(arguments[5], share.load(now, each.index)))
                builder.store(pair.load_vector(each.index, column), variable)
                add_product(builder, variable, weighted, later)
                pair.store_vector(builder.load(variable), each.index, column)
        with _blocks(builder, move.width) as loop:
            column = builder.mul(loop.index, INTEGER(LANES))
            found = _row_times(builder, seen, behind, move, column, variable)
            own = share.load_vector(now, column)
            found = builder.select(builder.fcmp_ordered(">", own, constant(0.0)), found, ZERO)
            share.store_vector(builder.fmul(own, found), now, column)
            likely = builder.fmul(seen.load_vector(now, column), scale)
            seen.store_vector(builder.fmul(likely, found), now, column)
        return context.get_dummy_value()

    return types.void(forward, t, turned, evidence, inverse, weight, pairs), generate


filter_step: Any = _filter_step  # intrinsics are called without their typing context
smooth_step: Any = _smooth_step
