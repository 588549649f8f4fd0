"""Counts that spread wider than Poisson counts, whose logarithm of the mean is linear.

Given its dispersion a, the log-density is concave in the linear predictor, and its second derivative -(y + 1/a) p (1 - p), with
p = a m / (1 + a m), has a derivative no larger than itself: one damped step of Newton's method climbs for certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.newton import NewtonSums
from emkit.core.spaces import NonNegative
from emkit.data.profile import AnyProfile
from emkit.families.counts import log_peak
from emkit.families.description import Description, Word
from emkit.families.negative_binomial import LEAST, NEGLIGIBLE, growth_of_counts, growth_of_means, off_peak
from emkit.families.regression.one_more import OneMore
from emkit.families.regression.params import RegressionParams
from emkit.families.regression.regression import LARGEST, Height, Pieces, Rows
from emkit.families.span import Curve
from emkit.families.student_t import NEAR
from emkit.families.support import Support, counts

__all__ = ["NegativeBinomialRegression", "NegativeBinomialRegressionParams"]

MOST = 1e8  # of a dispersion: with a few counts among zeros, the likelihood may rise for ever with it, ever less


@dataclass(frozen=True, eq=False)
class NegativeBinomialRegressionParams(RegressionParams):
    """`coefficients` (K, p) as in `RegressionParams`; `dispersions` (K,), >= 0: the variance is mean + dispersion * mean^2.

    >>> import emkit as ek
    >>> ek.NegativeBinomialRegressionParams([[1.0, 0.2]], dispersions=[0.25], covariates=("Intercept", "age")).sizes.tolist()
    [4.0]
    """

    dispersions: Annotated[Array, NonNegative(), Axes("component")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, coefficients: ArrayLike, dispersions: ArrayLike, *, covariates: tuple[str, ...] = ()) -> None: ...

    @property
    def sizes(self) -> Array:
        """1 / dispersion, (K,): infinite for Poisson counts."""
        with np.errstate(divide="ignore"):
            return 1 / self.dispersions


@dataclass(frozen=True)
class NegativeBinomialRegression(OneMore[NegativeBinomialRegressionParams]):
    """Negative binomial counts of mean m = exp(eta), with the dispersion a = dispersion_k, and eta as in `Regression`.

    log p(y | x, k) = log Gamma(y + 1/a) / Gamma(1/a) y! + y log a m - (y + 1/a) log(1 + a m); Poisson counts where a is 0.
    Data: a column of whole numbers >= 0, and covariates.

    Breaks of yarn on 54 looms, of two wools under three tensions (Tukey 1977). With one component, coefficients and size are
    those that glm.nb of R's package MASS finds:

    >>> import emkit as ek
    >>> breaks = (
    ...     "26 30 54 25 70 52 51 26 67 18 21 29 17 12 18 35 30 36 36 21 24 18 10 43 28 15 26 "
    ...     "27 14 29 19 29 31 41 20 44 42 26 19 16 39 28 21 39 29 20 21 24 17 13 15 15 16 28"
    ... ).split()
    >>> looms = {"breaks": [int(each) for each in breaks], "wool": ["A"] * 27 + ["B"] * 27}
    >>> looms["tension"] = [tension for _ in "AB" for tension in "LMH" for _ in range(9)]
    >>> found = ek.MixtureRegression("breaks ~ wool + C(tension, Treatment('L'))", 1, family="negative-binomial").fit(looms)
    >>> print(found.components_.coefficients.round(4), found.components_.sizes.round(4))
    [[ 3.6734 -0.1862 -0.5114 -0.2992]] [9.9444]
    """

    kind = NegativeBinomialRegressionParams
    number = "dispersions"

    @property
    def name(self) -> str:
        return "negative-binomial regression"

    @property
    def law(self) -> Support:
        return counts("counts of a negative binomial regression")

    @property
    def described(self) -> Description:
        words = {"coefficients": Word("coefficient", "b", 0.0), "dispersions": Word("dispersion", "a", 0.5)}
        return Description(
            words,
            "a column of counts that spread wider than Poisson counts, and covariates",
            "a coefficient for each covariate, and a dispersion",
        )

    def mean(self, rows: Rows, params: Any) -> Array:
        return np.exp(np.minimum(rows.predictors, LARGEST))

    def log_law(self, rows: Rows, params: NegativeBinomialRegressionParams) -> Array:
        a = np.maximum(params.dispersions, LEAST)
        return np.asarray(log_peak(rows.y) - off_peak(rows.y, self.mean(rows, params), a))

    def pieces(self, rows: Rows, params: NegativeBinomialRegressionParams) -> Pieces:
        m, a = self.mean(rows, params), np.maximum(params.dispersions, LEAST)
        spread = 1 + a * m
        values, of = np.unique(rows.y, return_inverse=True)  # counts repeat
        growth = growth_of_counts(values[:, None], a)[of.ravel()] + growth_of_means(np.ones(1), rows.y, m, a)
        return Pieces(
            (rows.y - m) / spread, m / spread * ((1 + a * rows.y) / spread), (growth, np.broadcast_to(rows.y, m.shape))
        )

    def start(self, y: Array, trials: Array | float) -> Array:
        return np.log(y + 0.5)

    def own_start(self, profile: AnyProfile) -> dict[str, Array]:
        return {"dispersions": np.ones(1)}

    def own_at(self, own: tuple[Curve, ...], t: Array) -> tuple[Array, ...]:
        growth, total = own
        return growth.risen(t), total(t)

    def height(self, sums: NewtonSums, gains: Array, now: NegativeBinomialRegressionParams) -> Height:
        return Height(float((sums.own[0] + gains).sum()), np.ones(len(gains)), {})

    def rising(self, sums: NewtonSums, gains: Array, now: NegativeBinomialRegressionParams) -> Curve:
        own, gained = NEAR.curve(self.by_place(sums.own[0])), NEAR.curve(gains).climbing()
        both = own.coefficients.copy()
        both[: len(gained.coefficients)] += gained.coefficients
        return Curve(both, own.reach)

    def _number(
        self, sums: NewtonSums, before: NegativeBinomialRegressionParams, now: NegativeBinomialRegressionParams
    ) -> Array:  # fmt: skip
        """The dispersions at which the bound is highest given the curves `now`, within exp(1.4) times those before.

        0 stays 0, and where only zeros were seen it stays what it is. None goes beyond 1e8, where nearly all counts are 0.
        Shapes: mass (K * places,), gradient (K * places, P), curvature (K * places, P, P) -> (K,). Unit: none.
        Source: set d/d log a [sum w sum_(j < y) log(1 + a j) - sum w (y + 1/a) log(1 + a m)] = 0.
        """
        was = before.dispersions
        found = np.minimum(self.risen(sums, before, now), np.maximum(was, MOST))
        mass, total = (self.by_place(each)[:, 0] for each in (sums.mass, sums.own[1]))
        found = np.where(found * total < NEGLIGIBLE * mass, np.minimum(found, was), found)
        return np.where(total > NEGLIGIBLE * mass, found, was)  # zeros alone tell nothing of a dispersion

    def drawn_from(self, rows: Rows, params: Any, rng: np.random.Generator) -> Array:
        m, a = self.mean(rows, params), params.dispersions
        rates = np.where(a > 0, rng.gamma(1 / np.where(a > 0, a, 1.0), a * m), m)
        return rng.poisson(rates[:, 0]).astype(np.float64)
