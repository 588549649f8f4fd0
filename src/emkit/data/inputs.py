"""Known inputs beside series: numbers for every row, behind the columns of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.dictionaries import framed, rows_in
from emkit.data.frames import TRUTHS, Table, read_table
from emkit.errors import DataError, some_of


def read_inputs(inputs: Any, rows: int, names: Sequence[str] | None = None) -> Table:
    """The inputs (n, p) of so many rows, and what they are called: as in a frame, else "input 1" ...

    `names` are those of the fit, by which columns of a frame are found. Errors: DataError naming what cannot be.
    """
    if names is not None and not names:
        raise DataError("there are inputs, but the fit had no inputs: leave them out.")
    found = read_table(framed(inputs))
    columns = found.columns or tuple(f"input {k + 1}" for k in range(found.x.shape[1]))
    words = [name for name, held in zip(columns, found.levels, strict=True) if held not in (None, TRUTHS)]
    if words:
        raise DataError(f"inputs are numbers, but columns hold names: {some_of([*map(repr, words)])}. Give 0 and 1 for each.")
    if len(found.x) != rows:
        raise DataError(f"there are inputs of {len(found.x):,} rows, but {rows:,} rows; each row has inputs of its own.")
    x = np.asarray(found.x, dtype=np.float64)
    if names is not None and found.columns is not None and set(columns) >= set(names):
        x, columns = x[:, [columns.index(name) for name in names]], tuple(names)
    if names is not None and (x.shape[1] != len(names) or (found.columns is not None and columns != tuple(names))):
        raise DataError(f"inputs are {some_of([*map(repr, columns)])}, but the fit was of {some_of([*map(repr, names)])}.")
    gaps = np.argwhere(~np.isfinite(x))
    if len(gaps):
        t, k = gaps[0].tolist()
        where = f"row {t}, input {columns[k]!r}"
        raise DataError(f"{where} is {x[t, k]:g}; inputs take no gaps: fill the cell, or leave the row out.")
    return Table(x, columns, (None,) * x.shape[1])


def inputs_of_each(inputs: Any, series: int, names: Sequence[str]) -> Array | None:
    """The inputs of rows to come (steps, p), or (G, steps, p) of each of so many `series`; None if the fit had none.

    Errors: DataError for others than the fit had, or if they are missing.
    """
    if inputs is None and names:
        raise DataError(
            f"the fit had inputs, {some_of([*map(repr, names)])}, whose values in the rows to come are needed: give "
            "inputs_ahead."
        )
    if inputs is None:
        return None
    if not names:
        raise DataError("there are inputs_ahead, but the fit had no inputs: leave them out.")
    given = framed(inputs)
    if getattr(given, "ndim", 2) != 3:
        return read_inputs(given, rows_in(given), names).x
    if len(given) != series:
        raise DataError(f"inputs_ahead are of {len(given)} series, but there are {series}.")
    return np.array([read_inputs(each, len(each), names).x for each in given])


def beside(table: Table, inputs: Table) -> Table:
    """Series with inputs behind them. Errors: DataError for columns of one name, and for gaps in inputs."""
    columns = table.columns or ()
    twice = [name for name in inputs.columns or () if name in columns]
    if twice:
        raise DataError(f"{some_of([*map(repr, twice)])} is a series and an input: give it once.")
    x = np.hstack([table.x, inputs.x])
    return Table(x, (*columns, *(inputs.columns or ())), (*table.levels, *inputs.levels))
