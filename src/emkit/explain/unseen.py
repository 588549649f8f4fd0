"""Cells that were not seen: what the E-step expects of them, and how uncertain that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.core.json_types import Json
from emkit.data.chunk import Chunk, as_float64
from emkit.data.source import columns_of
from emkit.explain.latent import latent_cells_of
from emkit.explain.subject import Subject
from emkit.formulas.numerals import plain, significant


@dataclass(frozen=True)
class Unseen:
    """A cell of a row that was not seen: what each component expects of it (K,), and the variance (K,) which that leaves.

    `formulas` (K,) are the regressions on the cells seen, with the numbers filled in.
    """

    label: str
    column: str
    expected: Array
    variance: Array
    formulas: tuple[str, ...]

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {
            "row": self.label,
            "column": self.column,
            "expected": self.expected.tolist(),
            "variance": self.variance.tolist(),
            "substituted": list(self.formulas),
        }


def unseen_cells(subject: Subject, params: Any, chunk: Chunk, labels: dict[int, str]) -> tuple[Unseen, ...]:
    """The cells not seen of the rows called so, by their places in a chunk; none where such cells are no latent values."""
    family = latent_cells_of(subject.model)
    if family is None or not chunk.has_gaps:
        return ()
    x, means = as_float64(chunk.x), params.components.means
    names = columns_of(subject.source) or tuple(f"column {j + 1}" for j in range(x.shape[1]))
    found = family.expected_cells(params.components, x)
    return tuple(
        Unseen(
            label,
            names[j],
            found.values[i, :, j],
            found.rest[i, :, j, j],
            tuple(_regression(x[i], means[k], found.onto[i, k, j], j) for k in range(len(means))),
        )
        for i, label in labels.items()
        for j in np.flatnonzero(np.isnan(x[i])).tolist()
    )


def _regression(x: Array, means: Array, slopes: Array, j: int) -> str:
    """The mean of column j, and for each cell seen the slope times how far that lies from its own mean."""
    seen = np.flatnonzero(~np.isnan(x)).tolist()
    terms = [f"{significant(slopes[i])} * ({plain(x[i])} - {plain(means[i])})" for i in seen]
    return " + ".join([plain(means[j]), *terms])
