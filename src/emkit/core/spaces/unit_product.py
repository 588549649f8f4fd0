"""Vectors of positive numbers whose product is 1."""

from __future__ import annotations

from math import prod

import numpy as np

from emkit.core.arrays import Array
from emkit.core.spaces.space import Shape, Space, first_where

PRODUCT_TOLERANCE = 1e-8


class UnitProduct(Space):
    """Vectors (last axis) with entries > 0 whose product is 1: relative lengths.

    Coordinates: the logarithms of all entries but the last, which makes up for the others.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.UnitProduct().unpack(np.log([2.0, 0.25]), (3,)).round(4).tolist()
    [2.0, 0.25, 2.0]
    """

    event_axes = 1

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        if (value <= 0).any():
            index = first_where(value <= 0)
            return index, f"is {value[index]:g}; it must be > 0."
        products = np.exp(np.log(value).sum(axis=-1))
        off = ~(np.abs(products - 1) <= PRODUCT_TOLERANCE)
        if off.any():
            index = first_where(off)
            return index, f"has the product {products[index]:.10g}; its entries must have the product 1."
        return None

    def pack(self, value: Array) -> Array:
        return np.log(value[..., :-1]).ravel()

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        logs = coordinates.reshape(*shape[:-1], shape[-1] - 1)
        return np.exp(np.concatenate([logs, -logs.sum(axis=-1, keepdims=True)], axis=-1))

    def pull(self, value: Array, slope: Array) -> Array:
        along = value * slope
        return np.asarray(along[..., :-1] - along[..., -1:]).ravel()

    def size(self, shape: Shape) -> int:
        return prod(shape[:-1]) * (shape[-1] - 1)

    def free_entries(self, value: Array) -> Array:
        return value[..., :-1].ravel()
