"""Rows of a frame as mixed models take them: the designs of all levels of groups, and rows group after group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from emkit.by_group import column_of_labels, group_labels
from emkit.core.arrays import Array, Integers
from emkit.data.design import INTERCEPT, Design, DesignRows
from emkit.data.design.named_columns import labels
from emkit.data.design.random_terms import CROSSED, MixedFormula
from emkit.data.formula_rows import NameOfKept
from emkit.data.groups import labels_of
from emkit.data.source import ArraySource
from emkit.data.validate import Kind, kind_of
from emkit.errors import DataError, ParameterError
from emkit.models.told_effects import plain_label

RANDOM = "the part of the formula with random effects"
PREDICTORS = "the formula of predictors"
Names = tuple[str, ...]


def design_of(
    formula: str, said: MixedFormula, frame: object, options: dict[str, Any], predictors: str = ""
) -> tuple[Design, tuple[Names, ...], Names]:
    """A design whose gate has the random effects of all levels, and `predictors`; the names of those of each level, and these.

    Errors: ParameterError where two of them code a column in two ways.
    """
    options = {"groups": said.groups, "gate_called": RANDOM, **options}
    said_by = [said.random, *([] if said.inner is None else [said.inner.random])]
    each = [Design.of(f"{said.fixed} | {terms}", frame, **options).gate for terms in said_by]
    if predictors:
        each.append(Design.of(f"{said.fixed} | {predictors}", frame, **{**options, "gate_called": PREDICTORS}).gate)
    both = (
        Design.of(said.with_gate, frame, **options)
        if len(each) == 1
        else _together(said, said_by, each, frame, options, predictors)
    )
    names = tuple(each[: len(said_by)])
    return replace(both, said=formula), names, each[-1] if predictors else ()


def _together(
    said: MixedFormula, said_by: Sequence[str], each: Sequence[Names], frame: object, options: dict[str, Any], predictors: str
) -> Design:
    """One design of all that stands in brackets, and of predictors, of the columns that `each` has by itself."""
    every = [name for names in each for name in names]
    terms = " + ".join([*said_by, *filter(None, [predictors])])
    both = Design.of(f"{said.fixed} | {terms} {'+' if INTERCEPT in every else '-'} 1", frame, **options)
    for name in (name for name in every if name not in both.gate):
        where = "among the predictors" if predictors and name in each[-1] else "in one bracket"
        raise ParameterError(
            f"the levels of a column stand beside an intercept {where}, and without it elsewhere ({name!r}): write both with "
            "an intercept, or both with 0 +."
        )
    return both


def in_groups(
    design: Design, said: MixedFormula, rows: DesignRows, frame: object, weights: Any, library: str | None
) -> tuple[ArraySource, list[Any], list[Any]]:
    """The rows, group after group, as a source; the labels of the groups, and those of inner groups with the group of each."""
    (outer, *within) = labels_in(frame, said, rows, design)
    code, names = codes(outer, rows)
    order = np.argsort(code, kind="stable")
    places = [j for j, name in enumerate(rows.columns) if name != INTERCEPT]
    x, columns, levels = rows.x[:, places], [rows.columns[j] for j in places], [rows.levels[j] for j in places]
    inner_names: list[Any] = []
    for pairs in within:
        inner, own = codes([label for _, label in pairs], rows)
        cells, called = labels_as_cells(inner, own)
        x, levels = np.column_stack([x, cells]), [*levels, called]
        columns = [*columns, column_of_labels(inner_groups(said), columns)]
        first = np.unique(np.column_stack([code, cells]), axis=0, return_index=True)[1]
        inner_names = [(names[code[i]], own[inner[i]]) for i in first]
    kept = rows.of_kept(weights)
    source = ArraySource(
        x[order],
        None if kept is None else np.asarray(kept)[order],
        columns,
        row_name=NameOfKept("row {}".format, rows.kept[order]),
        levels=tuple(levels),
        groups=code[order],
        library=library,
    )
    source.design, source.group_labels = design, tuple(names)
    return source, names, inner_names


def as_they_lie(said: MixedFormula, frame: object, rows: DesignRows) -> MixedFormula:
    """The formula with those groups as inner ones that lie within the others in these rows, where it leaves that to them.

    Errors: ParameterError for groups that cross, or that are the same.
    """
    if not said.unordered or said.inner is None:
        return said
    columns = said.groups, said.inner.groups
    (first, firsts), (second, seconds) = (codes(labels_of(labels(frame, each, rows.kept)).tolist(), rows) for each in columns)
    pairs = np.unique(np.column_stack([first, second]), axis=0)
    if len(pairs) == len(firsts) == len(seconds):
        raise ParameterError(f"{columns[0]!r} and {columns[1]!r} are the same groups: leave one of the brackets out.")
    if len(pairs) == len(seconds):
        return replace(said, unordered=False)
    if len(pairs) == len(firsts):
        return said.turned()
    g = int(np.bincount(pairs[:, 0]).argmax())
    h = int(np.bincount(pairs[:, 1]).argmax())
    raise ParameterError(
        f"the groups of {columns[0]!r} and {columns[1]!r} do not lie within each other: {columns[0]} {firsts[g]!r:.40} has "
        f"rows of several {columns[1]}, and {columns[1]} {seconds[h]!r:.40} rows of several {columns[0]}. {CROSSED}."
    )


def labels_as_cells(codes: Integers, own: list[Any]) -> tuple[Array, Names | None]:
    """A column (n,) that tells labels apart: numbers as they are, else the `codes` (n,) of names, and these."""
    if all(isinstance(label, int | float) and float(label) == label for label in own):
        return np.array(own, dtype=np.float64)[codes], None
    return codes.astype(np.float64), tuple(str(plain_label(label)) for label in own)


def codes(labels: list[Any], rows: DesignRows) -> tuple[Integers, list[Any]]:
    """The number of the group of each row, and the labels of groups, in the order in which they come. Errors: DataError."""
    for row, label in enumerate(labels):
        if any(kind_of(part) is Kind.GAP for part in (label if isinstance(label, tuple) else (label,))):
            raise DataError(f"the group of row {rows.kept[row]} is missing; give every row a label, or leave the row out.")
    number = {label: g for g, label in enumerate(dict.fromkeys(labels))}
    return np.array([number[label] for label in labels], dtype=np.intp), list(number)


def inner_groups(said: MixedFormula) -> str:
    """The column of the labels of inner groups; none of one level."""
    return "" if said.inner is None else said.inner.groups


def labels_in(frame: object, said: MixedFormula, rows: DesignRows, design: Design) -> list[list[Any]]:
    """Of each level, the label of the group of each row; of inner groups, with that of their group."""
    return group_labels(design, inner_groups(said) or None, frame, rows)
