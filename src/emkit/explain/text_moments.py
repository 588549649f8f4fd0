"""Latent values that are numbers, as tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emkit.explain.moments import LatentMoments
from emkit.explain.numbers import LEFT, RIGHT, paragraph, table, table_width
from emkit.formulas.numerals import plain, significant

TITLE = "E-STEP   complete the data in expectation, with the current theta: what is latent are no labels, but numbers"
COUNTED = "EXPECTED SUMS   over all {units} {unit}s, what the M-step asks of them"
SQUARES = (
    "The expected square is the square of what is expected and the variance about it: the square alone would be too small."
)


def moments_sections(found: LatentMoments, width: int) -> list[str]:
    """What is expected of each row or group, and the sums of all."""
    return [_rows(found, width), _sums(found, width)]


def _rows(found: LatentMoments, width: int) -> str:
    cells = [[str(i + 1)] for i in range(len(found.expected))]
    header = [found.unit]
    told = [word for name in found.names for word in (f"E({name})", f"Var({name})")]
    columns = list(found.values[0]) if found.values else []
    with_values = [header + columns + told, [["0"] + ["00000000"] * (len(columns) + len(told))]]
    if columns and table_width(*with_values) <= width:  # type: ignore[arg-type]
        header += columns
        cells = [[*row, *map(_cell, values.values())] for row, values in zip(cells, found.values, strict=True)]
    moments = np.stack([found.expected, found.variances], axis=2).reshape(len(cells), -1)
    rows = [[*row, *map(significant, own)] for row, own in zip(cells, moments.tolist(), strict=True)]
    lines = [paragraph(TITLE, width), table([*header, *told], rows, LEFT + RIGHT * (len(header) + len(told) - 1))]
    if found.formula:
        worked = f"E({found.names[0]}) = {found.formula} = {significant(found.expected[0, 0])}"
        lines.append(paragraph(worked, width, f"  {found.unit} 1:  "))
    if found.units > len(cells):
        lines.append(f"  ... and {found.units - len(cells):,} {found.unit}s more")
    return "\n".join(lines)


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else plain(value)


def _sums(found: LatentMoments, width: int) -> str:
    title = paragraph(COUNTED.format(units=f"{found.units:,}", unit=found.unit), width)
    body = table(["sum of", "expected"], list(_named_sums(found)), LEFT + RIGHT)
    return "\n".join([title, body, paragraph(SQUARES, width, "  ")])


def _named_sums(found: LatentMoments) -> Iterator[list[str]]:
    for name, value in zip(found.names, found.first.tolist(), strict=True):
        yield [name, significant(value)]
    for a, one in enumerate(found.names):
        for b, other in enumerate(found.names[: a + 1]):
            yield [f"{one} squared" if a == b else f"{other} times {one}", significant(float(found.second[a, b]))]
