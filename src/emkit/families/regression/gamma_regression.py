"""Positive amounts whose logarithm of the mean is linear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes, component_name
from emkit.core.coordinates import Scale
from emkit.core.newton import NewtonSums, gain
from emkit.core.parameters import replace_at
from emkit.core.protocols import Update
from emkit.core.spaces import Positive
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.families.description import Description, Word
from emkit.families.family import keep_where_empty, per_mass
from emkit.families.floor import FLOOR, Floor, SpreadFloor, held, less_likely, too_thin
from emkit.families.gamma import excess
from emkit.families.gamma_shape import log_less_digamma, log_less_gammaln, shape_of
from emkit.families.regression.exactly_told import warn_of_exactly_told
from emkit.families.regression.in_tiles import Tile, TileLaw
from emkit.families.regression.params import RegressionParams
from emkit.families.regression.regression import LARGEST, Height, Pieces, Regression, Rows, in_deviations
from emkit.families.spread import Spread, Variances, few, rows_per_weight
from emkit.families.support import LARGEST_AMOUNT, Support, positive

__all__ = ["GammaRegression", "GammaRegressionParams"]

ROUNDING = 1e-14  # a spread below this is made of rounding: the covariates tell the response


@dataclass(frozen=True, eq=False)
class GammaRegressionParams(RegressionParams):
    """`coefficients` (K, p) as in `RegressionParams`; `shapes` (K,), > 0: the variance is mean^2 / shape.

    At x = 0 the mean is exp(2) and its coefficient of variation 1 / 4^(1/2):

    >>> import emkit as ek
    >>> params = ek.GammaRegressionParams([[2.0, 0.5]], shapes=[4.0], covariates=("Intercept", "x"))
    >>> params.covariates, (params.shapes**-0.5).tolist()
    (('Intercept', 'x'), [0.5])
    """

    shapes: Annotated[Array, Positive(), Axes("component")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, coefficients: ArrayLike, shapes: ArrayLike, *, covariates: tuple[str, ...] = ()) -> None: ...


@dataclass(frozen=True)
class GammaRegression(Regression[GammaRegressionParams]):
    """Gamma amounts of mean m = exp(eta): log p(y | x, k) = a log(a y / m) - a y / m - log y - log Gamma(a), with a = shape_k.

    eta is as in `Regression`. Data: a column of numbers > 0, and covariates. `floor` bounds the spread log a - digamma(a) from
    below, as a fraction of that about one curve for all rows: see `Floored`. Errors: ParameterError unless 0 <= floor < 1.

    Minutes until blood of nine dilutions clots, with either of two agents, which nobody wrote down (McCullagh & Nelder 1989):

    >>> import emkit as ek
    >>> import numpy as np
    >>> dilution = np.log([5, 10, 15, 20, 30, 40, 60, 80, 100] * 2)
    >>> minutes = [118, 58, 42, 35, 27, 25, 21, 19, 18, 69, 35, 26, 21, 18, 16, 13, 12, 12]
    >>> model = ek.Mixture(ek.GammaRegression(0, 1))
    >>> start = ek.MixtureParams([0.5, 0.5], ek.GammaRegressionParams([[5.0, -0.6], [4.5, -0.6]], [30, 30]))
    >>> print(ek.fit(model, np.column_stack([minutes, dilution]), start).params.components.coefficients.round(3))
    [[ 5.308 -0.569]
     [ 4.446 -0.454]]
    """

    floor: float = field(default=FLOOR, kw_only=True)
    rows_per_weight: float = field(default=1.0, repr=False, kw_only=True)
    whole: float = field(default=0.0, repr=False, kw_only=True)  # the spread of all rows about one curve, once settled

    kind = GammaRegressionParams

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.floor < 1:
            raise ParameterError(f"floor is {self.floor!r}; it is a fraction of the pooled spread and must lie in [0, 1).")

    @property
    def name(self) -> str:
        return "gamma regression"

    @property
    def law(self) -> Support:
        return positive("amounts of a gamma regression", LARGEST_AMOUNT)

    @property
    def described(self) -> Description:
        words = {"coefficients": Word("coefficient", "b", 0.0), "shapes": Word("shape", "a")}
        return Description(words, "a column of numbers > 0, and covariates")

    @property
    def spread(self) -> Spread:
        return Variances("shapes", inverse=True, directions=self.size)

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of a response that covariates tell exactly."""
        family = self.placed(profile)
        whole, varies = family._of_all(profile)
        if not varies:
            warn_of_exactly_told(profile.columns[family.described_by.response], "gamma shape", "spread")
        return replace(family, rows_per_weight=rows_per_weight(profile), whole=whole)

    def mean(self, rows: Rows, params: Any) -> Array:
        return np.exp(np.clip(rows.predictors, -LARGEST, LARGEST))

    def log_law(self, rows: Rows, params: GammaRegressionParams) -> Array:
        log_y = np.log(rows.y)
        beyond = excess(rows.y, log_y, self.mean(rows, params))
        return np.asarray(log_less_gammaln(params.shapes) - params.shapes * beyond - log_y)

    def log_base(self, rows: Rows) -> Array:
        return -np.log(rows.y)

    def in_tiles(self, params: GammaRegressionParams) -> TileLaw:
        return TileLaw(partial(_fill, params.shapes), log_less_gammaln(params.shapes), own=1)

    def cdf(self, rows: Rows, params: GammaRegressionParams) -> Array:
        return np.asarray(scipy.special.gammainc(params.shapes, params.shapes * (rows.y / self.mean(rows, params))))

    def pieces(self, rows: Rows, params: GammaRegressionParams) -> Pieces:
        mean = self.mean(rows, params)
        return Pieces((rows.y - mean) / mean, rows.y / mean, (excess(rows.y, np.log(rows.y), mean),))

    def start(self, y: Array, trials: Array | float) -> Array:
        return np.log(y)

    def own_start(self, profile: AnyProfile) -> dict[str, Array]:
        return {"shapes": np.ones(1)}

    def height(self, sums: NewtonSums, gains: Array, now: GammaRegressionParams) -> Height:
        a, beyond = now.shapes, sums.own[0] - gains
        value = (sums.mass * log_less_gammaln(a) - a * beyond).sum()
        return Height(float(value), a, {"shapes": sums.mass * log_less_digamma(a) - beyond})

    def own_updates(self) -> Mapping[str, Update[NewtonSums, GammaRegressionParams]]:
        return {"shapes": self._shapes}

    def _shapes(self, sums: NewtonSums, before: GammaRegressionParams, now: GammaRegressionParams) -> Array:
        """The shape a at which log a - digamma(a) is the spread of the rows about the curve `now`, none below the floor.

        Shapes: mass (K,), gradient (K, P), curvature (K, P, P) -> (K,).
        Errors: DegenerateFitError if a component collapsed that had been freed from the floor.
        Source: set d/da [mass (a log a - a - log Gamma(a)) - a excess] = 0.
        """
        beyond = sums.own[0] - gain(sums, self.way(before, now)).value
        spread = np.maximum(per_mass(beyond, sums.mass, 1.0), ROUNDING)[:, None]
        least, was = np.array([self.floor * self.whole]), log_less_digamma(before.shapes)[:, None]
        holds, freed = held(spread, was, few(sums.mass * self.rows_per_weight, self.size), least, np.array([self.whole]))
        found = np.where(holds, least, spread)
        for k, _ in np.argwhere(freed & holds & less_likely(found, was, spread) & (sums.mass > 0)[:, None]):
            raise too_thin(f"component {component_name(k)}")
        return keep_where_empty(shape_of(found[:, 0]), before.shapes, sums.mass)

    def scales(self, params: GammaRegressionParams) -> Mapping[str, Scale]:
        """Coefficients are counted in steps that move the curves by about a standard deviation of their components."""
        return in_deviations(super().scales(params), 1 / np.sqrt(params.shapes))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        whole, varies = self.placed(profile)._of_all(profile)
        return SpreadFloor("shapes", np.array([self.floor * whole]), np.array([varies]), log_less_digamma, shape_of)

    def pooled(self, profile: AnyProfile, n_components: int) -> GammaRegressionParams:
        """The same, not below the floor."""
        found, least = super().pooled(profile, n_components), self.floor * self._of_all(profile)[0]
        lifted = np.where(log_less_digamma(found.shapes) < least, shape_of(np.array(max(least, ROUNDING))), found.shapes)
        return replace_at(found, {"shapes": lifted})

    def _of_all(self, profile: AnyProfile) -> tuple[float, bool]:
        """The spread of all rows about one curve, and whether there is any; where there is none, 1 stands in for it."""
        one = super(GammaRegression, replace(self, whole=0.0)).pooled(profile, 1)
        spread = float(log_less_digamma(one.shapes)[0])
        return (spread, True) if spread > 2 * ROUNDING else (1.0, False)

    def drawn_from(self, rows: Rows, params: Any, rng: np.random.Generator) -> Array:
        return np.asarray((rng.gamma(params.shapes) / params.shapes * self.mean(rows, params))[:, 0])


def _fill(shapes: Array, tile: Tile) -> None:
    from emkit.kernels.regression_laws import gamma

    gamma(tile.y, shapes, tile.scores, tile.slopes, tile.curvatures, tile.own[0])
