"""Dictionaries of columns, which are read as the data frames that they become."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy

from emkit.errors import DataError, some_of

FRAMES = ("pandas", "polars", "pyarrow")  # libraries of data frames, the first that is installed


def framed(data: Any) -> Any:
    """A dictionary of columns by name as a data frame of a library that is there; anything else as it is.

    Errors: DataError for what is no dictionary of columns of one length, or if there is no such library.
    """
    if not isinstance(data, Mapping) or scipy.sparse.issparse(data):  # some sparse arrays are mappings, from places to cells
        return data
    import narwhals.stable.v1 as nw

    check_lengths(data)
    for library in (name for name in FRAMES if find_spec(name) is not None):
        backend: Any = library
        try:
            return nw.from_dict({str(name): list(column) for name, column in data.items()}, backend=backend).to_native()
        except (TypeError, ValueError, ArithmeticError) as error:
            raise DataError(f"the dictionary is no table of columns: {' '.join(str(error).split())}.") from None
    raise DataError(
        "the data are a dictionary of columns, which become a data frame, and none of pandas, polars and pyarrow is installed."
    )


def rows_in(X: Any) -> int:
    """How many rows X has."""
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def check_lengths(columns: Mapping[Any, Any]) -> None:
    """Errors: DataError naming the columns of a dictionary and their lengths, unless they have one."""
    for name, column in columns.items():
        if isinstance(column, str | bytes | Mapping) or np.ndim(column) == 0:
            raise DataError(f"{name!r} of the dictionary is {column!r:.40}, and no column; give a cell for each row.")
    lengths = [len(column) for column in columns.values()]
    if len(set(lengths)) > 1:
        each = some_of([f"{name!r} ({length})" for name, length in zip(columns, lengths, strict=True)])
        raise DataError(f"the columns of the dictionary have different lengths, {each}; give each a cell for every row.")
