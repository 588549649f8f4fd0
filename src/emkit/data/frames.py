"""Turning data frames, and arrays that hold text, into numbers and the names behind codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.sparse import is_sparse
from emkit.data.validate import (
    ADVICE,
    Column,
    Kind,
    RowName,
    array_columns,
    as_cells,
    as_table,
    frame_columns,
    kind_of,
    numbers_of,
    numbers_of_array,
    objects_of,
    opened_frame,
    refuse_times,
    shown,
    times_refused,
)
from emkit.errors import DataError, some_of
from emkit.markup import TidyTable

if TYPE_CHECKING:
    import narwhals.stable.v1 as nw

Columns = dict[str, Any]  # of one length, by name
Names = tuple[str, ...] | None  # behind the codes of a column; None for a column of numbers
TRUTHS = ("False", "True")


class InOrder(tuple[str, ...]):
    """The names of levels in an order that means something, as those of ordered categories, so that their codes rise."""

    __slots__ = ()


@dataclass(frozen=True)
class Table:
    """Numbers x (n, d), float64 or float32, with NaN where a cell is a gap; `columns` are named where the data name them.

    A column of text, of categories or of truths is the codes 0, 1, ... of its `levels`; they are None for columns of numbers.
    """

    x: Array
    columns: tuple[str, ...] | None
    levels: tuple[Names, ...]


def in_words(x: Array, levels: Iterable[Names]) -> Any:
    """Rows (n, d) as `read_table` takes them: objects, with words in columns of named levels; if there are none, `x` itself."""
    named = {j: names for j, names in enumerate(levels) if names not in (None, TRUTHS)}
    if not named:
        return x
    rows = x.astype(object)
    for j, names in named.items():
        rows[:, j] = np.array(names, dtype=object)[x[:, j].astype(np.int64)]
    return rows


def read_table(data: Any, row_name: RowName = "row {}".format) -> Table:
    """What a user hands over (arrays, lists, data frames, series) as numbers, in which no cell is made up.

    A gap (None, NaN, NA, NaT, null, a masked cell, text that is empty or blank) is NaN. Columns of text are coded in sorted
    order of the texts that occur, categories in their own order, also those that do not occur, and ordered ones are known as
    such (`InOrder`); columns of truths in data frames
    are the codes of ``("False", "True")``, in arrays the numbers 0 and 1. float32 and float64 arrays are not copied.

    Errors: DataError naming row, column and value, or the column that holds dates or spans of time, and what to do.
    """
    if is_sparse(data):
        return Table(as_table(data, row_name), None, (None,) * data.shape[1])
    columns = frame_columns(data, row_name)
    if columns is not None:
        names = tuple(str(column.series.name) for column in columns if column.series is not None)
        return _table(columns, None if len(names) == 1 and _is_nameless(columns[0]) else names)
    cells = as_cells(data)
    if cells.dtype.kind not in "biuf":
        return _table(array_columns(cells, row_name), _own_name(data, cells))
    return Table(numbers_of_array(cells, row_name), _own_name(data, cells), (None,) * cells.shape[1])


def chosen_columns(data: Any, names: Sequence[str]) -> Any:
    """The columns of a data frame that have these names, in their order; what is no data frame as it is.

    Errors: DataError naming a column that is not there.
    """
    if isinstance(data, np.ndarray | list | tuple):
        return data
    import narwhals.stable.v1 as nw

    frame = opened_frame(data)
    if not isinstance(frame, nw.DataFrame):
        return data
    for name in names:
        if name not in frame.columns:
            raise DataError(f"the data frame has no column {name!r}; it has {some_of(frame.columns)}.")
    return frame.select(*names).to_native()


def needs_reading(data: Any) -> bool:
    """Whether a table is anything but a plain array of numbers (or something that is no table at all).

    Errors: DataError for what `read_table` refuses as a whole.
    """
    if not isinstance(data, np.ndarray | list | tuple) and not is_sparse(data):
        opened_frame(data)
    if isinstance(data, np.ma.MaskedArray | list | tuple) or (hasattr(data, "columns") and hasattr(data, "shape")):
        return True
    if not isinstance(data, np.ndarray):
        return False
    odd = (Kind.GAP, Kind.TEXT, *ADVICE)
    return data.dtype.kind in "USTMm" or (data.dtype.kind == "O" and any(kind_of(cell) in odd for cell in data.flat))


def order_told(labels: Any) -> InOrder | None:
    """The names of labels (n,) in their order, if they are ordered categories; None for any others."""
    if isinstance(labels, np.ndarray | list | tuple):
        return None
    names = read_table(labels).levels[0]
    return names if isinstance(names, InOrder) else None


def _is_nameless(column: Column) -> bool:
    return column.series is not None and column.series.name in (None, "")


def _own_name(data: Any, cells: Any) -> tuple[str] | None:
    """The name of a labelled array of one axis."""
    name = getattr(data, "name", None)
    return (str(name),) if name is not None and np.ndim(data) == 1 and cells.shape[1] == 1 else None


def _table(columns: list[Column], names: tuple[str, ...] | None) -> Table:
    read = [_read(column) for column in columns]
    return Table(np.column_stack([codes for codes, _ in read]), names, tuple(levels for _, levels in read))


def _read(column: Column) -> tuple[Array, Names]:
    """The numbers (n,) of a column, or the codes (n,) of its levels and their names. Errors: DataError."""
    if _has_categories(column.series):
        return _categories(column)
    refuse_times(column)
    kind = column.cells.dtype.kind
    if kind == "b" and column.series is not None:
        return column.cells.astype(np.float64), TRUTHS
    if kind in "biuf":
        return numbers_of(column), None
    return _objects(column)


def _has_categories(series: nw.Series[Any] | None) -> bool:
    """Whether a series is of categories that stand one after the other (those of a polars Categorical do not)."""
    if series is None:
        return False
    import narwhals.stable.v1 as nw

    if series.dtype not in (nw.Categorical, nw.Enum):
        return False
    return series.dtype == nw.Enum or not series.implementation.is_polars()


def _rise(series: nw.Series[Any]) -> bool:
    """Whether the categories of a series are said to have an order: an Enum has, others say it of their type."""
    import narwhals.stable.v1 as nw

    native = series.to_native()
    kind = native.type if series.implementation.is_pyarrow() else native.dtype
    return series.dtype == nw.Enum or bool(getattr(kind, "ordered", False))


def _categories(column: Column) -> tuple[Array, Names]:
    assert column.series is not None
    categories = [name for name in column.series.cat.get_categories().to_list() if kind_of(name) is not Kind.GAP]
    names = tuple(str(category) for category in categories)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{column.label} has two categories that read {twice!r}; give each its own name.")
    code = {category: float(i) for i, category in enumerate(categories)}
    cells = column.series.to_list()
    codes = [np.nan if kind_of(cell) is Kind.GAP else code[cell] for cell in cells]
    return np.array(codes, dtype=np.float64), InOrder(names) if _rise(column.series) else names


def _objects(column: Column) -> tuple[Array, Names]:
    """A column of objects: of text or of truths, else of numbers. Errors: DataError if it mixes them."""
    cells = objects_of(column)
    kinds = [kind_of(cell) for cell in cells]
    if Kind.TEXT not in kinds:
        numbers = numbers_of(column)
        truths = {type(cell) for cell, kind in zip(cells, kinds, strict=True) if kind is not Kind.GAP}
        named = column.series is not None and truths and truths <= {bool, np.bool_}
        return numbers, TRUTHS if named else None
    _refuse_mixed(cells, kinds, column)
    names = tuple(sorted({str(cell) for cell, kind in zip(cells, kinds, strict=True) if kind is Kind.TEXT}))
    code = {name: float(i) for i, name in enumerate(names)}
    return np.array([np.nan if kind is Kind.GAP else code[cell] for cell, kind in zip(cells, kinds, strict=True)]), names


def _refuse_mixed(cells: Any, kinds: list[Kind], column: Column) -> None:
    """Raise DataError if not every cell that is there is text, for the first cell of the kind that is rarer."""
    for kind in {*kinds} - {Kind.TEXT, Kind.GAP, Kind.NUMBER}:
        row = kinds.index(kind)
        if kind in ADVICE:
            raise times_refused(kind, cells[row], row, column)
        raise DataError(f"{column.place(row)} is {shown(cells[row])}; it must be a number or text.")
    numbers, texts = kinds.count(Kind.NUMBER), kinds.count(Kind.TEXT)
    if numbers:
        rare, other = (Kind.TEXT, Kind.NUMBER) if texts <= numbers else (Kind.NUMBER, Kind.TEXT)
        row, usual = kinds.index(rare), kinds.index(other)
        raise DataError(
            f"{column.place(row)} is {shown(cells[row])}, {rare.value}, but {column.row_name(usual)} is {shown(cells[usual])}, "
            f"{other.value}; a column is all numbers or all text. Correct the cell, or make all of the column text."
        )


def library_of(data: Any) -> str | None:
    """The library that a data frame or series is of (pandas, polars, pyarrow ...); None if `data` is neither."""
    if isinstance(data, np.ndarray | list | tuple):
        return None
    import narwhals.stable.v1 as nw

    opened: Any = nw.from_native(data, pass_through=True, eager_only=True, allow_series=True)
    return str(opened.implementation.value) if isinstance(opened, nw.DataFrame | nw.Series) else None


def as_frame(columns: Columns, library: str | None) -> Any:
    """Columns as a data frame of a library; as they are, a dictionary, if it is None or not installed here."""
    if library is None:
        return TidyTable(columns)
    import narwhals.stable.v1 as nw

    try:
        backend: Any = library
        return nw.from_dict(columns, backend=backend).to_native()
    except ImportError:
        return TidyTable(columns)


def beside(data: Any, columns: Columns) -> Any:
    """A data frame with more columns, of the same library and with its own index; a dictionary of all of them otherwise.

    Errors: DataError if it has a column of such a name already.
    """
    import narwhals.stable.v1 as nw

    opened: Any = nw.from_native(data, pass_through=True, eager_only=True)
    names = opened.columns if isinstance(opened, nw.DataFrame) else list(data)
    for name in (name for name in columns if name in names):
        raise DataError(f"the data have a column {name!r} already, which the fit would add; rename it first.")
    if not isinstance(opened, nw.DataFrame):
        return {**data, **columns}
    backend = opened.implementation.value
    return opened.with_columns(*(nw.new_series(name, own, backend=backend) for name, own in columns.items())).to_native()


def columns_from(data: Any, names: tuple[str, ...]) -> Any:
    """The columns of a data frame by their names; what is none, as it is. Errors: DataError naming one that is missing."""
    import narwhals.stable.v1 as nw

    opened = opened_frame(data)
    if not isinstance(opened, nw.DataFrame):
        return data
    for name in (name for name in names if name not in opened.columns):
        raise DataError(f"the data frame has no column {name!r}; it has {some_of(opened.columns)}.")
    return opened.select(*names).to_native()


def table_of(data: Any, names: tuple[str, ...]) -> Table:
    """The columns of a data frame, or of a table, by their names, as numbers. Errors: DataError naming one that is missing."""
    if not isinstance(data, Table):
        return read_table(columns_from(data, names))
    there = data.columns or ()
    for name in (name for name in names if name not in there):
        raise DataError(f"the data have no column {name!r}; they have {some_of(there)}.")
    places = [there.index(name) for name in names]
    return Table(data.x[:, places], names, tuple(data.levels[j] for j in places))
