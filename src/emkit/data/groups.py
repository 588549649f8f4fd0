"""Rows that belong together: where groups begin, and chunks that do not cut them in two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.validate import RowName
from emkit.errors import DataError


def group_starts(labels: Any, rows: int, row_name: RowName) -> Integers:
    """Where each group begins, and last the number of rows, shape (G + 1,), from a label (n,) for each row.

    Errors: DataError unless the rows of each group lie one after the other.
    """
    given = np.asarray(labels)
    if given.shape != (rows,):
        raise DataError(f"there are {rows} rows but the groups have shape {given.shape}; give one label a row.")
    starts = np.flatnonzero(np.concatenate([[True], given[1:] != given[:-1]]))
    seen: dict[Any, int] = {}
    for start in starts.tolist():
        label = given[start].item() if hasattr(given[start], "item") else given[start]
        if label in seen:
            raise DataError(
                f"the rows of group {label!r} are scattered: it begins at {row_name(seen[label])} and again at "
                f"{row_name(start)}. Sort the rows by group."
            )
        seen[label] = start
    return np.concatenate([starts, [rows]])


def group_labels(lengths: Any, rows: int) -> Integers:
    """A label (n,) for each row from the `lengths` (G,) of groups that lie one after the other. Errors: DataError."""
    given = np.asarray(lengths)
    if given.ndim != 1 or (given <= 0).any() or (given != np.floor(given)).any():
        raise DataError(f"the lengths of groups are {lengths!r}; they must be whole numbers >= 1.")
    if given.sum() != rows:
        raise DataError(f"the lengths of the groups add up to {given.sum():g} rows, but there are {rows}.")
    return np.repeat(np.arange(len(given)), given.astype(np.int64))


def weights_of_groups(weights: Any, groups: Integers) -> Array:
    """The weight (n,) of each row, from one for each group (G,) or each row (n,). Errors: DataError if a group has several."""
    given = np.asarray(weights, dtype=np.float64)
    lengths = np.diff(groups)
    if given.shape == lengths.shape and len(lengths) != groups[-1]:
        return np.repeat(given, lengths)
    if given.shape == (groups[-1],):
        odd = np.flatnonzero(given != np.repeat(given[groups[:-1]], lengths))
        if len(odd):
            raise DataError(f"row {odd[0]} has weight {given[odd[0]]:g}, unlike others of its group; a weight is of a group.")
    return given


def cuts_between(rows: int, chunk_rows: int, groups: Integers | None) -> Iterator[tuple[int, int, Integers | None]]:
    """First row and end of every chunk, and where its groups begin; no chunk ends within a group."""
    if groups is None:
        yield from ((start, min(start + chunk_rows, rows), None) for start in range(0, rows, chunk_rows))
        return
    first = 0
    while first < len(groups) - 1:
        last = max(int(np.searchsorted(groups, groups[first] + chunk_rows, side="right")) - 1, first + 1)
        start, end = int(groups[first]), int(groups[last])
        yield start, end, groups[first : last + 1] - start
        first = last
