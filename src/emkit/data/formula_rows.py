"""Rows whose columns a formula made, as a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emkit.core.arrays import Integers
from emkit.data.design import INTERCEPT, Design, DesignRows
from emkit.data.source import ArraySource
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
