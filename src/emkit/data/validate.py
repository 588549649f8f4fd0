"""Turning what a user hands over into a table of numbers, or saying what is wrong with it.

A number is only ever what was given as one: a gap (None, NaN, NA, NaT, a masked cell, empty or blank text) becomes NaN, and
dates, spans of time, text and complex numbers are refused, never cast.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from emkit.core.arrays import Array
from emkit.data.dictionaries import framed
from emkit.data.sparse import SparseRows, is_sparse
from emkit.errors import DataError

if TYPE_CHECKING:
    import narwhals.stable.v1 as nw

RowName = Callable[[int], str]
MOST_SHOWN = 40  # characters of a cell in a message
COMPLEX = "complex numbers; emkit fits real numbers. Give real and imaginary part as columns."


class Kind(Enum):
    """What one cell is."""

    GAP = "a gap"
    NUMBER = "a number"
    TEXT = "text"
    DATE = "dates"
    SPAN = "spans of time"
    TIME = "times of day"
    PERIOD = "periods"
    OTHER = "something else"


ADVICE = {  # how to give times as numbers, in numpy and pandas, and in polars
    Kind.DATE: (
        'days since the first: (when - when.min()) / np.timedelta64(1, "D")',
        "days since the first: (when - when.min()).dt.total_seconds() / 86400",
    ),
    Kind.SPAN: ('days: span / np.timedelta64(1, "D")', "days: span.dt.total_seconds() / 86400"),
    Kind.TIME: (
        "hours since midnight: [t.hour + t.minute / 60 + t.second / 3600 for t in times]",
        "hours since midnight: times.dt.hour() + times.dt.minute() / 60 + times.dt.second() / 3600",
    ),
    Kind.PERIOD: (
        'days since the first: when = period.dt.to_timestamp(); (when - when.min()) / np.timedelta64(1, "D")',
        "days since the first",
    ),
}


@dataclass(frozen=True)
class Column:
    """One column as it was handed over: its cells (n,) of any type, how messages call it, the series that it was, if any."""

    cells: Any
    label: str
    row_name: RowName
    series: nw.Series[Any] | None = None

    def place(self, row: int) -> str:
        """How messages call one cell."""
        return f"{self.row_name(row)}, {self.label}"


def as_table(x: Any, row_name: RowName) -> Array:
    """`x` as an array (n, d) of float64 or float32 (which stays as it is, without a copy); gaps are NaN. Errors: DataError.

    Rows of which most cells are 0 stay so: see `SparseRows`.
    """
    if is_sparse(x):
        _refuse_empty(x.shape)
        rows: Any = x if isinstance(x, SparseRows) else SparseRows(x)
        return cast(Array, rows)
    columns = frame_columns(x, row_name)
    return table_of(columns) if columns is not None else numbers_of_array(as_cells(x), row_name)


def numbers_of_array(cells: Any, row_name: RowName) -> Array:
    """The `cells` (n, d) of an array as float64 or float32 (n, d). Errors: DataError naming row, column and value."""
    if cells.dtype.kind in "biuf":
        return _floats(cells)
    return table_of(array_columns(cells, row_name))


def table_of(columns: list[Column]) -> Array:
    """Columns of numbers side by side (n, d): float32 if all of them are, else float64. Errors: DataError."""
    return np.column_stack([numbers_of(column) for column in columns])


def array_columns(cells: Any, row_name: RowName) -> list[Column]:
    """The columns of an array (n, d), which messages call by their number."""
    return [Column(cells[:, j], f"column {j}", row_name) for j in range(cells.shape[1])]


def as_cells(x: Any) -> Any:
    """`x` as an array (n, d) of any type, each cell what it was given as; masked cells are gaps. Errors: DataError."""
    cells = _as_array(x)
    if cells.dtype.kind == "c":
        raise DataError(f"the data are {COMPLEX}")
    if cells.ndim not in (1, 2):
        raise DataError(f"the data have {cells.ndim} axes; they must be rows (n,) or rows and columns (n, d).")
    _refuse_empty(cells.shape)
    return cells.reshape(len(cells), -1)


def _refuse_empty(shape: tuple[int, ...]) -> None:
    if 0 in shape:
        raise DataError(f"the data are empty (shape {shape}): at least one row and one column are needed.")


def _as_array(x: Any) -> Any:
    """`x` as an array that keeps masks as gaps, and the numbers in lists that hold text, too, as numbers."""
    if isinstance(x, np.ma.MaskedArray):
        return _with_gaps(x)
    if isinstance(x, np.ndarray):
        return np.asarray(x)
    given = _unmasked(x)
    try:
        array = np.asarray(given)
        if array.dtype.kind in "UST" and not hasattr(given, "__array__"):
            return np.array(given, dtype=object)  # else ["a", None] and ["a", 1.0] were text altogether
    except (TypeError, ValueError) as error:
        raise DataError(f"the data are not a table of numbers: {error}.") from None
    return array


def _unmasked(x: Any) -> Any:
    """The same lists with a gap for each masked cell."""
    if isinstance(x, np.ma.MaskedArray):
        return _with_gaps(x) if x.ndim else _with_gaps(x).item()
    if not isinstance(x, list | tuple) or not any(issubclass(t, list | tuple | np.ma.MaskedArray) for t in set(map(type, x))):
        return x
    return [_unmasked(item) for item in x]


def _with_gaps(masked: np.ma.MaskedArray[Any, Any]) -> Any:
    cells, mask = np.asarray(masked.data), np.ma.getmaskarray(masked)
    if not mask.any() or cells.dtype.kind in "mMcV":  # all of these are refused
        return cells
    if cells.dtype.kind in "biuf":
        return np.where(mask, cells.dtype.type(np.nan) if cells.dtype.kind == "f" else np.nan, cells)
    cells = cells.astype(object)
    cells[mask] = None
    return cells


def frame_columns(data: Any, row_name: RowName) -> list[Column] | None:
    """The columns of a data frame or series (pandas, polars, pyarrow ...); None if `data` is neither. Errors: DataError."""
    if isinstance(data, np.ndarray | list | tuple):
        return None
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.Index | pandas.api.extensions.ExtensionArray):
        data = pandas.Series(data)
    import narwhals.stable.v1 as nw

    opened = opened_frame(data)
    if isinstance(opened, nw.Series):
        _refuse_empty(opened.shape)
        return [_column(opened, 0 if opened.name in (None, "") else opened.name, row_name)]
    if not isinstance(opened, nw.DataFrame):
        return None
    _refuse_empty(opened.shape)
    return [_column(series, series.name, row_name) for series in opened.iter_columns()]


def opened_frame(data: Any) -> Any:
    """A data frame or series as narwhals has it; anything else as it is.

    Errors: DataError for columns of one name, a frame whose rows are not there yet, and what `framed` refuses.
    """
    import narwhals.stable.v1 as nw

    try:
        opened: Any = nw.from_native(framed(data), pass_through=True, allow_series=True)
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"columns of the data frame have the same name; give each its own ({_one_line(error)}).") from None
    if isinstance(opened, nw.LazyFrame):
        raise DataError("the data are a lazy frame, whose rows are not there yet; give what collect() or compute() returns.")
    return opened


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _column(series: Any, name: Any, row_name: RowName) -> Column:
    import narwhals.stable.v1 as nw

    is_cast = series.dtype.is_numeric() and series.dtype != nw.Float32
    if series.implementation.is_pyarrow():  # refuses to round whole numbers, and makes floats of those with gaps by itself
        is_cast &= not series.dtype.is_integer()
    return Column((series.cast(nw.Float64) if is_cast else series).to_numpy(), f"column {name!r}", row_name, series)


def numbers_of(column: Column) -> Array:
    """The cells of a column as float64 (n,), or float32 if they are so already; gaps are NaN.

    Errors: DataError naming row, column and value of the first cell that is not a number, and what to do.
    """
    refuse_times(column)
    if column.cells.dtype.kind in "biuf":
        return _floats(column.cells)
    return np.array([_number(cell, row, column) for row, cell in enumerate(objects_of(column))], dtype=np.float64)


def _number(cell: Any, row: int, column: Column) -> float:
    kind = kind_of(cell)
    if kind is Kind.GAP:
        return np.nan
    if kind in ADVICE:
        raise times_refused(kind, cell, row, column)
    if kind is not Kind.NUMBER:
        raise DataError(f"{column.place(row)} is {shown(cell)}; it must be a number.")
    try:
        return float(cell)
    except OverflowError:
        raise DataError(f"{column.place(row)} is {shown(cell)}; that is beyond the largest number, 1.8e308.") from None


def _floats(cells: Any) -> Array:
    return cells if cells.dtype in (np.float64, np.float32) else cells.astype(np.float64)


def objects_of(column: Column) -> Any:
    """The cells as Python objects (n,), for columns that are of no type of numbers or times."""
    return column.cells.astype(object, copy=False)


def shown(cell: Any) -> str:
    """A cell as messages show it: text in quotation marks, and not too much of it."""
    value = cell.item() if isinstance(cell, np.generic) else cell
    text = value if isinstance(value, str) else repr(value)
    short = text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "..."
    return repr(short) if isinstance(value, str) else short


def kind_of(cell: Any) -> Kind:
    """What one cell of an array of objects is."""
    if cell is None or isinstance(cell, np.ma.core.MaskedConstant) or type(cell).__name__ in ("NAType", "NaTType"):
        return Kind.GAP
    if isinstance(cell, str):
        return Kind.TEXT if cell.strip() else Kind.GAP
    if isinstance(cell, np.datetime64 | np.timedelta64) and np.isnat(cell):
        return Kind.GAP
    if isinstance(cell, date | np.datetime64):
        return Kind.DATE
    if isinstance(cell, timedelta | np.timedelta64):
        return Kind.SPAN
    if isinstance(cell, time):
        return Kind.TIME
    if isinstance(cell, Decimal):
        return Kind.GAP if cell.is_nan() else Kind.NUMBER
    if isinstance(cell, Real | np.bool_):
        return Kind.GAP if cell != cell else Kind.NUMBER
    return Kind.PERIOD if type(cell).__name__ == "Period" else Kind.OTHER


def refuse_times(column: Column) -> None:
    """Raise DataError if a whole column is of dates, spans of time or complex numbers."""
    kind = column.cells.dtype.kind
    if kind == "c":
        raise DataError(f"{column.label} holds {COMPLEX}")
    if kind in "mM":
        there = np.flatnonzero(~np.isnat(column.cells))
        row = int(there[0]) if len(there) else 0
        cell = column.cells[row] if column.series is None else column.series[row]  # which knows its time zone
        raise times_refused(Kind.DATE if kind == "M" else Kind.SPAN, cell, row, column)


def times_refused(kind: Kind, cell: Any, row: int, column: Column) -> DataError:
    """The error for a column in which `cell` is a date or the like, with advice."""
    polars = column.series is not None and column.series.implementation.is_polars()
    advice = ADVICE[kind][1 if polars else 0]
    return DataError(
        f"{column.label} holds {kind.value} ({column.row_name(row)} is {cell}), which are no numbers by themselves. Give them "
        f"as numbers, such as {advice}."
    )


def numbers_in(weights: Any, row_name: RowName) -> Array:
    """Weights as an array of the shape in which they were given, float64. Errors: DataError unless they are numbers."""
    try:
        cells = _as_array(weights)
        given = numbers_of(Column(cells.reshape(-1), "the weights", row_name)).astype(np.float64, copy=False)
    except DataError:
        raise DataError("the weights are not numbers; give one number >= 0 for each row.") from None
    return np.asarray(given.reshape(cells.shape))


def as_weights(weights: Any, rows: int, row_name: RowName) -> Array:
    """One weight >= 0 a row, float64 (n,); ones (which take no memory) if none are given. Errors: DataError."""
    if weights is None:
        return np.broadcast_to(np.float64(1.0), rows)
    given = numbers_in(weights, row_name)
    if given.shape != (rows,):
        raise DataError(f"there are {rows} rows but the weights have shape {given.shape}; give one weight a row.")
    wrong = np.flatnonzero(~(np.isfinite(given) & (given >= 0)))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(f"the weight of {row_name(row)} is {given[row]:g}; weights must be finite numbers >= 0.")
    if not given.any():
        raise DataError("the weights are all zero: there is nothing to fit.")
    return given
