"""Which rows of X are one sequence: by lengths, or by labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.data.dictionaries import framed, rows_in
from emkit.errors import DataError


def labels_of(X: Any, lengths: Any, groups: Any) -> Any:
    """A label for each row of X. Errors: DataError for lengths that cannot be, or beside groups."""
    if lengths is None:
        return groups
    if groups is not None:
        raise DataError("lengths and groups both say which rows are one sequence: give one of the two.")
    try:
        given = np.asarray(lengths)
    except ValueError:  # lists of several lengths
        given = np.empty((0, 0))
    whole = given.ndim == 1 and np.issubdtype(given.dtype, np.number) and bool(np.all(given == np.floor(given)))
    if not whole or not len(given) or not np.all(given >= 1):
        raise DataError(f"lengths are {lengths!r}; give the number of rows of each sequence, whole numbers >= 1, as a list.")
    rows = rows_in(framed(X))
    total = sum(int(length) for length in given)  # in numbers that never overflow
    if total != rows:
        raise DataError(f"the lengths sum to {total:,}, but there are {rows:,} rows; they must account for every row.")
    return np.repeat(np.arange(len(given)), given.astype(np.int64))
