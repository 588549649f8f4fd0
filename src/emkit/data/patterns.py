"""Repeated rows, collapsed to the distinct rows and how often each occurs."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.memo import once
from emkit.data.chunk import as_float64
from emkit.data.membership import is_known
from emkit.data.source import ArraySource
from emkit.data.sparse import is_sparse

LEAST_ROWS = 256  # below this there is nothing to save
SAMPLE_ROWS = 2_000  # tell whether the others are worth looking at
PAYS = 0.5  # collapse if at most this share of the rows is distinct
TABLE = 4  # times as many codes as rows are counted in a table; more are sorted


def collapsed(source: Any) -> Any:
    """The distinct rows of `source` in ascending order, weighted by how often they occur; `source` itself if that saves little.

    Sums over rows, and so every estimate, stay what they are. Gaps are equal to each other. Where weights are shares of a
    whole, only the rows tell how many there are: then all of them stay. Rows are distinct in what is known of them, too, and
    those of which something is come first. Rows that were cut by hand stay as they are.
    """
    if not isinstance(source, ArraySource) or source.groups is not None or source.rows < LEAST_ROWS or source.cut_by_hand:
        return source
    if source.total_weight < source.rows:
        return _known_first(source)
    return (None if is_sparse(source.x) else _collapsed(source)) or _known_first(source)


@once
def _collapsed(source: ArraySource) -> ArraySource | None:
    x = _with_what_is_known(source)
    if _patterns(x[:: max(1, source.rows // SAMPLE_ROWS)]) is None:
        return None
    found = _patterns(x)
    if found is None:
        return None
    pattern, number = found
    first: Integers = np.empty(number, dtype=np.int64)
    first[pattern] = np.arange(source.rows)  # any of equal rows
    weights = np.asarray(np.bincount(pattern, source.weights, minlength=number), dtype=np.float64)
    return _rows_of(source, first, weights)


@once
def _known_first(source: ArraySource) -> ArraySource:
    """The same rows, first those of which it is known where they may belong: the others keep the compiled road."""
    if source.membership is None:
        return source
    order: Integers = np.argsort(~is_known(source.membership), kind="stable")
    return _rows_of(source, order, source.weights[order])


def _rows_of(source: ArraySource, rows: Integers, weights: Array) -> ArraySource:
    known = source.membership[rows] if source.membership is not None else None
    x = source.x[rows]
    x = x if is_sparse(x) else as_float64(x)
    names = source.component_names
    return ArraySource(x, weights, source.columns, levels=source.levels, membership=known, component_names=names)


def _with_what_is_known(source: ArraySource) -> Array:
    """The columns of a source behind what is known of each row, so that those of which something is come first."""
    if source.membership is None:
        return source.x
    return np.column_stack([~is_known(source.membership), source.membership, source.x])


def _patterns(x: Array) -> tuple[Integers, int] | None:
    """The place of each row (n,) among the distinct rows in ascending order, and their number; None if too many differ."""
    most = PAYS * len(x)
    place, number = np.zeros(len(x), dtype=np.int64), 1
    for column in x.T:
        codes, values = _codes(column)
        place, number = place * values + codes, number * values  # both factors are a few times the rows at most
        if number > most:
            place, number = _ranked(place, number)
            if number > most:
                return None
    return _ranked(place, number)


def _codes(column: Array) -> tuple[Integers, int]:
    """Whole numbers (n,) >= 0 in the order of the values, and a bound above them."""
    gaps = np.isnan(column)
    if gaps.any() and not gaps.all():
        known, bound = _codes(column[~gaps])
        places = np.full(len(column), bound, dtype=np.int64)  # a gap lies behind all numbers
        places[~gaps] = known
        return places, bound + 1
    least, highest = float(column.min()), float(column.max())
    if highest - least < TABLE * len(column) and (column == np.floor(column)).all():
        return (column - least).astype(np.int64), int(highest - least) + 1
    values, codes = np.unique(column, return_inverse=True)
    return codes, len(values)


def _ranked(codes: Integers, bound: int) -> tuple[Integers, int]:
    """The place of each code among those that occur, and the number of these."""
    if bound > TABLE * len(codes):
        values, places = np.unique(codes, return_inverse=True)
        return places, len(values)
    occurs = np.zeros(bound, dtype=bool)
    occurs[codes] = True
    places = np.cumsum(occurs) - 1
    return places[codes], int(places[-1]) + 1
