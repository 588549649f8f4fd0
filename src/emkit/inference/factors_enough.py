"""Are so many factors enough? The likelihood-ratio test against any covariance at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.inference.delta import LEAST_P, p_told
from emkit.inference.fit_indices import nothing_to_test


@dataclass(frozen=True)
class FactorTest:
    """A chi-squared `statistic` with its `degrees_of_freedom` and `p_value`, and the `discrepancy` that it is of.

    A small p-value says that the columns hang together by more than so many factors. It is NaN without degrees of freedom.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    discrepancy: float

    def __str__(self) -> str:
        if self.degrees_of_freedom < 0:
            return nothing_to_test(self.degrees_of_freedom)
        if self.degrees_of_freedom == 0:
            return "nothing to test: so many factors reproduce any covariance"
        p = f"p {p_told(self.p_value)}" if self.p_value < LEAST_P else f"p = {self.p_value:.3g}"
        return f"chi-squared {self.statistic:.4g} on {self.degrees_of_freedom} degrees of freedom, {p}"


def factor_test(observed: Array, fitted: Array, n: float, m: int, freedom: int) -> FactorTest:
    """The test of `m` factors from covariances (d, d), as `observed` in `n` rows (divisor n) and as `fitted` to them.

    The statistic is (n - 1 - (2 d + 5) / 6 - 2 m / 3) times the discrepancy log |fitted| - log |observed| +
    tr(observed fitted^-1) - d; where a uniqueness is 0, it is no chi-squared one, and the p-value is a guide.
    Source: Bartlett (1951), Biometrika 38, 337-344.
    """
    d = len(observed)
    ratio = np.linalg.solve(fitted, observed)
    height = float(np.trace(ratio) - np.linalg.slogdet(ratio)[1] - d)
    statistic = max(n - 1 - (2 * d + 5) / 6 - 2 * m / 3, 0.0) * max(height, 0.0)
    return FactorTest(statistic, freedom, float(scipy.special.chdtrc(freedom, statistic)) if freedom > 0 else np.nan, height)
