"""Factors that are one, or sums of others, in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from emkit.models.confirmatory_params import ConfirmatoryFactorParams
from emkit.report.sentences import joined

HARDLY_TWO = 1e-4  # below 1, a correlation of factors that is on its way there
NEARLY = 1e-2  # the same of two of factors without an inverse: which of these to name
ONE = 1e-10  # below 1, the same of a correlation that is 1 but for rounding


def factors_told(params: ConfirmatoryFactorParams, factors: Sequence[str]) -> list[str]:
    """A sentence for each two factors that are one, or hardly two, and for each that is a sum of others otherwise."""
    between, found, one = params.factors / np.outer(params.unit, params.unit), list[str](), set[int]()
    for later, first in np.argwhere(np.tril(np.abs(between) > 1 - HARDLY_TWO, -1)).tolist():
        correlation = float(between[later, first])
        one.add(later)
        if abs(correlation) > 1 - ONE:
            told = (
                f"{round(correlation)}: they are one. The likelihood is highest on this edge, so their correlation has no "
                "standard error, and those of all else are given it."
            )
        else:
            told = (
                f"{correlation:.7f}: they are hardly two, and neither their correlation nor its standard error tells more than "
                "that."
            )
        found.append(f"Factors {factors[first]} and {factors[later]} correlate {told} Let their columns have one factor.")
    for k in np.flatnonzero(np.diag(params.root) == 0).tolist():
        others = [j for j in range(k) if params.root[j, j] > 0]
        first, later = max(combinations([*others, k], 2), key=lambda pair: abs(between[pair]), default=(k, k))
        if params.factors[k, k] == 0:
            found.append(f"Factor {factors[k]} does not vary: its variance is 0, an edge. Leave it out.")
        elif k not in one and abs(between[first, later]) > 1 - NEARLY:
            found.append(
                f"Factors {factors[first]} and {factors[later]} correlate {between[first, later]:.4f}, and the covariance of "
                "factors has no inverse, which is an edge: they are hardly two. Let their columns have one factor."
            )
        elif k not in one:
            found.append(
                f"Factor {factors[k]} is a sum of {joined([factors[j] for j in others])}, which is an edge: their covariance "
                "has no inverse. Fewer factors tell as much."
            )
    return found
