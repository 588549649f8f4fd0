"""The linear forms of blocks of columns as one: their features side by side, behind one leading 1.

A feature is a product of two columns, or tells a level of one; the kernel takes both kinds in one pass over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import Chunk, as_float64, columns_at
from emkit.families.combined.parts import PartStats
from emkit.families.linear import BaseRows, Columns, LinearForm, OfCells, Read, mixed, single

Places = tuple[int, ...]
Reader = Callable[[Array], Array]


class Block(NamedTuple):
    """The rows of one form as `columns` of what `read` makes of the data; None if these are read as they are.

    `of` (G,): which feature of the form (but the first) each of `columns` adds to; they are more where one is a sum of squares.
    """

    columns: Columns
    read: Reader | None
    of: Integers


def joined_form(forms: Sequence[LinearForm[Any] | None], places: Sequence[Places]) -> LinearForm[PartStats] | None:
    """The form of rows whose columns at `places` have these `forms`; None if one has none, or sees rows from several places."""
    blocks = [None if form is None else _block(form.rows) for form in forms]
    if any(block is None for block in blocks):
        return None
    known: list[LinearForm[Any]] = [form for form in forms if form is not None]
    own = [block for block in blocks if block is not None]
    rows, order = _side_by_side(own, places)
    coefficients = np.concatenate([form.coefficients[:, 1 + block.of] for form, block in zip(known, own, strict=True)], axis=1)
    constant = np.sum([form.coefficients[:, :1] for form in known], axis=0)
    ends = np.cumsum([0, *(len(block.of) for block in own)])

    def statistics(sums: Array, chunk: Chunk) -> PartStats:
        mass, rest = sums[:, :1], np.empty((len(sums), ends[-1]))
        rest[:, order] = sums[:, 1:]
        parts = []
        for i, (form, block) in enumerate(zip(known, own, strict=True)):
            found = np.zeros((len(sums), form.coefficients.shape[1]))
            found[:, :1] = mass
            np.add.at(found.T, 1 + block.of, rest[:, ends[i] : ends[i + 1]].T)
            parts.append(form.statistics(found, chunk.of_columns(places[i])))
        return PartStats(tuple(parts))

    each = list(zip(known, places, strict=True))
    return LinearForm(
        np.concatenate([constant, coefficients[:, order]], axis=1),
        rows,
        base=lambda x: np.asarray(sum(form.base(columns_at(x, own)) for form, own in each)),
        constant=lambda chunk: float(sum(form.constant(chunk.of_columns(own)) for form, own in each)),
        statistics=statistics,
    )


def _block(rows: BaseRows) -> Block | None:
    """The rows of a form as a block; None if they are no columns about one origin."""
    if isinstance(rows, OfCells):
        return _block(rows.rows)
    if isinstance(rows, Read):
        inner, outer = _block(rows.rows), rows.read
        return inner and inner._replace(read=outer if inner.read is None else partial(_in_turn, outer, inner.read))
    if not isinstance(rows, Columns):
        return None
    number, pairs = len(rows.origin), rows.pairs
    of = np.arange(len(pairs) - 1)
    if pairs.dtype.kind != "f":
        squares = np.flatnonzero(pairs[:, 1] > number)  # |z|^2 has a row of its own, of which there can be but one
        if len(squares):
            one = np.arange(1, 1 + number)
            every = [np.stack([one, one], axis=1) if f in squares else pairs[f : f + 1] for f in range(1, len(pairs))]
            of = np.repeat(of, [len(each) for each in every])
            rows = Columns(np.concatenate([pairs[:1], *every]), rows.origin, rows.unit)
    return Block(rows, None, of)


def _in_turn(first: Reader, then: Reader, x: Array) -> Array:
    return then(first(x))


def _side_by_side(blocks: Sequence[Block], places: Sequence[Places]) -> tuple[BaseRows, Integers]:
    """The rows of all blocks, and which of their features (one block behind the other) each feature but the first is."""
    as_they_are = all(block.read is None for block in blocks)
    widths = [len(block.columns.origin) for block in blocks]
    first = np.cumsum([0, *widths])
    at = [np.array(own) if as_they_are else np.arange(a, b) for own, a, b in zip(places, first, first[1:], strict=False)]
    origin, unit = np.zeros(first[-1]), np.ones(first[-1])
    products, tells, levels, of_levels = [single(1)], [], [np.empty((0, 2))], []
    start = 0
    for block, columns in zip(blocks, at, strict=True):
        origin[columns], unit[columns] = block.columns.origin, block.columns.unit
        base = np.concatenate([[0], 1 + columns])
        pairs, features = block.columns.pairs[1:], np.arange(start, start + len(block.of))
        start += len(block.of)
        if pairs.dtype.kind == "f":
            levels.append(np.stack([base[pairs[:, 0].astype(np.intp)], pairs[:, 1]], axis=1))
            of_levels.append(features)
        else:
            products.append(base[pairs])
            tells.append(features)
    rows = mixed(np.concatenate(products), np.concatenate(levels), origin, unit)
    order = np.concatenate([*tells, *of_levels])
    reads = tuple(block.read for block in blocks)
    return rows if as_they_are else Read(_Read(reads, tuple(widths), tuple(places)), rows), order


@dataclass(frozen=True)
class _Read:
    """Makes the columns of all blocks, one block behind the other, of which each has so many: the same for any parameters."""

    reads: tuple[Reader | None, ...]
    widths: tuple[int, ...]
    places: tuple[Places, ...]

    def __call__(self, x: Array) -> Array:
        found = np.empty((sum(self.widths), len(x))).T  # each column in one piece
        start = 0
        for read, width, own in zip(self.reads, self.widths, self.places, strict=True):
            part = columns_at(x, own)
            found[:, start : start + width] = part if read is None else read(as_float64(part))
            start += width
        return found
