"""Sums over many stretches of one row of numbers > 0, and totals shared out again among the numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import Memo


class Stretches:
    """Logarithms `each` (m, K) of numbers >= 0, and those of their sums over pairs, fours, eights and so on.

    A stretch from `first` up to `last`, itself left out, is put together of few of these sums, all of them of one sign: so no
    digits are lost, however small the numbers in it are beside others.
    """

    def __init__(self, each: Array) -> None:
        self.each = each
        self._size = 1 << max(len(each) - 1, 0).bit_length()
        self._sums = np.full((2 * self._size, each.shape[1]), -np.inf)  # the sum of 2 i and 2 i + 1 stands at i
        self._sums[self._size : self._size + len(each)] = each
        at = self._size
        while at > 1:
            self._sums[at // 2 : at] = np.logaddexp(self._sums[at : 2 * at : 2], self._sums[at + 1 : 2 * at : 2])
            at //= 2
        self._summed = Memo(self._put_together, size=1)

    def over(self, first: Integers, last: Integers) -> Array:
        """The logarithms (n, K) of the sums over stretches, given where each (n,) begins and ends."""
        return self._summed(first, last).totals

    def shared(self, first: Integers, last: Integers, weights: Array) -> Array:
        """The `weights` (n, K) of stretches, each shared out among its numbers in proportion to them: the sums (m, K)."""
        (parts, totals), shares = self._summed(first, last), np.zeros_like(self._sums)
        for some, places in parts:
            np.add.at(shares, places, weights[some] * _quotient(self._sums[places], totals[some]))
        at = 1
        while at < self._size:
            wholes, halves = slice(at, 2 * at), slice(2 * at, 4 * at)
            of_parts = _quotient(self._sums[halves], np.repeat(self._sums[wholes], 2, axis=0))
            shares[halves] += np.repeat(shares[wholes], 2, axis=0) * of_parts
            at *= 2
        return np.asarray(shares[self._size : self._size + len(self.each)])

    def _put_together(self, first: Integers, last: Integers) -> _Summed:
        """The sums that stretches are put together of: some of the stretches, and where the next part of each stands."""
        low, high, parts, found = first + self._size, last + self._size, [], np.full((len(first), self.each.shape[1]), -np.inf)
        while (low < high).any():
            for odd, places in ((low % 2 == 1, low), (high % 2 == 1, high - 1)):
                some = np.flatnonzero((low < high) & odd)
                if len(some):
                    parts.append((some, places[some]))
                    found[some] = np.logaddexp(found[some], self._sums[places[some]])
            low, high = (low + 1) // 2, high // 2
        return _Summed(parts, found)


class _Summed(NamedTuple):
    parts: list[tuple[Integers, Integers]]
    totals: Array


def _quotient(part: Array, whole: Array) -> Array:
    """exp(part - whole), 0 where the part is nothing."""
    nothing = np.isneginf(part)
    return np.where(nothing, 0.0, np.exp(np.where(nothing, 0.0, part) - np.where(nothing, 0.0, whole)))
