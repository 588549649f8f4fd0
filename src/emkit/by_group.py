"""Means of rows by a mixed model: what fixed effects say, and the random effects of the groups that its fit knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.data.chunk import as_float64
from emkit.data.design import Design, DesignRows, Gaps
from emkit.data.design.named_columns import labels
from emkit.data.groups import labels_of
from emkit.data.like import rows_like
from emkit.data.profile import Levels
from emkit.data.validate import RowName
from emkit.errors import DataError
from emkit.fitted import AnyFitted
from emkit.models.frozen import bare
from emkit.models.mixed_layout import MixedLayout
from emkit.models.of_groups import OfGroups

AS_LABELS = " (labels)"  # behind the name of a column of labels that a formula also takes for numbers


def means_by_group(
    fitted: AnyFitted,
    data: Any,
    groups: Any = None,
    random: bool = True,
    gaps: Gaps = "refuse",
    row_name: RowName = "row {}".format,
) -> Array:
    """The mean of the response (n,) of rows whose response need not be known: NaN where there are gaps that are dropped.

    With the `random` effects of their groups as far as the fit knows these, 0 for others; without, those of any group. By a
    formula, `data` is a data frame in which groups are found; of a fit by no formula, rows with all columns, and the labels
    (n,) of their `groups`.
    Errors: DataError for rows that cannot be, and for labels of groups that no group of the fit could have, or gaps in them.
    """
    model: OfGroups[Any] = bare(fitted.model)
    told, layout, design = fitted.effects, model.known_layout, fitted.source.design
    assert told is not None
    if design is None:
        x = np.concatenate([as_float64(chunk.x) for chunk in rows_like(fitted.source, data).chunks()])
        kept, of_all = np.arange(len(x)), _as_they_are
        given = _labels_beside(layout, fitted.source.levels, x, groups) if random else []
    else:
        rows = design.rows(data, response=False, gaps=gaps, row_name=row_name)
        x, kept, of_all = rows.among(fitted.source.columns), rows.kept, rows.of_all
        inner = None if layout.within is None else fitted.source.columns[layout.within]
        given = group_labels(design, inner, data, rows) if random else []
    mean: Array = layout.fixed.plain(x) @ told.fixed
    for frame, level, own in zip(layout.levels, told.levels, given, strict=False):
        mean = mean + np.einsum("nr,nr->n", frame.plain(x), level.of_rows(own, kept))
    return of_all(mean)


def _as_they_are(values: Array) -> Array:
    return values


def column_of_labels(inner: str, columns: Sequence[str]) -> str:
    """What the column of the labels of inner groups is called beside the `columns` of a formula."""
    return inner + AS_LABELS if inner in columns else inner


def group_labels(design: Design, inner: str | None, data: Any, rows: DesignRows) -> list[list[Any]]:
    """Of each level, the label (n,) of the group of each row; of `inner` groups, with that of their group."""
    outer = _labels(data, str(design.groups), rows)
    if inner is None:
        return [outer]
    found = _labels(data, inner.removesuffix(AS_LABELS), rows)
    return [outer, list(zip(outer, found, strict=True))]


def _labels(data: Any, column: str, rows: DesignRows) -> list[Any]:
    found: list[Any] = labels_of(labels(data, column, rows.kept)).tolist() if len(rows.kept) else []
    return found


def _labels_beside(layout: MixedLayout, levels: Levels, x: Array, groups: Any) -> list[list[Any]]:
    """The labels of the groups of rows that came with them. Errors: DataError if there are none, or not as many."""
    if groups is None:
        raise DataError("whose each row is tells its random effects: give `groups`, or ask for means without (random=False).")
    outer = labels_of(groups).tolist()
    if len(outer) != len(x):
        raise DataError(f"there are {len(x)} rows but the groups have shape ({len(outer)},); give one label a row.")
    if layout.within is None:
        return [outer]
    names = levels[layout.within]
    inner = [names[int(code)] if names and code == code else code for code in x[:, layout.within].tolist()]
    return [outer, list(zip(outer, inner, strict=True))]
