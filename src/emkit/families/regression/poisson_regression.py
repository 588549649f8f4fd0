"""Counts whose logarithm of the mean is linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array
from emkit.families.counts import deviance, log_peak
from emkit.families.description import Description, Word
from emkit.families.regression.in_tiles import Tile, TileLaw
from emkit.families.regression.params import RegressionParams
from emkit.families.regression.regression import LARGEST, Pieces, Regression, Rows
from emkit.families.support import Support, counts

__all__ = ["PoissonRegression", "RegressionParams"]


@dataclass(frozen=True)
class PoissonRegression(Regression[RegressionParams]):
    """Counts of mean exp(eta): log p(y | x, k) = y eta_k - exp(eta_k) - log y!, with eta as in `Regression`.

    Data: a column of whole numbers >= 0, and covariates. With the logarithm of an exposure as `offset`, exp(eta - offset) is a
    rate.

    Visits of 12 people in a year, of two kinds that differ in how visits change with age:

    >>> import emkit as ek
    >>> rows = [[1, 20], [2, 30], [2, 40], [4, 50], [6, 60], [9, 70], [9, 20], [8, 30], [6, 40], [4, 50], [4, 60], [3, 70]]
    >>> model = ek.Mixture(ek.PoissonRegression(0, 1))
    >>> start = ek.MixtureParams([0.5, 0.5], ek.RegressionParams([[-1.0, 0.05], [3.0, -0.03]]))
    >>> ek.fit(model, rows, start).params.components.coefficients.round(3)
    array([[-0.575,  0.038],
           [ 2.582, -0.02 ]])
    """

    kind = RegressionParams

    @property
    def name(self) -> str:
        return "poisson regression"

    @property
    def law(self) -> Support:
        return counts("counts of a Poisson regression")

    @property
    def described(self) -> Description:
        words = {"coefficients": Word("coefficient", "b", 0.0)}
        return Description(words, "a column of counts, and covariates", "a coefficient for each covariate")

    def mean(self, rows: Rows, params: Any) -> Array:
        return np.exp(np.minimum(rows.predictors, LARGEST))

    def log_law(self, rows: Rows, params: RegressionParams) -> Array:
        return np.asarray(self.log_base(rows) - deviance(rows.y, self.mean(rows, params)))

    def log_base(self, rows: Rows) -> Array:
        return log_peak(rows.y)

    def in_tiles(self, params: RegressionParams) -> TileLaw:
        return TileLaw(_fill)

    def pieces(self, rows: Rows, params: RegressionParams) -> Pieces:
        mean = self.mean(rows, params)
        return Pieces(rows.y - mean, mean)

    def start(self, y: Array, trials: Array | float) -> Array:
        return np.log(y + 0.5)

    def drawn_from(self, rows: Rows, params: Any, rng: np.random.Generator) -> Array:
        return rng.poisson(self.mean(rows, params)[:, 0]).astype(np.float64)


def _fill(tile: Tile) -> None:
    from emkit.kernels.regression_laws import poisson

    poisson(tile.y, tile.scores, tile.slopes, tile.curvatures)
