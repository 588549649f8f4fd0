"""Rows of a frame as mixed models take them: the designs of all levels of groups, and rows group after group."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.design import INTERCEPT, Design, DesignRows
from emkit.data.design.named_columns import labels
from emkit.data.design.random_terms import MixedFormula
from emkit.data.formula_rows import NameOfKept
from emkit.data.groups import labels_of
from emkit.data.source import ArraySource
from emkit.data.validate import Kind, kind_of
from emkit.errors import DataError, ParameterError

RANDOM = "the part of the formula with random effects"
Names = tuple[str, ...]


def design_of(said: MixedFormula, frame: object, options: dict[str, Any]) -> tuple[Design, tuple[Names, ...]]:
    """A design whose gate has the random effects of all levels, and the names of those of each level.

    Errors: ParameterError where two levels code a column in two ways.
    """
    options = {"groups": said.groups, "gate_called": RANDOM, **options}
    outer = Design.of(said.with_gate, frame, **options)
    if said.inner is None:
        return outer, (outer.gate,)
    inner = Design.of(said.with_inner_gate, frame, **options)
    ones = INTERCEPT in (*outer.gate, *inner.gate)
    both = Design.of(f"{said.with_gate} + {said.inner.random} {'+' if ones else '-'} 1", frame, **options)
    for name in (name for name in (*outer.gate, *inner.gate) if name not in both.gate):
        raise ParameterError(
            f"the levels of a column vary beside an intercept in one bracket and without it in the other ({name!r}): write "
            "both with an intercept, or both with 0 +."
        )
    return both, (outer.gate, inner.gate)


def inner_column(said: MixedFormula) -> str:
    """How the column of the labels of inner groups is called."""
    return "" if said.inner is None else f"{said.inner.groups} within {said.groups}"


def in_groups(
    design: Design, said: MixedFormula, rows: DesignRows, frame: object, weights: Any, library: str | None
) -> tuple[ArraySource, list[Any], list[Any]]:
    """The rows, group after group, as a source; the labels of the groups, and those of inner groups with the group of each."""
    (outer, *within) = labels_in(frame, said, rows)
    code, names = codes(outer, rows)
    order = np.argsort(code, kind="stable")
    places = [j for j, name in enumerate(rows.columns) if name != INTERCEPT]
    x, columns, levels = rows.x[:, places], [rows.columns[j] for j in places], [rows.levels[j] for j in places]
    inner_names: list[Any] = []
    for pairs in within:
        inner, own = codes([label for _, label in pairs], rows)
        x, columns, levels = np.column_stack([x, inner]), [*columns, inner_column(said)], [*levels, names_if_text(own) or None]
        units = np.unique(np.column_stack([code, inner]), axis=0).tolist()
        inner_names = [(names[g], own[j]) for g, j in units]
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
    source.design, source.group_names = design, names_if_text(names)
    return source, names, inner_names


def names_if_text(names: list[Any]) -> Names:
    """Labels, if these are all text; none otherwise."""
    return tuple(names) if all(isinstance(name, str) for name in names) else ()


def codes(labels: list[Any], rows: DesignRows) -> tuple[Integers, list[Any]]:
    """The number of the group of each row, and the labels of groups, in the order in which they come. Errors: DataError."""
    for row, label in enumerate(labels):
        if any(kind_of(part) is Kind.GAP for part in (label if isinstance(label, tuple) else (label,))):
            raise DataError(f"the group of row {rows.kept[row]} is missing; give every row a label, or leave the row out.")
    number = {label: g for g, label in enumerate(dict.fromkeys(labels))}
    return np.array([number[label] for label in labels], dtype=np.intp), list(number)


def labels_in(frame: object, said: MixedFormula, rows: DesignRows) -> list[list[Any]]:
    """Of each level, the label of the group of each row; of inner groups, with that of their group."""
    outer = labels_of(labels(frame, said.groups, rows.kept)).tolist()
    if said.inner is None:
        return [outer]
    return [outer, list(zip(outer, labels_of(labels(frame, said.inner.groups, rows.kept)).tolist(), strict=True))]


def effects_at(known: list[Any], effects: Array, given: list[Any]) -> Array:
    """The random effects (n, r) of the groups that rows are `given` in, of those `known`; 0 of others."""
    place = {name: g for g, name in enumerate(known)}
    at = np.array([place.get(name, -1) for name in given], dtype=np.intp)
    return np.where(at[:, None] >= 0, effects[at], 0.0)
