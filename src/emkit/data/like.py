"""New rows of the columns and levels of a fit."""

from __future__ import annotations

from typing import Any

from emkit.data.frames import read_table
from emkit.data.source import ArraySource, RowSource
from emkit.errors import DataError, some_of


def rows_like(known: RowSource, data: Any) -> ArraySource:
    """What a user hands over (arrays, lists, frames) as rows of the columns of `known`, coded by its levels.

    Columns of a data frame are found by their names, and others are left out; those of an array, or of a fit to one, by their
    places. Errors: DataError naming a column that is missing, or the cell whose level is unknown.
    """
    table = read_table(data)
    x, levels, columns = table.x, table.levels, known.columns
    unnamed = columns == tuple(f"x{j}" for j in range(len(columns)))
    if table.columns is not None and not (unnamed and len(table.columns) == len(columns)):
        missing = [repr(name) for name in columns if name not in table.columns]
        if missing:
            raise DataError(f"there is no column {missing[0]}; the fit is of {some_of([*map(repr, columns)])}.")
        places = [table.columns.index(name) for name in columns]
        x, levels = x[:, places], tuple(levels[j] for j in places)
    elif x.shape[1] != len(columns):
        raise DataError(f"there are {x.shape[1]} columns, but the fit is of {len(columns)} ({some_of(columns)}).")
    return ArraySource(x, None, columns, levels=levels).coded(known.levels)
