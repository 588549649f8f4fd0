"""Features of a tile of rows, each formed of its base rows in a register, 8 rows of data at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types

from emkit.kernels.vectors import INTEGER, ZERO, Matrix, broadcast, constant

Feature = Callable[[Any], Any]  # 8 rows of a feature, given the place of the first


def feature_of(kind: Any, builder: Any, pairs: Matrix, base: Matrix, f: Any) -> Feature:
    """Feature f: what `pairs` of this numba type say of it.

    Of whole numbers (p, q), it is z[p] * z[q]; of floats (p, value), it is 1 where z[p] has the value, and 0 elsewhere.
    """
    form = _indicator if isinstance(kind.dtype, types.Float) else _product
    return form(builder, pairs, base, f)


def _product(builder: Any, pairs: Matrix, base: Matrix, f: Any) -> Feature:
    p, q = (pairs.load(f, INTEGER(n)) for n in (0, 1))
    return lambda place: builder.fmul(base.load_vector(p, place), base.load_vector(q, place))


def _indicator(builder: Any, pairs: Matrix, base: Matrix, f: Any) -> Feature:
    p, value = builder.fptosi(pairs.load(f, INTEGER(0)), INTEGER), broadcast(builder, pairs.load(f, INTEGER(1)))

    def feature(place: Any) -> Any:
        return builder.select(builder.fcmp_ordered("==", base.load_vector(p, place), value), constant(1.0), ZERO)

    return feature
