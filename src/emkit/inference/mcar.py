"""Little's test that cells are missing completely at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.data.chunk import as_float64
from emkit.data.gaps import patterns_of
from emkit.inference.delta import LEAST_P, p_told


@dataclass(frozen=True)
class McarTest:
    """A chi-squared `statistic` with its `degrees_of_freedom` and `p_value`, from so many `patterns` of gaps.

    A small p-value says that rows which lack different cells differ in those that they have: not missing completely at random.
    Missing at random, which estimates by likelihood rest on, it neither proves nor refutes.
    The p-value is NaN without degrees of freedom, as where no cell is missing.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    patterns: int

    def __str__(self) -> str:
        if self.patterns == 1:
            return "nothing to test: no cell is missing"
        p = f"p {p_told(self.p_value)}" if self.p_value < LEAST_P else f"p = {self.p_value:.3g}"
        return (
            f"chi-squared {self.statistic:.4g} on {self.degrees_of_freedom} degrees of freedom, {p} "
            f"({self.patterns} patterns of gaps)"
        )


def mcar_test(source: Any, mean: Array, covariance: Array) -> McarTest:
    """How far the means of the rows with each pattern of gaps lie from those of one normal distribution.

    `mean` (d,) and `covariance` (d, d) are its maximum-likelihood estimates from all rows of `source`. Without gaps, or with
    one pattern, there is nothing to test: the p-value is 1.
    Source: Little (1988), J. Amer. Statist. Assoc. 83, 1198-1202.
    """
    sums: dict[bytes, tuple[Array, float, Array]] = {}
    for chunk in source.chunks():
        x, patterns = as_float64(chunk.x), patterns_of(chunk.x)
        for p, key in enumerate(patterns.keys):
            rows, seen = patterns.order[patterns.bounds[p] : patterns.bounds[p + 1]], patterns.seen[p]
            _, mass, total = sums.get(key, (seen, 0.0, np.zeros(int(seen.sum()))))
            weights = chunk.weights[rows]
            sums[key] = seen, mass + float(weights.sum()), total + weights @ (x[np.ix_(rows, seen)] - mean[seen])
    parts = [(seen, mass, total / mass) for seen, mass, total in sums.values() if seen.any()]
    squares = (mass * away @ np.linalg.solve(covariance[np.ix_(seen, seen)], away) for seen, mass, away in parts)
    statistic, freedom = float(sum(squares)), int(sum(seen.sum() for seen, _, _ in parts)) - len(mean)
    p_value = float(scipy.special.chdtrc(freedom, statistic)) if freedom > 0 else np.nan
    return McarTest(statistic, max(freedom, 0), p_value, len(sums))
