"""The rows, for whoever asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.data.chunk import Chunk, as_float64
from emkit.data.stand_ins import StandIns
from emkit.inference.classification import likeliest
from emkit.models.around import bare
from emkit.writeup.document import Cell, Figure, Number, Paragraph, Section, Table, fixed
from emkit.writeup.words import NOT_HERE, AnyInferred, has_components, names_in

MOST_ROWS = 500
NONE = "none"  # of them may a row be of, if it is impossible under all


def rows_section(result: AnyInferred, figures: tuple[Figure, ...]) -> Section | None:
    """The first rows with the component that each most probably belongs to; none without components or rows."""
    if not has_components(result) or isinstance(result.source, StandIns):
        return None
    if not result.source.is_here:
        return Section("rows", "Rows", (Paragraph(NOT_HERE.format("rows")),))
    called = names_in(result)
    headings = ("", *(called.column(j) for j in range(len(result.source.columns))), "component", "probability")
    rows: list[tuple[Cell, ...]] = []
    for chunk in result.source.chunks():
        rows += list(_of_chunk(result, chunk, MOST_ROWS - len(rows)))
        if len(rows) == MOST_ROWS:
            break
    left = int(result.source.rows) - len(rows)
    notes = (f"... and {left} more rows: augment() of the fit has all.",) if left > 0 else ()
    return Section("rows", "Rows", (Table("", headings, tuple(rows), notes), *figures))


def _of_chunk(result: AnyInferred, chunk: Chunk, most: int) -> Iterator[tuple[Cell, ...]]:
    model: Any = bare(result.model)
    shares = model.posterior(result.params, chunk).responsibilities[:most]
    for i, (row, own, k) in enumerate(zip(as_float64(chunk.x[:most]), shares, likeliest(shares).tolist(), strict=True)):
        cells = (_cell(result, j, value) for j, value in enumerate(row.tolist()))
        belongs = (names_in(result).component(k), fixed(float(own[k]), 4)) if k >= 0 else (NONE, None)
        yield (result.source.place_of_row(chunk.start + i), *cells, *belongs)


def _cell(result: AnyInferred, column: int, value: float) -> Cell:
    if np.isnan(value):
        return None
    if result.source.levels[column] is not None:
        return names_in(result).level(column, int(value))
    return Number(f"{value:.10g}")
