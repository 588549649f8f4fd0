"""Expected statistics form a semigroup: they add up over rows, chunks, threads and machines.

The sum is taken along a fixed binary tree, so that the result depends on how the data are cut and on nothing else: not on
which worker was first, nor on how many there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Generic, Self, TypeVar

import numpy as np

A = TypeVar("A", bound="Additive")


@cache
def _names(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls))


def _sum(a: Any, b: Any) -> Any:
    return tuple(x + y for x, y in zip(a, b, strict=True)) if isinstance(a, tuple) else a + b


def _multiple(a: Any, factor: float) -> Any:
    return tuple(x * factor for x in a) if isinstance(a, tuple) else a * factor


class Additive:
    """Base of dataclasses whose fields (arrays, numbers, other `Additive` values or tuples of these) add up field by field.

    The statistics of an empty chunk are zeros of the same shape, hence neutral. Multiplication by a number serves stepwise
    EM and priors as pseudo-data.

    Statistics of two chunks, added up:

    >>> import emkit as ek
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Heads(ek.Additive):
    ...     heads: float
    ...     tosses: float
    >>> Heads(5, 10) + Heads(9, 10)
    Heads(heads=14, tosses=20)
    """

    def __add__(self, other: Self) -> Self:
        cls: Any = type(self)
        return cls(*[_sum(getattr(self, name), getattr(other, name)) for name in _names(cls)])

    def __mul__(self, factor: float) -> Self:
        cls: Any = type(self)
        return cls(*[_multiple(getattr(self, name), factor) for name in _names(cls)])

    __rmul__ = __mul__

    @classmethod
    def beside(cls, items: Sequence[Self]) -> Self:
        """Statistics for the components of all items, one item behind the other; items may be of different rows."""
        made: Any = cls
        return made(*[side_by_side([getattr(item, name) for item in items]) for name in _names(made)])

    def part(self, places: slice) -> Self:
        """Statistics of some of the components alone."""
        cls: Any = type(self)
        return cls(*[some_of(getattr(self, name), places) for name in _names(cls)])


def side_by_side(items: Sequence[Any]) -> Any:
    """Statistics whose fields lead with the component axis, as those of all their components, one item behind the other."""
    first = items[0]
    if isinstance(first, tuple):
        return tuple(map(side_by_side, zip(*items, strict=True)))
    if not isinstance(first, Additive):
        return np.concatenate(items)
    return type(first).beside(items)


def some_of(item: Any, places: slice) -> Any:
    """Statistics whose fields lead with the component axis, of some components."""
    if isinstance(item, tuple):
        return tuple(some_of(each, places) for each in item)
    if not isinstance(item, Additive):
        return item[places]
    return item.part(places)


class Tree(Generic[A]):
    """The sum of items along a fixed binary tree, in the order in which they are added; holds at most log2(n) partial sums."""

    def __init__(self) -> None:
        self._partial: list[tuple[int, A]] = []  # (height of the subtree, its sum); heights fall from left to right

    def add(self, item: A, height: int = 0) -> None:
        """Add the next item, or the sum of the next 2^height items, where as many come before as a multiple of that."""
        total = item
        while self._partial and self._partial[-1][0] == height:
            total = self._partial.pop()[1] + total
            height += 1
        self._partial.append((height, total))

    def extend(self, other: Tree[A]) -> None:
        """Add the items of another tree, before which come a multiple of a power of 2 that is no less than they are."""
        for height, total in other._partial:
            self.add(total, height)

    def total(self) -> A:
        """The sum of all items. Errors: ValueError if there are none (a source always has at least one chunk)."""
        if not self._partial:
            raise ValueError("there is nothing to add up: the source has no chunks")
        *before, (_, total) = self._partial
        for _, partial in reversed(before):
            total = partial + total
        return total


def planted(items: Iterable[A]) -> Tree[A]:
    """The tree of `items`, in order."""
    tree: Tree[A] = Tree()
    for item in items:
        tree.add(item)
    return tree


def add_up(items: Iterable[A]) -> A:
    """Sum `items` along the `Tree`, in order. Errors: ValueError if there are no items."""
    return planted(items).total()


class SumTree(Generic[A]):
    """The sum of `leaves` along the `Tree`, of which one may be replaced at the cost of log2(n) sums."""

    def __init__(self, leaves: Sequence[A]) -> None:
        self._number = len(leaves)
        self._width = 1 << (self._number - 1).bit_length()
        self._sums: list[A | None] = [*[None] * self._width, *leaves, *[None] * (self._width - self._number)]
        for node in range(self._width - 1, 0, -1):
            self._add_up(node)

    def _add_up(self, node: int) -> None:
        left, right = self._sums[2 * node], self._sums[2 * node + 1]
        self._sums[node] = left if left is None or right is None else left + right

    def replace(self, place: int, leaf: A) -> None:
        """Put another leaf at a place."""
        node = self._width + place
        self._sums[node] = leaf
        while node > 1:
            node //= 2
            self._add_up(node)

    @property
    def leaves(self) -> list[A]:
        """What is added up, in order."""
        return [leaf for leaf in self._sums[self._width :] if leaf is not None]

    @property
    def total(self) -> A:
        """The sum of all leaves. Errors: ValueError if there are none."""
        total = self._sums[1] if self._number else None
        if total is None:
            raise ValueError("there is nothing to add up: the source has no chunks")
        return total
