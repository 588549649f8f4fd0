"""The rows of a worksheet: one for each row of the data, or for each distinct row where rows repeat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.source import ArraySource


@dataclass(frozen=True)
class Rows:
    """`x` (m, d), `weights` (m,): how often each occurs; `labels` (m,) name them; `places` are the row numbers of each.

    A row is labelled by its number, counted from 1, or, where rows repeat or carry weights, by its values (``x=1``).
    """

    x: Array
    weights: Array
    labels: tuple[str, ...]
    places: tuple[tuple[int, ...], ...]
    columns: tuple[str, ...]
    numbered: bool

    def responsibility(self, components: Sequence[str], k: int, i: int) -> str:
        """What a responsibility is called: ``r[1]`` or ``mu[x=1]`` for the first component, ``r_B[1]`` for others."""
        return f"{'r' if self.numbered else 'mu'}{f'_{components[k]}' if k else ''}[{self.labels[i]}]"

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.x)))


def place_in_sequence(bounds: Integers, i: int) -> str:
    """Row i by its place in its sequence, counted from 1; of several sequences, the number of its own comes first."""
    sequence = int(np.searchsorted(bounds, i, side="right"))
    place = i - int(bounds[sequence - 1]) + 1
    return f"{sequence}.{place}" if len(bounds) > 2 else str(place)


def rows_of(source: ArraySource) -> Rows:
    """The rows of `source`, by first occurrence; distinct ones only, if that halves their number or they are weighted."""
    _, first, inverse = np.unique(source.x, axis=0, return_index=True, return_inverse=True)
    inverse = inverse.ravel()
    n = len(source.x)
    if 2 * len(first) > n and (source.weights == 1).all():
        numbers = tuple(str(i + 1) for i in range(n))
        return Rows(source.x, source.weights, numbers, tuple((i + 1,) for i in range(n)), source.columns, True)
    order = np.argsort(first)
    x = source.x[first[order]]
    weights = np.bincount(inverse, source.weights)[order].astype(np.float64)
    places = tuple(tuple(int(i) + 1 for i in np.flatnonzero(inverse == group)) for group in order)
    labels = tuple(",".join(f"{c}={v:g}" for c, v in zip(source.columns, row, strict=True)) for row in x)
    return Rows(x, weights, labels, places, source.columns, False)
