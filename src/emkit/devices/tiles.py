"""What is made of a tile of rows on a device: features, scores, shares and sums.

Tiles are laid out as in `kernels/mixture_pass.py`: (base rows, rows of data), so that memory is read along the data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import Memo
from emkit.devices.device import Device, Tensor

Pairs = Integers | Array
BLOCK = 4_096  # rows that are summed up by themselves: products of long tables with few columns keep few units of a card busy


class Tile(Protocol):
    """Some rows, as far as scores and sums are made of them."""

    def scores(self, coefficients: Tensor) -> Tensor:
        """The scores (K, T), given `coefficients` (K, F)."""

    def sums(self, shares: Tensor) -> Tensor:
        """The feature sums (K, F), given how much each row counts for each component (K, T)."""


class TilePlan(NamedTuple):
    """`made` turns columns (d, T) into a tile, for which it needs `height` numbers for each row."""

    made: Callable[[Tensor], Tile]
    height: int


@dataclass(frozen=True, eq=False)
class Features:
    """A tile of which the features are at hand: `table` (F, T)."""

    table: Tensor

    def scores(self, coefficients: Tensor) -> Tensor:
        return coefficients @ self.table

    def sums(self, shares: Tensor) -> Tensor:
        return product_sums(shares, self.table)


@dataclass(frozen=True, eq=False)
class Own:
    """A tile of which `tight` components (J,) see features about their own means, and the others those of `shared`.

    `base` (J) makes base rows for each of them, of `columns`. `whiten` (J, d, d), and `pairs` (F, 2): see `OwnMeans`.
    """

    columns: Tensor
    shared: Tile | None
    tight: tuple[int, ...]
    base: tuple[Callable[[Tensor], Tensor], ...]
    whiten: Tensor
    pairs: Pairs

    def scores(self, coefficients: Tensor) -> Tensor:
        if self.shared is None:
            found = coefficients.new_empty((len(coefficients), self.columns.shape[1]))
        else:
            found = self.shared.scores(coefficients)
        for j, k in enumerate(self.tight):
            base = self.base[j](self.columns)
            if len(self.whiten):
                found[k] = coefficients[k, 0] - 0.5 * (self.whiten[j] @ base[1:]).square().sum(dim=0)
            else:
                found[k] = coefficients[k] @ products(base, self.pairs)
        return found

    def sums(self, shares: Tensor) -> Tensor:
        each = zip(self.tight, self.base, strict=True)
        own = [product_sums(base := made(self.columns), base * shares[k]) for k, made in each]
        found = shares.new_zeros((len(shares), len(self.pairs))) if self.shared is None else self.shared.sums(shares)
        first, second = self.pairs.T.tolist()
        for k, squares in zip(self.tight, own, strict=True):
            found[k] = squares[first, second]
        return found


def share_out(scores: Tensor, weights: Tensor) -> Tensor:
    """Scores (S, K, T) become weighted shares, in place; the weighted sums (S,) of log sum_k exp(score).

    `weights` (T,), or (1,) where one holds for all rows.
    """
    peak = scores.amax(dim=1, keepdim=True)
    scores.sub_(peak).exp_()
    total = scores.sum(dim=1, keepdim=True)
    scores.mul_(weights / total)
    return ((peak + total.log_()) * weights).sum(dim=(1, 2))


def product_sums(shares: Tensor, table: Tensor) -> Tensor:
    """Shares (K, T) times table (F, T)', a block of rows at a time."""
    whole = shares.shape[1] // BLOCK * BLOCK
    total = shares[:, whole:] @ table[:, whole:].T
    if whole:
        one, other = (part[:, :whole].unflatten(1, (-1, BLOCK)).transpose(0, 1) for part in (shares, table))
        total += (one @ other.transpose(1, 2)).sum(dim=0)
    return total


def standard(device: Device, origin: Array, unit: Array, squares: bool = False, gaps: bool = False) -> Any:
    """What makes base rows 1 and z_j = (x_j - origin_j) / unit_j of columns (d, T), and |z|^2 behind them if `squares`.

    `gaps`: where a cell is missing, z is 0.
    """
    away, factor = device.tensors(origin[:, None], 1 / unit[:, None])

    def base(columns: Tensor) -> Tensor:
        found = away.new_empty((1 + len(away) + squares, columns.shape[1]))
        found[0] = 1.0
        z = found[1 : 1 + len(away)]
        z.copy_(columns).sub_(away).mul_(factor)
        if gaps:
            z.nan_to_num_(nan=0.0)
        if squares:
            found[-1] = z.square().sum(dim=0)
        return found

    return base


class Run(NamedTuple):
    """Features that are products of base rows which follow each other: a single row, or as many, times `second`."""

    at: slice
    first: slice
    second: slice


def _runs(pairs: Pairs) -> tuple[Run, ...]:
    """The pairs (F, 2) in runs, along which the second base row is always the next one, and the first is, too, or stays."""
    steps = np.diff(pairs, axis=0)
    found, start = [], 0
    while start < len(pairs):
        end = start + 1
        step = tuple(steps[start]) if start < len(steps) else ()
        if step in ((0, 1), (1, 1)):
            others = np.flatnonzero((steps[start:] != step).any(axis=1))
            end = start + 1 + int(others[0]) if len(others) else len(pairs)
        (first, second), number = pairs[start].tolist(), end - start
        along = number if step == (1, 1) else 1
        found.append(Run(slice(start, end), slice(first, first + along), slice(second, second + number)))
        start = end
    return tuple(found)


runs_of = Memo(_runs)  # the pairs of most forms are always the same array


def products(base: Tensor, pairs: Pairs) -> Tensor:
    """Features (F, T) that are products of two base rows each; the base rows themselves, if that is what they are."""
    from torch import mul

    runs = runs_of(pairs)
    if len(runs) == 1 and pairs[0].tolist() == [0, 0] and not pairs[:, 0].any() and len(pairs) == len(base):
        return base
    found = base.new_empty((len(pairs), base.shape[1]))
    for run in runs:
        mul(base[run.first], base[run.second], out=found[run.at])
    return found


def levels(base: Tensor, pairs: Pairs) -> Tensor:
    """Features (F, T) that are 1 where a base row has a value, given base rows and values (F, 2), and 0 elsewhere."""
    found = base.new_empty((len(pairs), base.shape[1]))
    rows = pairs[:, 0].astype(np.intp)
    starts = np.flatnonzero(np.diff(rows, prepend=-1)).tolist()
    values = base.new_tensor(pairs[:, 1:])
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        found[start:end] = base[rows[start]] == values[start:end]
    return found
