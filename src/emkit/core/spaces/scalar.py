"""Spaces of single numbers: the real line, the positive half-line with or without 0, probabilities."""

from __future__ import annotations

from math import prod

import numpy as np
import scipy

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.link import LOG, LOGIT, Link
from emkit.core.spaces.space import EDGE, Shape, Space, first_where


def _complaint(bad: Mask, value: Array, rule: str) -> tuple[tuple[int, ...], str] | None:
    if not bad.any():
        return None
    index = first_where(bad)
    return index, f"is {value[index]:g}; {rule}"


VANISHED = 1e-290  # smaller numbers have no digits left to lose


def share_lost(value: Array, after: Array) -> Array:
    """The share of `value` >= 0 that is gone in `after`; 0 where nothing is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = np.where((value > 0) & (after < value), (value - after) / value, 0.0)
    return np.where((value > 0) & (value < VANISHED) & (after <= value), 1.0, lost)


class Real(Space):
    """Any finite number.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.Real().pack(np.array([[-1.5, 2.0]])).tolist()
    [-1.5, 2.0]
    """

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        return None

    def pack(self, value: Array) -> Array:
        return value.ravel()

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        return coordinates.reshape(shape)

    def pull(self, value: Array, slope: Array) -> Array:
        return slope.ravel()


class Positive(Space):
    """Numbers > 0; the coordinate is the logarithm.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.Positive().pack(np.array([1.0, np.e])).tolist(), ek.Positive().unpack(np.array([0.0, 1.0]), (2,)).round(3).tolist()
    ([0.0, 1.0], [1.0, 2.718])
    >>> ek.Positive().check(np.array([0.5, 0.0]), "rates")
    Traceback (most recent call last):
        ...
    emkit.errors.ParameterError: rates[1] is 0; it must be > 0.
    """

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        return _complaint(value <= 0, value, "it must be > 0.")

    def pack(self, value: Array) -> Array:
        return np.log(value).ravel()

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        return np.exp(coordinates).reshape(shape)

    def pull(self, value: Array, slope: Array) -> Array:
        return (value * slope).ravel()

    def links(self, shape: Shape) -> list[Link]:
        return [LOG] * prod(shape)


class NonNegative(Space):
    """Numbers >= 0, 0 included; the coordinate is the logarithm, -infinity at 0.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.NonNegative().pack(np.array([0.0, 1.0])).tolist(), ek.NonNegative().on_boundary(np.array([0.0, 1.0]))
    ([-inf, 0.0], [(0,)])
    """

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        return _complaint(value < 0, value, "it must be >= 0.")

    def pack(self, value: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.log(value).ravel()

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        return np.exp(coordinates).reshape(shape)

    def pull(self, value: Array, slope: Array) -> Array:
        return (value * slope).ravel()

    def links(self, shape: Shape) -> list[Link]:
        return [LOG] * prod(shape)

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        return [tuple(int(i) for i in index) for index in np.argwhere(value == 0)]

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        return np.isneginf(coordinates)

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        return share_lost(value, after)

    def on_edge(self, value: Array, mask: Mask) -> Array:
        return np.where(mask, 0.0, value)


class UnitInterval(Space):
    """Numbers between 0 and 1, both excluded; the coordinate is the log-odds.

    Log-odds of 1 to 1 and of 3 to 1:

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.UnitInterval().pack(np.array([0.5, 0.75])).round(4).tolist()
    [0.0, 1.0986]
    """

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        return _complaint((value <= 0) | (value >= 1), value, "it must lie between 0 and 1, which are excluded.")

    def pack(self, value: Array) -> Array:
        return np.asarray(scipy.special.logit(value)).ravel()

    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        return np.asarray(scipy.special.expit(coordinates)).reshape(shape)

    def pull(self, value: Array, slope: Array) -> Array:
        return (value * (1 - value) * slope).ravel()

    def links(self, shape: Shape) -> list[Link]:
        return [LOGIT] * prod(shape)


class Probability(UnitInterval):
    """Numbers from 0 to 1, both included; the coordinate is the log-odds, infinite at 0 and 1.

    >>> import emkit as ek
    >>> import numpy as np
    >>> ek.Probability().pack(np.array([0.0, 0.5, 1.0])).tolist()
    [-inf, 0.0, inf]
    """

    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        return _complaint((value < 0) | (value > 1), value, "a probability must lie between 0 and 1.")

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        return [tuple(int(i) for i in index) for index in np.argwhere((value <= EDGE) | (value >= 1 - EDGE))]

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        return np.abs(coordinates) > -np.log(EDGE)

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        return np.where(value < 0.5, share_lost(value, after), share_lost(1 - value, 1 - after))

    def way_to_edge(self, value: Array) -> Array:
        return np.minimum(value, 1 - value)

    def on_edge(self, value: Array, mask: Mask) -> Array:
        return np.where(mask, np.round(value), value)
