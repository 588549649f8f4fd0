"""Turning what a user hands over into a table of numbers, or saying what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import DataError

RowName = Callable[[int], str]


def as_table(x: Any, row_name: RowName) -> Array:
    """`x` as an array (n, d) of float64 or float32 (which stays as it is, without a copy). Errors: DataError."""
    try:
        table = np.asarray(x)
    except ValueError as error:
        raise DataError(f"the data are not a table of numbers: {error}.") from None
    if np.iscomplexobj(table):
        raise DataError("the data are complex numbers; emkit fits real numbers. Give real and imaginary part as columns.")
    if table.ndim not in (1, 2):
        raise DataError(f"the data have {table.ndim} axes; they must be rows (n,) or rows and columns (n, d).")
    if table.size == 0:
        raise DataError(f"the data are empty (shape {table.shape}): at least one row and one column are needed.")
    table = table.reshape(len(table), -1)
    if table.dtype in (np.float64, np.float32):
        return table
    if table.dtype.kind not in "biuf":
        _refuse_not_numbers(table, row_name)
    return table.astype(np.float64)


def _refuse_not_numbers(table: Any, row_name: RowName) -> None:
    for row, cells in enumerate(table):
        for column, cell in enumerate(cells):
            try:
                float(cell)
            except (TypeError, ValueError):
                raise DataError(f"{row_name(row)}, column {column} is {cell!r}; it must be a number.") from None


def as_weights(weights: Any, rows: int, row_name: RowName) -> Array:
    """One weight >= 0 a row, float64 (n,); ones (which take no memory) if none are given. Errors: DataError."""
    if weights is None:
        return np.broadcast_to(np.float64(1.0), rows)
    try:
        given = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("the weights are not numbers; give one number >= 0 for each row.") from None
    if given.shape != (rows,):
        raise DataError(f"there are {rows} rows but the weights have shape {given.shape}; give one weight a row.")
    wrong = np.flatnonzero(~(np.isfinite(given) & (given >= 0)))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(f"the weight of {row_name(row)} is {given[row]:g}; weights must be finite numbers >= 0.")
    if not given.any():
        raise DataError("the weights are all zero: there is nothing to fit.")
    return given
