"""One step forward and one step backward through many sequences, or pieces of one, side by side.

The lanes of a step lie side by side in a row, one row for each state. So all states of a lane have the same place in their
vectors, no vector is padded, and no sum runs across one.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from emkit.kernels.vectors import (
    FUSED,
    INTEGER,
    LANES,
    VECTOR,
    ZERO,
    Matrix,
    accumulators,
    add_product,
    broadcast,
    clear,
    constant,
)

VECTORS = 4  # side by side: while one waits for its last addition, the others keep the processor busy
SIDE_BY_SIDE = LANES * VECTORS
ONE = ir.Constant(VECTOR, [1.0] * LANES)


def _load(matrix: Matrix, row: Any) -> list[Any]:
    return [matrix.load_vector(row, INTEGER(LANES * v)) for v in range(VECTORS)]


def _store(matrix: Matrix, row: Any, vectors: list[Any]) -> None:
    for v, vector in enumerate(vectors):
        matrix.store_vector(vector, row, INTEGER(LANES * v))


def _times(builder: Any, some: list[Any], others: list[Any]) -> list[Any]:
    return [builder.fmul(one, other) for one, other in zip(some, others, strict=True)]


@intrinsic
def _filter_step(
    typing_context: Any, forward: Any, t: Any, transitions: Any, likelihood: Any, steps: Any, inverse: Any
) -> Any:  # fmt: skip
    """Joint probabilities of step t and of each state, given all rows before, from those of the step before.

    `forward` (K + K T, L) has K rows for what is known before step 0, and K for each step; they are to be multiplied by
    `inverse` (1 + T, L), 1 / their sum: no step waits for a division to be done. `likelihood` (K T, L) has T rows, as many as
    there are `steps`, for each state.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        joint, move, seen, scale = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 3, 5))
        sums, totals = accumulators(builder, 2, VECTORS)
        before, later = builder.mul(arguments[1], move.height), builder.add(arguments[1], INTEGER(1))
        factors = _load(scale, arguments[1])
        clear(builder, [totals])
        with cgutils.for_range(builder, move.height, intp=INTEGER) as to:
            clear(builder, [sums])
            with cgutils.for_range(builder, move.height, intp=INTEGER) as origin:
                weight = broadcast(builder, move.load(origin.index, to.index))
                for variable, share in zip(sums, _load(joint, builder.add(before, origin.index)), strict=True):
                    add_product(builder, variable, weight, share)
            likely = _load(seen, builder.add(builder.mul(to.index, arguments[4]), arguments[1]))
            found = _times(builder, list(map(builder.load, sums)), _times(builder, likely, factors))
            _store(joint, builder.add(builder.add(before, move.height), to.index), found)
            for total, each in zip(totals, found, strict=True):
                builder.store(builder.fadd(builder.load(total), each), total)
        _store(scale, later, [builder.fdiv(ONE, builder.load(total)) for total in totals])
        return context.get_dummy_value()

    return types.void(forward, t, transitions, likelihood, steps, inverse), generate


@intrinsic
def _smooth_step(
    typing_context: Any, forward: Any, t: Any, transitions: Any, likelihood: Any, steps: Any, inverse: Any, weights: Any,
    later: Any, evidence: Any, shares: Any, pairs: Any,
) -> Any:  # fmt: skip
    """Weighted shares of the states of step t given all rows, to `shares` (K S, L), and the `evidence` (K, L) of that step.

    That is p(row t and all behind | state, rows before t) over the same without the state; `later` is that of step t + 1.
    `shares` may be the likelihood itself, or have one row for each state. `pairs` (K, 8 K) gain weighted products of shares
    and later evidence, in 8 sums each; `weights` (1, L). A state that has no share has no evidence either: of those that lead
    to it none is asked, and it might overflow.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        joint, move, seen, scale, weight, behind, own, share, pair = (
            Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 3, 5, 6, 7, 8, 9, 10)
        )
        (sums,), step = accumulators(builder, 1, VECTORS), arguments[1]
        after = builder.add(step, INTEGER(1))
        first = builder.mul(after, move.height)
        alone = builder.icmp_unsigned("==", share.height, move.height)
        factors, weighing = _load(scale, after), _load(weight, INTEGER(0))
        with cgutils.for_range(builder, move.height, intp=INTEGER) as origin:
            here = builder.add(builder.mul(origin.index, arguments[4]), step)
            known = _load(joint, builder.add(first, origin.index))
            counted = _times(builder, known, weighing)
            weighted = _times(builder, counted, factors)
            clear(builder, [sums])
            with cgutils.for_range(builder, move.height, intp=INTEGER) as to:
                factor, column = broadcast(builder, move.load(origin.index, to.index)), builder.mul(to.index, INTEGER(LANES))
                total = pair.load_vector(origin.index, column)
                for variable, one, next_one in zip(sums, weighted, _load(behind, to.index), strict=True):
                    add_product(builder, variable, factor, next_one)
                    total = builder.fadd(total, builder.fmul(one, next_one, flags=FUSED), flags=FUSED)
                pair.store_vector(total, origin.index, column)
            found = _times(builder, list(map(builder.load, sums)), factors)
            some = [builder.fcmp_ordered(">", each, constant(0.0)) for each in known]
            found = [builder.select(there, each, ZERO) for there, each in zip(some, found, strict=True)]
            _store(own, origin.index, _times(builder, found, _load(seen, here)))
            _store(share, builder.select(alone, origin.index, here), _times(builder, found, counted))
        return context.get_dummy_value()

    return types.void(forward, t, transitions, likelihood, steps, inverse, weights, later, evidence, shares, pairs), generate


filter_step: Any = _filter_step  # intrinsics are called without their typing context
smooth_step: Any = _smooth_step
