"""What the data were: rows, weights, groups, columns and gaps. No value of a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.statistics import Additive, add_up
from emkit.data.chunk import Chunk, as_float64
from emkit.data.membership import is_known
from emkit.data.source import ArraySource
from emkit.data.stand_ins import StandIns
from emkit.models.around import bare
from emkit.writeup.document import Cell, Number, Paragraph, Section, Table, alike, fixed
from emkit.writeup.words import NOT_HERE, AnyInferred, names_in

MOST_COLUMNS = 200
MOST_LEVELS = 8  # named of one column
GAPS = (
    "Missing cells are left out of the likelihood (full information maximum likelihood): estimates are right if cells are "
    "missing at random, given those that were seen."
)


@dataclass(frozen=True)
class _Counts(Additive):
    """What one pass tells: rows without a gap, groups, rows of which something is known, the sum of squared weights."""

    complete: float
    groups: float
    in_groups: float
    known: float
    squares: float


def data_section(result: AnyInferred) -> Section:
    """Rows, weights, groups, labels, and each column with its missing cells."""
    source = result.source
    number = source.rows if np.isfinite(source.rows) else result.rows
    rows: list[tuple[str, Cell]] = [("rows", Number(f"{number:.10g}"))]
    if isinstance(source, StandIns):
        return Section(
            "data",
            "Data",
            (Table("", (), (("rows, of which a covariance is known", Number(f"{result.rows:.10g}")),)), *_columns(result)),
        )
    if not source.is_here:
        weight = [("sum of the weights", Number(f"{source.total_weight:.10g}"))] if source.total_weight != source.rows else []
        gaps = Paragraph(NOT_HERE.format("which cells are missing"))
        return Section("data", "Data", (Table("", (), (*rows, *weight)), *_columns(result), gaps))
    if not isinstance(next(iter(source.chunks()), None), Chunk):  # of a kind that only the model knows
        return Section("data", "Data", (Table("", (), tuple(rows)),))
    counts: Any = add_up(map(_counts, source.chunks()))
    parts = [Table("", (), (*rows, *_facts(result, counts))), *_columns(result)]
    return Section("data", "Data", (*parts, Paragraph(GAPS)) if source.profile.has_gaps else tuple(parts))


def _counts(chunk: Chunk) -> _Counts:
    complete = sum(float((~np.isnan(as_float64(x)).any(axis=1)).sum()) for _, x in chunk.blocks())
    known = float(is_known(chunk.membership).sum()) if chunk.membership is not None else 0.0
    weights = chunk.group_weights
    groups = float(len(weights))
    return _Counts(complete, groups, groups if chunk.groups is not None else 0.0, known, float(weights @ weights))


def _facts(result: AnyInferred, counts: _Counts) -> Iterator[tuple[str, Cell]]:
    source = result.source
    if isinstance(source, ArraySource) and source.rows_given > source.rows:
        yield "rows of weight 0, left out", Number(f"{source.rows_given - source.rows}")
    if counts.in_groups:
        yield bare(result.model).groups_called, Number(f"{counts.groups:.0f}")
    if source.total_weight != source.rows:
        yield "sum of the weights", Number(f"{source.total_weight:.10g}")
        total = result.rows if counts.in_groups else source.total_weight
        yield "effective sample size, squared sum of weights over sum of squares", fixed(total**2 / counts.squares, 1)
    if counts.known:
        what = "groups" if counts.in_groups else "rows"
        yield f"{what} whose component is known, wholly or in part", Number(f"{counts.known:.0f}")
    if source.profile.has_gaps:
        yield "rows without a missing cell", Number(f"{counts.complete:.0f}")


def _columns(result: AnyInferred) -> Iterator[Table]:
    source = result.source
    called = names_in(result)
    shown = range(min(len(source.columns), MOST_COLUMNS))
    if not shown:
        return
    levels = [_levels(source.levels[j], j, called) for j in shown]
    columns: dict[str, list[Cell]] = {"column": [called.column(j) for j in shown], "levels": [*levels]}
    if source.is_here:
        profile = source.profile
        numbers = [source.levels[j] is None for j in shown]
        if profile.has_gaps:
            columns["missing"] = [Number(f"{count:.0f}") for count in profile.missing[: len(levels)]]
            columns["missing %"] = [fixed(100 * count / source.rows, 1) for count in profile.missing[: len(levels)]]
        moments = zip(numbers, profile.mean, np.sqrt(profile.variance), strict=False)
        pairs = [alike([mean, sd]) if is_number else [None, None] for is_number, mean, sd in moments]
        if any(numbers) and source.rows > 1:
            columns |= {"mean": [mean for mean, _ in pairs], "sd": [sd for _, sd in pairs]}
    if all(names is None for names in source.levels):
        del columns["levels"]
    left = len(source.columns) - len(shown)
    notes = (f"... and {left} more columns.",) if left > 0 else ()
    yield Table("Columns", tuple(columns), tuple(zip(*columns.values(), strict=True)), notes)


def _levels(names: tuple[str, ...] | None, column: int, called: Any) -> str:
    if names is None:
        return "numbers"
    more = f" and {len(names) - MOST_LEVELS} more" if len(names) > MOST_LEVELS else ""
    return ", ".join(called.level(column, code) for code in range(min(len(names), MOST_LEVELS))) + more
