"""What the page needs to go forward and backward through sequences itself: densities, and which rows follow which."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.data.chunk import as_float64
from emkit.data.source import ArraySource
from emkit.explain.own_words import in_own_words
from emkit.explain.passes import Passes
from emkit.families.family import for_rows
from emkit.formulas.numerals import plain
from emkit.models.around import bare
from emkit.page.likelihood import brief
from emkit.page.walk import Walk

MOST_ROWS = 1_000  # of all sequences together
MOST_COLUMNS = 2  # whose values are shown
DIGITS = 12  # of a density's logarithm: the page's own sums then agree with Python's to ten


def shown_in_sequence(walk: Walk) -> bool:
    """Whether rows come in sequences that are short enough for a page."""
    source = walk.subject.source
    return not walk.rows_alone and isinstance(source, ArraySource) and source.rows <= MOST_ROWS


def in_sequence(walk: Walk) -> Json | None:
    """The sequences of a walk; None where rows are independent, or too many.

    `bounds` say where each begins and, last, where all end; `weights` of each; `row` (n,) says which of the different rows
    stands there, `values` are these (n', d) as text, and `numbers` those of the first column; `names` (n,) are of rows. For
    each E-step, `log_density` (n', K) is of different rows.
    """
    first = walk.steps[0].e_step
    if not shown_in_sequence(walk) or not isinstance(first, Passes):
        return None
    source, subject = walk.subject.source, walk.subject
    different, row = np.unique(as_float64(source.x), axis=0, return_inverse=True)
    bounds = bare(subject.model).in_sequences(source).groups
    columns = source.columns[:MOST_COLUMNS]
    return {
        "bounds": bounds.tolist(),
        "weights": source.weights[bounds[:-1]].tolist(),
        "row": row.ravel().tolist(),
        "columns": list(columns),
        "values": [[_shown(source, j, value) for j, value in enumerate(line[: len(columns)])] for line in different],
        "numbers": brief(different[:, 0], 9),
        "names": list(subject.row_names) if len(subject.row_names) == source.rows else [],
        "words": in_own_words(subject, first.words),
        "log_density": [_log_density(walk, params, different) for params in walk.path[:-1]],
    }


def _shown(source: ArraySource, column: int, value: float) -> str:
    names = source.levels[column]
    if np.isnan(value):
        return "?"
    return names[int(value)] if names is not None else plain(value)


def _log_density(walk: Walk, params: Any, x: Array) -> list[object]:
    family = for_rows(bare(walk.subject.model).family, walk.subject.source.profile)
    return brief(family.log_density(params.components, x), DIGITS)
