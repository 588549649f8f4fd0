"""The columns of the data that a formula names, and nothing else of them: numbers, levels and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.data.design.arithmetic import Arithmetic
from emkit.data.design.codings import name_of_number
from emkit.data.frames import TRUTHS, Names, Table, read_table
from emkit.data.validate import RowName, opened_frame
from emkit.errors import DataError, did_you_mean, some_of

MOST_LEVELS = 12  # in a message


@dataclass(frozen=True, eq=False)
class NamedColumns:
    """Columns (n,) by name, with NaN for gaps; those of levels are codes of `levels`.

    Messages call rows by `row_name`, by their places in the data, of whose `number` only some may be `kept`: those of a weight
    above 0, or those of them without gaps, if `dropped` ones had some.
    """

    columns: Mapping[str, Array]
    levels: Mapping[str, Names]
    rows: int
    row_name: RowName
    number: int
    kept: Integers | None = None
    dropped: int = 0

    @classmethod
    def read(cls, data: Any, names: Iterable[str], row_name: RowName) -> NamedColumns:
        """Columns of a data frame, of a dictionary of columns or of a `Table`.

        Errors: DataError for a column that is not there, or of no numbers or levels.
        """
        wanted = tuple(dict.fromkeys(names))
        if isinstance(data, Table):
            places = [_place(name, data.columns or ()) for name in wanted]
            columns, levels, rows = [data.x[:, j] for j in places], [data.levels[j] for j in places], len(data.x)
        else:
            series, rows = _series(data, wanted)
            tables = [read_table(each.to_native(), row_name) for each in series.values()]
            columns, levels = [table.x[:, 0] for table in tables], [table.levels[0] for table in tables]
        named = {name: cells.astype(np.float64) for name, cells in zip(wanted, columns, strict=True)}
        return cls(named, dict(zip(wanted, levels, strict=True)), rows, row_name, rows)

    def place_of_row(self, row: int) -> str:
        """How messages call a row."""
        return self.row_name(row if self.kept is None else int(self.kept[row]))

    def gaps(self) -> Mask:
        """Which rows (n,) lack a cell."""
        found = np.zeros(self.rows, dtype=bool)
        for cells in self.columns.values():
            found |= np.isnan(cells)
        return found

    def first_gap(self) -> str:
        """Where the first gap is: the first row that lacks a cell, and its first column that does."""
        row = int(self.gaps().argmax())
        column = next(name for name, cells in self.columns.items() if np.isnan(cells[row]))
        return f"{self.place_of_row(row)}, column {column!r}"

    def without_gaps(self) -> NamedColumns:
        """The rows without gaps."""
        missing = self.gaps()
        return replace(self.of_rows(np.flatnonzero(~missing)), dropped=int(missing.sum()))

    def of_rows(self, kept: Integers) -> NamedColumns:
        """The rows at these places; messages call them as they were called."""
        columns = {name: cells[kept] for name, cells in self.columns.items()}
        places = kept if self.kept is None else self.kept[kept]
        return replace(self, columns=columns, rows=len(kept), kept=places)

    def has_levels(self, column: str) -> bool:
        """Whether a column is of text, of categories or of truths."""
        return self.levels[column] is not None

    def levels_that_occur(self, column: str) -> tuple[str, ...]:
        """The names of the levels that rows have, in their order; of a column of numbers, its values in rising order."""
        names, values = self.levels[column], np.unique(self.columns[column])
        return tuple(name_of_number(value) if names is None else names[int(value)] for value in values.tolist())

    def codes(self, column: str, known: Sequence[str]) -> Integers:
        """The codes (n,) of the levels of rows, in the order of the `known` ones. Errors: DataError naming one that is not."""
        names, (values, which) = self.levels[column], np.unique(self.columns[column], return_inverse=True)
        code = {name: i for i, name in enumerate(known)}
        if tuple(sorted(known)) in (TRUTHS, TRUTHS[:1], TRUTHS[1:]):
            code |= {str(TRUTHS.index(name)): i for name, i in code.items()}
        own = [name_of_number(value) if names is None else names[int(value)] for value in values.tolist()]
        for place, name in enumerate(own):
            if name not in code:
                row = int(np.flatnonzero(which.ravel() == place)[0])
                more = " ..." if len(known) > MOST_LEVELS else ""
                raise DataError(
                    f"{self.place_of_row(row)}, column {column!r} is {name!r}, a level that was in no row of the fit; the "
                    f"known ones are {', '.join(known[:MOST_LEVELS])}{more}."
                )
        return np.array([code[name] for name in own], dtype=np.int64)[which.ravel()]

    def computed(self, name: str, arithmetic: Arithmetic) -> Array:
        """The values (n,) of an expression called `name`. Errors: DataError naming the row where it is not finite."""
        for column in arithmetic.columns:
            levels = self.levels[column]
            if levels not in (None, TRUTHS):
                raise DataError(
                    f"column {column!r} holds names ({some_of(levels or ())}), where {name} asks for numbers; by itself, or as "
                    f"C({column}), it has a column for each level."
                )
        with np.errstate(all="ignore"):
            values = np.asarray(arithmetic.values(self.columns), dtype=np.float64)
        found = self.finite(name, np.broadcast_to(values, (self.rows,))[:, None], arithmetic.columns)
        return found[:, 0]

    def finite(self, name: str, values: Array, of: Iterable[str] = ()) -> Array:
        """The values (n, m) of what is called `name`, if all are finite. Errors: DataError naming the row that is not."""
        wrong = ~np.isfinite(values)
        if wrong.any():
            row = int(wrong.any(axis=1).argmax())
            value = values[row][wrong[row]][0]
            where = ", ".join(f"{column} is {self.columns[column][row]:g}" for column in dict.fromkeys(of) if column != name)
            raise DataError(
                f"{self.place_of_row(row)}: {name} is {value:g}{' where ' if where else ''}{where}; every value must be a "
                "finite number. Correct it, or leave the row out."
            )
        return values


def labels(data: Any, column: str, kept: Integers | None) -> Any:
    """A column of labels (n,) of any kind, as it was given, of the rows kept."""
    if isinstance(data, Table):
        cells: Any = data.x[:, _place(column, data.columns or ())]
    else:
        cells = _series(data, (column,))[0][column].to_numpy()
    return cells if kept is None else cells[kept]


def _series(data: Any, wanted: tuple[str, ...]) -> tuple[dict[str, Any], int]:
    """The columns wanted, as series of narwhals, and the number of rows. Errors: DataError for data without names or rows."""
    import narwhals.stable.v1 as nw

    if isinstance(data, Mapping):
        for name in wanted:
            _place(name, list(data))
        given = {name: _as_series(name, data[name]) for name in (wanted or tuple(data)[:1])}
        found, rows = {name: given[name] for name in wanted}, _length(given)
    else:
        frame = opened_frame(data)
        if not isinstance(frame, nw.DataFrame):
            raise DataError(
                f"a formula speaks of columns by their names, and {type(data).__name__} has none: give a data frame, or a "
                "dictionary of columns."
            )
        for name in wanted:
            _place(name, frame.columns)
        found, rows = {name: frame[name] for name in wanted}, len(frame)
    if not rows:
        raise DataError("the data have no rows, of which a formula could make columns.")
    return found, rows


def _as_series(name: str, cells: Any) -> Any:
    import narwhals.stable.v1 as nw

    opened: Any = nw.from_native(cells, series_only=True, pass_through=True)
    if isinstance(opened, nw.Series):
        return opened.alias(name)
    try:
        return nw.new_series(name, cells, backend="pandas")  # which formulaic brings
    except (TypeError, ValueError) as error:
        raise DataError(f"{name!r} of the dictionary is no column of cells ({error}).") from None


def _length(given: Mapping[str, Any]) -> int:
    """The number of rows of all columns. Errors: DataError naming two that differ."""
    if not given:
        return 0
    (first, series), *others = given.items()
    for name, other in others:
        if len(other) != len(series):
            raise DataError(f"column {first!r} has {len(series):,} rows, and column {name!r} has {len(other):,}.")
    return len(series)


def _place(name: str, there: Sequence[str]) -> int:
    if name in there:
        return there.index(name)
    have = some_of(there) or "no named columns"
    raise DataError(
        f"the formula, or what is said beside it, speaks of a column {name!r}, and there is none; the data have {have}."
        f"{did_you_mean(name, there)}"
    )
