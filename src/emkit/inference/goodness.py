"""How well a model of levels reproduces the table of all patterns of answers: G2 and X2."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.data.chunk import Chunk, as_float64
from emkit.markup import Tabled, ToldTable


@dataclass(frozen=True, repr=False)
class GoodnessOfFit(Tabled):
    """`G2` = 2 sum n log(n / e) and `X2` = sum (n - e)^2 / e over the patterns of answers, of counts n, expected e.

    Patterns that nobody gave count for X2 with n = 0. `degrees_of_freedom`: the smaller of the number of rows and of patterns
    less one, less the number of free parameters, as poLCA counts them; `G2_p_value` and `X2_p_value` are the probabilities of
    larger values if the model is right, NaN without degrees of freedom. `rows` is the number of rows without gaps, from which
    all this is worked out, as in poLCA; `patterns` is how many patterns they have, of `possible` ones. Where most patterns are
    expected less than once, neither statistic is near its limit, and p-values mean little.
    Source: Linzer & Lewis (2011), J. Statist. Software 42(10), section 2.4.
    """

    G2: float
    X2: float
    degrees_of_freedom: int
    G2_p_value: float
    X2_p_value: float
    rows: float
    patterns: int
    possible: int

    def _as_table(self) -> ToldTable:
        columns: dict[str, list[object]] = {
            "statistic": ["G2", "X2"],
            "value": [self.G2, self.X2],
            "degrees of freedom": [self.degrees_of_freedom] * 2,
            "p": [self.G2_p_value, self.X2_p_value],
        }
        head = f"{self.patterns:,} patterns of {self.possible:,} possible ones, in {self.rows:,.10g} rows without gaps"
        return ToldTable(head, columns)


def goodness_of_fit(
    model: Any, params: Any, source: Any, levels: tuple[int, ...], free_parameters: int
) -> GoodnessOfFit | None:
    """G2 and X2 of a model of columns with so many `levels` each.

    None where there is no table to compare with: all rows have gaps, or rows of one group depend on each other.
    """
    patterns, counts = _observed(source)
    if source.groups is not None or not len(patterns):
        return None
    total, possible = float(counts.sum()), prod(levels)
    expected = total * np.exp(model.posterior(params, Chunk(patterns, np.ones(len(patterns)))).log_likelihood)
    G2 = 2 * float(counts @ np.log(counts / expected))
    X2 = float(((counts - expected) ** 2 / expected).sum() + (total - expected.sum()))
    freedom = int(min(source.total_weight, possible - 1)) - free_parameters
    G2_p_value, X2_p_value = (float(scipy.special.chdtrc(freedom, found)) if freedom > 0 else np.nan for found in (G2, X2))
    return GoodnessOfFit(G2, X2, freedom, G2_p_value, X2_p_value, total, len(patterns), possible)


def _observed(source: Any) -> tuple[Array, Array]:
    """The patterns (m, d) of rows without gaps, and how often each occurs (m,)."""
    rows = np.concatenate([as_float64(chunk.x) for chunk in source.chunks()])
    weights = np.concatenate([chunk.weights for chunk in source.chunks()])
    complete = ~np.isnan(rows).any(axis=1)
    patterns, place = np.unique(rows[complete], axis=0, return_inverse=True)
    counts = np.bincount(place.ravel(), weights[complete], minlength=len(patterns))
    return patterns, counts.astype(np.float64)
