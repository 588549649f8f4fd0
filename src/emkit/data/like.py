"""New rows of the columns and levels of a fit."""

from __future__ import annotations

from typing import Any

from emkit.data.blocks import as_blocks
from emkit.data.formula_rows import rows_of_formula
from emkit.data.frames import columns_from, library_of, read_table
from emkit.data.membership import membership_of
from emkit.data.source import ArraySource, RowSource
from emkit.errors import DataError, some_of


def rows_like(
    known: RowSource, data: Any, groups: Any = None, labels: Any = None, n_components: int = 1, weights: Any = None
) -> RowSource:
    """What a user hands over (arrays, lists, frames, a source) as rows of the columns of `known`, coded by its levels.

    Columns of a data frame are found by their names, and others are left out; those of an array, or of a fit to one, by their
    places; those that a formula made are made anew. `groups` and `labels` say what is known of the rows: see `as_source`.
    Errors: DataError naming a column that is missing, or the cell whose level is unknown.
    """
    data = as_blocks(data)
    if isinstance(data, RowSource):
        if weights is not None or groups is not None or labels is not None:
            raise DataError("weights, groups and labels belong to the source: give them when you make it.")
        return data.coded(known.levels)
    if known.design is not None:
        if labels is not None:
            raise DataError("labels are not taken of rows whose columns a formula makes.")
        return rows_of_formula(known, known.design, data, weights, groups)
    columns = known.columns
    unnamed = columns == tuple(f"x{j}" for j in range(len(columns)))
    table = read_table(data if unnamed else columns_from(data, columns))
    if table.x.shape[1] != len(columns):
        raise DataError(f"there are {table.x.shape[1]} columns, but the fit is of {len(columns)} ({some_of(columns)}).")
    membership = None if labels is None else membership_of(labels, len(table.x), n_components, names=known.component_names)
    source = ArraySource(
        table.x,
        weights,
        columns,
        levels=table.levels,
        groups=groups,
        membership=membership,
        library=library_of(data),
        component_names=known.component_names,
    )
    return source.coded(known.levels)
