"""Rows that belong together: where groups begin, and chunks that do not cut them in two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.validate import Kind, RowName, as_cells, kind_of, numbers_in
from emkit.errors import DataError


def group_starts(labels: Any, rows: int, row_name: RowName) -> Integers:
    """Where each group begins, and last the number of rows, shape (G + 1,), from a label (n,) for each row.

    Errors: DataError unless the rows of each group lie one after the other.
    """
    given = labels_of(labels)
    if given.shape != (rows,):
        raise DataError(f"there are {rows} rows but the groups have shape {given.shape}; give one label a row.")
    for row in (row for row, label in enumerate(given.tolist()) if kind_of(label) is Kind.GAP):
        raise DataError(f"the group of {row_name(row)} is missing; give every row a label.")
    starts = np.flatnonzero(np.concatenate([[True], given[1:] != given[:-1]]))
    seen: dict[Any, int] = {}
    for start in starts.tolist():
        label = given[start].item() if isinstance(given[start], np.generic) else given[start]
        if label in seen:
            raise DataError(
                f"the rows of group {label!r} are scattered: it begins at {row_name(seen[label])} and again at "
                f"{row_name(start)}. Sort the rows by group."
            )
        seen[label] = start
    return np.concatenate([starts, [rows]])


def labels_of_groups(labels: Any, groups: Integers) -> tuple[Any, ...]:
    """The label of each group."""
    return tuple(labels_of(labels)[groups[:-1]].tolist())


def labels_of(labels: Any) -> Any:
    """Labels as an array (n,), masked ones as gaps. Errors: DataError unless they can be told apart."""
    try:
        given = as_cells(labels)
        set(given.ravel().tolist())
    except (TypeError, DataError):
        raise DataError("the groups are no labels; give one number or text for each row.") from None
    return given[:, 0] if given.shape[1] == 1 else given


def weights_of_groups(weights: Any, groups: Integers, row_name: RowName) -> Array:
    """The weight (n,) of each row, from one for each group (G,) or each row (n,). Errors: DataError if a group has several."""
    given = numbers_in(weights, row_name)
    lengths = np.diff(groups)
    if given.shape == lengths.shape and len(lengths) != groups[-1]:
        return np.repeat(given, lengths)
    if given.shape == (groups[-1],):
        odd = np.flatnonzero(given != np.repeat(given[groups[:-1]], lengths))
        if len(odd):
            raise DataError(
                f"{row_name(int(odd[0]))} has weight {given[odd[0]]:g}, unlike others of its group; a weight is of a group."
            )
        return given
    raise DataError(
        f"there are {groups[-1]:,} rows in {len(lengths):,} groups but the weights have shape {given.shape}; give one weight a "
        "group, or one a row."
    )


def cuts_between(
    rows: int, chunk_rows: int, groups: Integers | None, ahead: int = 0
) -> Iterator[tuple[int, int, Integers | None]]:
    """First row and end of every chunk, and where its groups begin; no chunk ends within a group.

    Where rows are no groups, those `ahead` of others are chunks of their own.
    """
    if groups is None:
        for first, end in ((0, ahead), (ahead, rows)):
            yield from ((start, min(start + chunk_rows, end), None) for start in range(first, end, chunk_rows))
        return
    first = 0
    while first < len(groups) - 1:
        last = max(int(np.searchsorted(groups, groups[first] + chunk_rows, side="right")) - 1, first + 1)
        start, end = int(groups[first]), int(groups[last])
        yield start, end, groups[first : last + 1] - start
        first = last
