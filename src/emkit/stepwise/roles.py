"""Which columns of the data are items, which classes depend on, and which depend on classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.chunk import as_float64
from emkit.data.design import INTERCEPT, Design, parsed
from emkit.data.formula_rows import NameOfKept
from emkit.data.frames import Names, Table
from emkit.data.source import ArraySource
from emkit.data.validate import as_weights
from emkit.errors import DataError, ParameterError, did_you_mean, some_of


class Block(NamedTuple):
    """Columns x (n, d) of one role, with their names, and the names behind codes."""

    x: Array
    columns: tuple[str, ...]
    levels: tuple[Names, ...]

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.columns)

    def of_rows(self, some: Any) -> Block:
        """The same columns of some rows."""
        return self._replace(x=self.x[some])

    def as_seen(self) -> Block:
        """The same columns with those levels alone that occur."""
        x, levels = self.x.copy(), list(self.levels)
        for j, names in enumerate(self.levels):
            if names is not None:
                there = ~np.isnan(x[:, j])
                codes, x[there, j] = np.unique(x[there, j], return_inverse=True)
                levels[j] = tuple(names[int(code)] for code in codes)
        return Block(x, self.columns, tuple(levels))


def side_by_side(blocks: Sequence[Block], **given: Any) -> ArraySource:
    """Blocks of columns of the same rows as one source. `given`: what else `ArraySource` takes."""
    columns = [name for block in blocks for name in block.columns]
    levels = tuple(names for block in blocks for names in block.levels)
    return ArraySource(np.concatenate([block.x for block in blocks], axis=1), columns=columns, levels=levels, **given)


@dataclass(frozen=True, eq=False)
class Roles:
    """The `items`, by name; the `design` of the predictors, if there are any; the `outcomes`, by name.

    Errors: ParameterError for a formula, or outcomes, that cannot be; DataError naming a column that is not there.
    """

    items: tuple[str, ...]
    outcomes: tuple[str, ...]
    design: Design | None

    @classmethod
    def of(cls, table: Table, predictors: Any, outcomes: Any, gaps: Any, weights: Any = None) -> Roles:
        """Items are all columns of a `table` that have no other role. Rows whose `weights` (n,) are 0 are no rows."""
        if table.columns is None:
            raise DataError("predictors and outcomes are columns by name: give a data frame, or a dictionary of columns.")
        named = _outcomes(outcomes)
        for name in (name for name in named if name not in table.columns):
            raise DataError(
                f"there is no column {name!r} for an outcome; the data have {some_of(table.columns)}."
                f"{did_you_mean(name, table.columns)}"
            )
        read: tuple[str, ...] = ()
        if predictors is not None:
            said = parsed(predictors)
            if said.response or said.gate is not None:
                raise ParameterError(f"predictors are {predictors!r:.60}: write what classes depend on, as in '~ age + sex'.")
            read = said.columns
        for name in (name for name in named if name in read):
            raise ParameterError(f"{name!r} is an outcome and a predictor; nothing can be both.")
        items = tuple(name for name in table.columns if name not in named and name not in read)
        if not items:
            raise DataError("all columns are predictors or outcomes, and none is left for an item; items are all the others.")
        return cls(items, named, None if predictors is None else Design.of(predictors, table, gaps=gaps, weights=weights))

    @property
    def intercept(self) -> bool:
        """Whether sizes of classes have an intercept: always, unless the formula leaves it out."""
        return self.design is None or INTERCEPT in self.design.covariates

    def to_fit(self, table: Table, gaps: Any, weights: Any) -> RowsInRoles:
        """The rows of a table without gaps in predictors, and of a weight above 0.

        Errors: those of `Design.rows`; DataError naming a column that is not there, or the weight that cannot be.
        """
        each = as_weights(weights, len(table.x), "row {}".format)
        covariates, kept = self.covariates(table, gaps, each)
        items, outcomes = (block_of(table, names).of_rows(kept) for names in (self.items, self.outcomes))
        for name, cells in zip(outcomes.columns, outcomes.x.T, strict=True):
            if np.isnan(cells).all():
                raise DataError(f"the outcome {name!r} has a gap in every row, so nothing depends on the class. Leave it out.")
        return RowsInRoles(items, outcomes.as_seen(), covariates, each[kept], kept, len(table.x))

    def to_tell(self, table: Table, gaps: Any, weights: Any) -> RowsInRoles:
        """The rows of a table without gaps in predictors, of which the classes are to be told; likewise."""
        each = as_weights(weights, len(table.x), "row {}".format)
        covariates, kept = self.covariates(table, gaps)
        items, none = (block_of(table, names).of_rows(kept) for names in (self.items, ()))
        return RowsInRoles(items, none, covariates, each[kept], kept, len(table.x))

    def covariates(self, table: Table, gaps: Any, weights: Any = None) -> tuple[Block, Integers]:
        """The columns that the predictors make, but that of ones, and the places (n,) of the rows that have no gap there.

        Rows whose `weights` (n,) are 0 are left out.
        """
        if self.design is None:
            kept = np.flatnonzero(as_weights(weights, len(table.x), "row {}".format) > 0)
            return Block(np.empty((len(kept), 0)), (), ()), kept
        made = self.design.rows(table, response=False, gaps=gaps, weights=weights)
        named = zip(made.at.covariates, self.design.covariates, strict=True)
        own = [(place, name) for place, name in named if name != INTERCEPT]
        names = tuple(name for _, name in own)
        return Block(made.x[:, [place for place, _ in own]], names, (None,) * len(names)), made.kept


@dataclass(frozen=True, eq=False)
class RowsInRoles:
    """Columns of rows by role, their `weights` (n,), and the places `kept` (n,) of the rows among a `number` of them."""

    items: Block
    outcomes: Block
    covariates: Block
    weights: Array
    kept: Integers
    number: int

    def source(self, blocks: Sequence[Block], library: str | None) -> ArraySource:
        """Some of the blocks as a source, which came in a data frame of this library."""
        return side_by_side(blocks, weights=self.weights, row_name=NameOfKept("row {}".format, self.kept), library=library)

    def of_all(self, values: Array) -> Array:
        """Values (n, ...) of the rows kept, of all rows: NaN for the others."""
        return of_all(values, self.kept, self.number)


def of_all(values: Array, kept: Integers, number: int) -> Array:
    """Values (n, ...) of the rows `kept` among a `number` of them, of all of these: NaN for the others."""
    found = np.full((number, *values.shape[1:]), np.nan)
    found[kept] = values
    return found


def block_of(table: Table, names: Sequence[str]) -> Block:
    """Columns of a table by name. Errors: DataError naming a column that is not there."""
    there = table.columns or ()
    for name in (name for name in names if name not in there):
        raise DataError(f"there is no column {name!r}; the data have {some_of(there) or 'no named columns'}.")
    places = [there.index(name) for name in names]
    return Block(as_float64(table.x[:, places]), tuple(names), tuple(table.levels[j] for j in places))


def _outcomes(given: Any) -> tuple[str, ...]:
    """The names of outcomes. Errors: ParameterError for what is no name."""
    named = (given,) if isinstance(given, str) else () if given is None else given
    if not isinstance(named, list | tuple) or not all(isinstance(name, str) for name in named):
        raise ParameterError(f"outcomes are {given!r:.60}; give the name of a column, or a list of names.")
    for name in (name for name in named if list(named).count(name) > 1):
        raise ParameterError(f"the outcome {name!r} is given twice.")
    return tuple(named)
