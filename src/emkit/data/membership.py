"""What is known of which component rows belong to: how plausible each component is for each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers, Mask
from emkit.data.chunk import as_float64
from emkit.data.dictionaries import check_lengths
from emkit.data.frames import Names, read_table
from emkit.data.validate import RowName
from emkit.errors import DataError, some_of

SAID = (
    ", nor all of them names; give the component of each row, counted from 0 or by name, and -1 or a gap where it is not known."
)


def membership_of(known: Any, rows: int, n_components: int, row_name: RowName = "row {}".format, names: Names = None) -> Array:
    """How plausible each component is for each row (n, K), the most plausible one 1, from labels or shares.

    `known` (n,) is the component 0 ... K-1 of each row; -1, NaN, None or a masked cell where it is not known. Text is names,
    also text that reads as a number, as all cells of a column of labels in a file are. They stand, in
    sorted order (categories in their own), for the first components: at most K different ones. Or it is (n, K):
    how likely what is known of a row is under each component, up to a factor, as probabilities that somebody gives who holds
    the components for equally frequent; 0 for a component that it cannot belong to; NaN in a row of which nothing is known.
    In a dictionary of such columns the keys are the names of the components.
    Errors: DataError naming the row and what cannot be.
    """
    given = _numbers(known, row_name, n_components, names)
    if given.shape[1:] == (1,) and n_components > 1:
        given = given[:, 0]
    if len(given) != rows or (given.ndim == 2 and given.shape[1] != n_components):
        raise DataError(
            f"the labels have shape {given.shape}; give one for each of the {rows} rows, or an array of shape "
            f"{(rows, n_components)}."
        )
    return _of_labels(given, n_components, row_name) if given.ndim == 1 else _of_shares(given, row_name)


def of_groups(membership: Array, groups: Integers, row_name: RowName) -> Array:
    """What is known of each group, at its first row; of the others nothing more. Errors: DataError if rows of it disagree."""
    known = is_known(membership)
    together = np.ones_like(membership)
    for start, end in zip(groups[:-1].tolist(), groups[1:].tolist(), strict=True):
        rows = start + np.flatnonzero(known[start:end])
        if not len(rows):
            continue
        together[start] = membership[rows[0]]
        for row in rows[(membership[rows] != membership[rows[0]]).any(axis=1)][:1]:
            raise DataError(
                f"{row_name(int(row))} is labelled otherwise than {row_name(int(rows[0]))}, which is of the same group; all "
                "rows of a group belong to one component."
            )
    return together


def is_known(membership: Array) -> Mask:
    """Whether anything is known of each row (n,)."""
    return np.any(membership != 1, axis=1)


def names_in(labels: Any) -> tuple[str, ...]:
    """The names that labels give the first components, in order; none if they are numbers. Errors: DataError if neither."""
    if isinstance(labels, Mapping):
        return tuple(map(str, labels))
    return () if labels is None else read_table(labels).levels[0] or ()


def _numbers(known: Any, row_name: RowName, n_components: int, given: Names) -> Array:
    """Labels (n, 1) or shares (n, K) as numbers: texts are components in their sorted order, categories in their own."""
    if isinstance(known, Mapping):
        if given is not None and tuple(map(str, known)) != given:
            raise DataError(
                f"the labels are of {some_of([*map(str, known)])}, and the components of the fit are {some_of(given)}."
            )
        check_lengths(known)
        known = np.column_stack([as_float64(np.asarray(column)) for column in known.values()])
    try:
        table = read_table(known, row_name)
    except DataError:
        raise DataError(f"the labels are not numbers{SAID}") from None
    names = table.levels[0]
    if len(table.levels) > 1 and any(names is not None for names in table.levels):
        raise DataError(f"the labels are not numbers{SAID}")
    if names is not None and given is not None:
        return _by_name(table.x[:, 0], names, given)
    if names is not None and len(names) > n_components:
        raise DataError(f"the labels are {len(names)} names ({some_of(names)}), but there are {n_components} components.")
    return np.asarray(table.x, dtype=np.float64)


def _by_name(codes: Array, names: tuple[str, ...], given: tuple[str, ...]) -> Array:
    """The places (n, 1) among the names of a fit. Errors: DataError for another name."""
    for name in (name for name in names if name not in given):
        known = f"it knows {some_of(given)}" if given else "it knows none: give the component of each row, counted from 0"
        raise DataError(f"the label {name!r} is no name of a component that the fit was given; {known}.")
    places = np.array([*map(given.index, names), np.nan])
    return places[np.where(np.isnan(codes), len(names), codes).astype(np.intp)][:, None]


def _of_labels(labels: Array, n_components: int, row_name: RowName) -> Array:
    known = ~(np.isnan(labels) | (labels == -1))
    for row in np.flatnonzero(known & ((labels != np.floor(labels)) | (labels < 0) | (labels >= n_components)))[:1]:
        raise DataError(
            f"the label of {row_name(int(row))} is {labels[row]:g}; it must be a component, 0 to {n_components - 1}, or -1 "
            "or a gap where it is not known. Numbers that are names of components are given as text."
        )
    membership = np.ones((len(labels), n_components))
    membership[known] = np.eye(n_components)[labels[known].astype(np.intp)]
    return membership


def _of_shares(shares: Array, row_name: RowName) -> Array:
    filled = np.where(np.isnan(shares).all(axis=1, keepdims=True), 1.0, shares)
    lowest, highest = filled.min(axis=1), filled.max(axis=1)
    for row in np.flatnonzero(~((lowest >= 0) & (highest > 0) & (highest < np.inf)))[:1]:
        raise DataError(
            f"the labels of {row_name(int(row))} are {', '.join(f'{share:g}' for share in shares[row])}; they must be numbers "
            ">= 0, at least one of them above 0, or all of them NaN where nothing is known."
        )
    return filled / highest[:, None]
