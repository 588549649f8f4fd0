"""What a fit costs and how clearly it divides the rows: criteria for choosing among models, lower being better.

Sources: Hurvich & Tsai (1989), Biometrika 76, 297-307 (AICc); Sclove (1987), Psychometrika 52, 333-343 (the adjusted BIC);
Bozdogan (1987), Psychometrika 52, 345-370 (CAIC); Biernacki, Celeux & Govaert (2000), IEEE Trans. Pattern Analysis and Machine
Intelligence 22, 719-725 (ICL).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import scipy

from emkit.core.arrays import Array


class Uncertainty(NamedTuple):
    """Of the assignment of all rows: the `entropy`, and minus the log-probability of each row's likeliest component."""

    entropy: float
    surprise: float


def aicc(log_likelihood: float, free: int, rows: float) -> float:
    """Akaike's criterion for small samples; infinite if there are no more rows than parameters by two."""
    left = rows - free - 1
    return -2 * log_likelihood + 2 * free + (2 * free * (free + 1) / left if left > 0 else np.inf)


def sabic(log_likelihood: float, free: int, rows: float) -> float:
    """Schwarz's criterion adjusted for the sample size: (rows + 2) / 24 in place of rows."""
    return -2 * log_likelihood + free * float(np.log((rows + 2) / 24))


def caic(log_likelihood: float, free: int, rows: float) -> float:
    """Bozdogan's consistent version of Akaike's criterion."""
    return -2 * log_likelihood + free * (float(np.log(rows)) + 1)


def uncertainty(assigned: Iterable[tuple[Array, Array]]) -> Uncertainty:
    """The sums over the weights (n,) and responsibilities (n, K) of all chunks."""
    entropy = surprise = 0.0
    for weights, shares in assigned:
        entropy -= float(weights @ scipy.special.xlogy(shares, shares).sum(axis=1))
        surprise -= float(weights @ np.log(shares.max(axis=1)))
    return Uncertainty(entropy + 0.0, surprise + 0.0)
