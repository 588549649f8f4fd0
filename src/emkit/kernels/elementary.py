"""Exponential and logarithm in a form that the compiler turns into vector instructions.

Range reduction and a polynomial, without branches or table look-ups. `contract` allows fused multiply-add and nothing else:
the two-part logarithm of 2 must not be reassociated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # the leading 33 bits of ln 2, so that k * LN2_HIGH is exact for |k| < 2^20
LN2_LOW = 1.90821492927058770002e-10
LEAST = -746.0  # exp of anything below is 0
LEAST_SHARE = -700.0  # exp of anything below, as the share of a row, may as well be this: no subnormal number, which are slow
MOST = 710.0  # exp of anything above is infinite
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
MAGIC = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to a whole number and leaves that in the low bits
# (e^r - 1 - r) / r^2 on |r| <= ln(2) / 2, interpolated at Chebyshev nodes: relative error of e^r below 2e-17
E0, E1, E2, E3, E4 = 0.5000000000000001, 0.16666666666666669, 0.04166666666662399, 0.008333333333330051, 0.0013888888917281794
E5, E6, E7 = 0.00019841269863105968, 2.480152119021773e-05, 2.7557268378684192e-06
E8, E9 = 2.7620138719733994e-07, 2.5100424157005067e-08
# log(1 + f) by f - f^2/2 + s (f^2/2 + R(s^2)), s = f / (2 + f): R is odd-power series of atanh, minimax coefficients
# of degree 14 on [sqrt(1/2), sqrt(2)]. Source: Sun Microsystems' e_log.c, error below 2^-58.45.
L1, L2, L3, L4 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01
L5, L6, L7 = 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01


@intrinsic
def _bits_as_float(typing_context: Any, bits: Any) -> Any:
    """The double with the given bit pattern."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _float_as_bits(typing_context: Any, number: Any) -> Any:
    """The bit pattern of a double."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


bits_as_float: Any = _bits_as_float  # an intrinsic is called without its typing context
float_as_bits: Any = _float_as_bits


@njit(inline="always", fastmath={"contract"}, error_model="numpy")
def reduced_exp(r: float) -> float:
    """e^r for |r| <= ln(2) / 2."""
    square = r * r  # pairs of terms side by side: a shorter chain of dependent operations than Horner's
    low = (E0 + E1 * r) + square * (E2 + E3 * r)
    high = (E4 + E5 * r) + square * ((E6 + E7 * r) + square * (E8 + E9 * r))
    return 1.0 + (r + square * (low + square * square * high))


@njit(inline="always", fastmath={"contract"}, error_model="numpy")
def exp(x: float) -> float:
    """e^x for every double: 0 below -745.13, subnormal above it, inf above 709.78, NaN for NaN. Within 2 ulp."""
    y = min(max(x, LEAST), MOST)
    shifted = y * LOG2_E + MAGIC
    k = shifted - MAGIC
    p = reduced_exp((y - k * LN2_HIGH) - k * LN2_LOW)
    power = (float_as_bits(shifted) << 32) >> 32  # the low bits hold k, signed
    half = power >> 1  # 2^k in two factors, so that subnormal results round once and nothing overflows early
    value = p * bits_as_float((half + 1023) << 52) * bits_as_float((power - half + 1023) << 52)
    return value if x == x else x


@njit(inline="always", fastmath={"contract"}, error_model="numpy")
def exp_of_nonpositive(x: float) -> float:
    """e^x for x <= 0 where results below 1e-307 may become 1e-308: the shares of a softmax. Within 1 ulp."""
    y = max(x, LEAST_SHARE)
    shifted = y * LOG2_E + MAGIC
    k = shifted - MAGIC
    p = reduced_exp((y - k * LN2_HIGH) - k * LN2_LOW)
    return bits_as_float(float_as_bits(p) + (float_as_bits(shifted) << 52))


@njit(inline="always", fastmath={"contract"}, error_model="numpy")
def log_of_normal(x: float) -> float:
    """Natural logarithm of a positive normal double, within 2 ulp."""
    bits = float_as_bits(x)
    exponent = (bits - SQRT_HALF_BITS) >> 52
    f = bits_as_float(bits - (exponent << 52)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    remainder = w * (L2 + w * (L4 + w * L6)) + z * (L1 + w * (L3 + w * (L5 + w * L7)))
    half_square = 0.5 * f * f
    k = np.float64(exponent)
    return k * LN2_HIGH - ((half_square - (s * (half_square + remainder) + k * LN2_LOW)) - f)


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def exp_array(x: Any, out: Any) -> None:
    """`exp` of every element of `x` (n,) into `out` (n,)."""
    for i in range(x.size):
        out[i] = exp(x[i])


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def log_array(x: Any, out: Any) -> None:
    """`log_of_normal` of every element of `x` (n,) into `out` (n,)."""
    for i in range(x.size):
        out[i] = log_of_normal(x[i])
