"""What every space can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import isfinite, prod
from typing import ClassVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.link import REAL, Link
from emkit.errors import ParameterError

Shape = tuple[int, ...]
EDGE = 1e-8  # a probability this close to 0 or 1 is on its boundary: EM needs for ever to get there exactly


class Space(ABC):
    """A set of admissible values with free real coordinates.

    `event_axes` says how many trailing axes of an array make up one element of the space: 0 for numbers, 1 for vectors on a
    simplex, 2 for matrices. All methods take arrays with any number of leading axes.
    """

    event_axes: ClassVar[int] = 0
    told_on_edge: ClassVar[tuple[str, str]] = ("", "")  # what is said of estimates on an edge, before and after their names
    is_crept_along: ClassVar[bool] = False  # whether EM creeps to edges the slower, the nearer, as a rate of EM need not tell

    @abstractmethod
    def complaint(self, value: Array) -> tuple[tuple[int, ...], str] | None:
        """The index of the first inadmissible element and what is wrong with it; None if all is well."""

    @abstractmethod
    def pack(self, value: Array) -> Array:
        """Free real coordinates of `value` as one vector. A value on the boundary has infinite coordinates."""

    @abstractmethod
    def unpack(self, coordinates: Array, shape: Shape) -> Array:
        """The value of shape `shape` at `coordinates`: the inverse of `pack`."""

    @abstractmethod
    def pull(self, value: Array, slope: Array) -> Array:
        """Derivatives along the coordinates of `value`, given the derivatives `slope` along its elements (the chain rule).

        Of a matrix, `slope` is symmetric, the derivative along each element as if it were free of its mirror image.
        """

    def admits(self, value: Array) -> bool:
        """Whether every element of `value` is seen at a glance to be finite and to lie in the space; `check` looks closely."""
        return isfinite(np.vdot(value, value)) and self.complaint(value) is None

    def size(self, shape: Shape) -> int:
        """How many free real numbers a value of shape `shape` has."""
        return prod(shape)

    def entries(self, value: Array) -> Array:
        """The distinct numbers that a reader sees in `value`, as one vector (all of a simplex, a triangle of a matrix)."""
        return value.ravel()

    def entry_indices(self, shape: Shape) -> list[tuple[int, ...]]:
        """The index of each of `entries`."""
        return list(np.ndindex(*shape))

    def links(self, shape: Shape) -> list[Link]:
        """A scale without bounds for each of `entries`."""
        return [REAL] * len(self.entry_indices(shape))

    def free_entries(self, value: Array) -> Array:
        """As many of `entries` as there are free parameters."""
        return self.entries(value)

    def on_boundary(self, value: Array) -> list[tuple[int, ...]]:
        """Indices of the entries that lie on the boundary of the space, or as good as on it."""
        return []

    def at_edge(self, coordinates: Array, shape: Shape) -> Mask:
        """Which coordinates of a value of shape `shape` belong to entries on the boundary, or as good as on it."""
        return np.zeros(len(coordinates), dtype=bool)

    def pace_to_edge(self, value: Array, after: Array) -> Array:
        """Of each element that moves from `value` to `after`, the share of its way to the edge; 0 if it moves inwards."""
        return np.zeros(value.shape)

    def way_to_edge(self, value: Array) -> Array:
        """How far each element is from its nearest edge."""
        return value

    def on_edge(self, value: Array, mask: Mask) -> Array:
        """`value` with the elements of `mask` on their nearest edge."""
        return value

    def unsaid(self, value: Array) -> Array:
        """What coefficients in the shape of `value` are where they say nothing."""
        return np.zeros_like(value)

    def check(self, value: Array, name: str) -> None:
        """Raise ParameterError, naming the element, unless every element of `value` lies in the space."""
        if value.ndim < self.event_axes:
            raise ParameterError(f"{name} has {value.ndim} axes; a value of this kind needs at least {self.event_axes}.")
        if self.admits(value):
            return
        found = self.complaint(value) if np.isfinite(value).all() else _first_not_finite(value)
        if found:
            index, reason = found
            where = f"{name}[{', '.join(map(str, index))}]" if index else name
            raise ParameterError(f"{where} {reason}")


def first_where(found: Mask) -> tuple[int, ...]:
    """The index of the first true element."""
    return tuple(int(i) for i in np.argwhere(found)[0])


def _first_not_finite(value: Array) -> tuple[tuple[int, ...], str]:
    index = first_where(~np.isfinite(value))
    return index, f"is {value[index]}; parameters must be finite numbers."
