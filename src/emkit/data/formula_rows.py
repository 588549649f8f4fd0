"""Rows whose columns a formula made, as a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Integers
from emkit.data.design import INTERCEPT, Design, DesignRows
from emkit.data.frames import Table, library_of, table_of
from emkit.data.source import ArraySource, RowSource
from emkit.data.validate import RowName


@dataclass(frozen=True, eq=False)
class NameOfKept:
    """How messages call a row, of which only some were `kept`: by its place in the data."""

    row_name: RowName
    kept: Integers

    def __call__(self, row: int) -> str:
        return self.row_name(int(self.kept[row]))


def source_of(
    design: Design,
    made: DesignRows,
    weights: Any = None,
    groups: Any = None,
    row_name: RowName = "row {}".format,
    library: str | None = None,
) -> ArraySource:
    """The rows that a design made, with its columns but the one of ones, which models have themselves.

    `weights` and `groups` (N,) are of all rows of the data; without them, groups are those that the design names. `library` is
    that of the data frame that the rows came in.
    Errors: those of `ArraySource`.
    """
    columns = [j for j, name in enumerate(made.columns) if name != INTERCEPT]
    source = ArraySource(
        made.x[:, columns],
        made.of_kept(weights),
        [made.columns[j] for j in columns],
        row_name=NameOfKept(row_name, made.kept) if len(made.kept) < made.number else row_name,
        levels=tuple(made.levels[j] for j in columns),
        groups=made.groups if groups is None else made.of_kept(groups),
        library=library,
    )
    source.design = design
    return source


def rows_of_formula(
    known: RowSource, design: Design, data: Any, weights: Any = None, groups: Any = None, row_name: RowName = "row {}".format
) -> ArraySource:
    """Rows of the columns of `known`: those that its `design` makes are made anew, and others stand beside them as they are.

    `data`: a data frame or a table; `weights` and `groups` as in `source_of`.
    Errors: DataError naming a column that is missing, a gap where a formula needs a cell, or a level that is unknown.
    """
    made, library = design.rows(data, row_name=row_name), None if isinstance(data, Table) else library_of(data)
    beside = tuple(name for name in known.columns if name not in made.columns)
    if not beside:
        return source_of(design, made, weights, groups, row_name, library)
    seen = table_of(data, beside)
    own = {name: (seen.x[:, j], seen.levels[j]) for j, name in enumerate(beside)}
    cells, levels = zip(*(own.get(name) or (made.among([name])[:, 0], None) for name in known.columns), strict=True)
    source = ArraySource(
        np.column_stack(cells),
        weights,
        known.columns,
        row_name=row_name,
        levels=levels,
        groups=made.groups if groups is None else groups,
        library=library,
        component_names=known.component_names,
    )
    source.design = design
    return source.coded(known.levels)
