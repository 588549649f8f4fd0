"""Numbers of successes, whose log-odds are linear."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array
from emkit.core.checks import is_count
from emkit.errors import ModelError
from emkit.families.counts import SMALL, deviance, log_peak
from emkit.families.description import Description, Word
from emkit.families.regression.in_tiles import Tile, TileLaw
from emkit.families.regression.layout import Named
from emkit.families.regression.params import RegressionParams
from emkit.families.regression.regression import Pieces, Regression, Rows
from emkit.families.support import Support, counts

__all__ = ["BinomialRegression"]


@dataclass(frozen=True)
class BinomialRegression(Regression[RegressionParams]):
    """Successes of a chance with log-odds eta: log p(y | x, k) = log C(m, y) + y eta_k - m log(1 + exp(eta_k)).

    `trials` m: a number for all rows, or the name of a column that has them. Data: a column of whole numbers from 0 to m, and
    covariates; with one trial, it is logistic regression. eta is as in `Regression`.

    Animals killed by doses of a poison, out of nine, of two kinds:

    >>> import emkit as ek
    >>> rows = [[0, 1, 9], [2, 2, 9], [5, 3, 9], [8, 4, 9], [9, 5, 9], [0, 3, 9], [1, 4, 9], [1, 5, 9], [3, 6, 9], [6, 7, 9]]
    >>> source = ek.ArraySource(rows, columns=["killed", "dose", "animals"])
    >>> model = ek.Mixture(ek.BinomialRegression("killed", "dose", trials="animals"))
    >>> start = ek.MixtureParams([0.5, 0.5], ek.RegressionParams([[-5.0, 2.0], [-6.0, 1.0]]))
    >>> ek.fit(model, source, start).params.components.coefficients.round(2)
    array([[-5.27,  1.87],
           [-7.52,  1.16]])
    """

    trials: str | int = field(default=1, kw_only=True)

    kind = RegressionParams

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.trials, str) and not is_count(self.trials):
            raise ModelError(f"trials is {self.trials!r}; it must be a whole number >= 1, or the name of a column.")

    @property
    def named(self) -> Named:
        return super().named._replace(trials=self.trials if isinstance(self.trials, str) else None)

    @property
    def name(self) -> str:
        return "logistic regression" if self.trials == 1 else "binomial regression"

    @property
    def law(self) -> Support:
        noun = "successes of a binomial regression"
        if isinstance(self.trials, str):
            return counts(noun)
        return counts(noun, self.trials, f"there cannot be more successes than trials ({self.trials}).")

    @property
    def described(self) -> Description:
        words = {"coefficients": Word("coefficient", "b", 0.0)}
        return Description(words, "a column of successes, and covariates", "a coefficient for each covariate")

    def _trials(self, rows: Rows) -> Array | float:
        return rows.trials if isinstance(self.trials, str) else float(self.trials)

    def mean(self, rows: Rows, params: Any) -> Array:
        return np.asarray(self._trials(rows) * scipy.special.expit(rows.predictors))

    def log_law(self, rows: Rows, params: RegressionParams) -> Array:
        y, m = rows.y, self._trials(rows)
        if np.max(m, initial=0) > SMALL:  # where logarithms of factorials have lost their digits
            peaks = log_peak(y) + log_peak(m - y) - log_peak(np.asarray(m))
            yes, no = m * scipy.special.expit(rows.predictors), m * scipy.special.expit(-rows.predictors)
            return np.asarray(peaks - (deviance(y, yes) + deviance(m - y, no)))
        yes, no = scipy.special.log_expit(rows.predictors), scipy.special.log_expit(-rows.predictors)
        return np.asarray(self.log_base(rows) + y * yes + (m - y) * no)

    def log_base(self, rows: Rows) -> Array:
        y, m = rows.y, self._trials(rows)
        return np.asarray(scipy.special.gammaln(m + 1) - scipy.special.gammaln(y + 1) - scipy.special.gammaln(m - y + 1))

    def in_tiles(self, params: RegressionParams) -> TileLaw | None:
        """None where `trials` are so many that digits would be lost; of trials in a column, 1e9 keep about 8 digits."""
        if not isinstance(self.trials, str) and self.trials > SMALL:
            return None
        return TileLaw(_fill, trials=1.0 if isinstance(self.trials, str) else float(self.trials))

    def pieces(self, rows: Rows, params: RegressionParams) -> Pieces:
        m, up, down = self._trials(rows), scipy.special.expit(rows.predictors), scipy.special.expit(-rows.predictors)
        return Pieces(np.asarray(rows.y * down - (m - rows.y) * up), np.asarray(m * up * down))

    def start(self, y: Array, trials: Array | float) -> Array:
        m = trials if isinstance(self.trials, str) else float(self.trials)
        return np.log((y + 0.5) / (m - y + 0.5))

    def drawn_from(self, rows: Rows, params: Any, rng: np.random.Generator) -> Array:
        trials = np.broadcast_to(self._trials(rows), rows.y.shape)[:, 0].astype(np.int64)
        return rng.binomial(trials, scipy.special.expit(rows.predictors[:, 0])).astype(np.float64)


def _fill(tile: Tile) -> None:
    from emkit.kernels.regression_laws import binomial

    binomial(tile.y, tile.trials, tile.scores, tile.slopes, tile.curvatures)
