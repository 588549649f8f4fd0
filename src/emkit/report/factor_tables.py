"""Factors on one screen: what columns load on, and what is left of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emkit.core.arrays import Array
from emkit.report.tables import CELL, WIDTH, as_text, grid_of

DIGITS = 3


def loadings_table(columns: Sequence[str], loadings: Array, uniquenesses: Array, width: int = WIDTH) -> str:
    """Loadings (d, m) and what each column has to itself and in common, (d,), all in units of variances of 1."""
    told = {f"factor {k + 1}": loadings[:, k] for k in range(loadings.shape[1])}
    room = max(1, (width - max(map(len, columns), default=0)) // CELL - 2)
    parts = [dict(list(told.items())[first : first + room]) for first in range(0, max(len(told), 1), room)]
    parts[-1] |= {"uniqueness": uniquenesses, "communality": 1 - uniquenesses}
    texts = []
    for part in parts:
        numbers = {name: [f"{value:.{DIGITS}f}" for value in values] for name, values in part.items()}
        texts.append(as_text(grid_of({"column": list(columns), **numbers}), width).rstrip("\n"))
    return "\n\n".join(texts)


def variance_table(loadings: Array, width: int = WIDTH) -> str:
    """How much of the variances of all columns, 1 each, goes along each factor."""
    squares = (loadings**2).sum(axis=0)
    shares = squares / max(len(loadings), 1)
    rows = {"sum of squares": squares, "share of variance": shares, "together": np.cumsum(shares)}
    heads = {f"factor {k + 1}": [f"{values[k]:.{DIGITS}f}" for values in rows.values()] for k in range(loadings.shape[1])}
    return as_text(grid_of({"": list(rows), **heads}), width).rstrip("\n")
