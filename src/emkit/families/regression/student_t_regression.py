"""Numbers about lines, some of them far off: Student's t.

Each row has a weight of its own that falls with its distance from the line, as in `families/student_t.py`: the log-density is
convex in the square of the distance, and the line that touches it there is a bound, in which lines are found by weighted least
squares. It touches for all tails.
Source: Lange, Little & Taylor (1989), Robust statistical modeling using the t distribution, J. Amer. Statist. Assoc. 84,
881-896.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.newton import NewtonSums
from emkit.core.protocols import Update
from emkit.core.spaces import NonNegative, Positive
from emkit.data.profile import AnyProfile
from emkit.errors import ParameterError
from emkit.families.description import Description, Word
from emkit.families.floor import Floor, SpreadFloor
from emkit.families.regression.exactly_told import warn_of_exactly_told
from emkit.families.regression.from_datum import FromDatum
from emkit.families.regression.normal_regression import NormalRegression
from emkit.families.regression.one_more import OneMore
from emkit.families.regression.params import RegressionParams
from emkit.families.regression.regression import Height, Pieces, Rows, in_deviations
from emkit.families.span import Curve
from emkit.families.spread import Spread, Variances, rows_per_weight
from emkit.families.student_t import LIGHT, NEAR, TYPICAL, fall, peak

__all__ = ["StudentTRegression", "StudentTRegressionParams"]

HEAVY = 1.0  # the tails that starts have: those of a Cauchy distribution


@dataclass(frozen=True, eq=False)
class StudentTRegressionParams(RegressionParams):
    """`coefficients` (K, p) as in `RegressionParams`; `squared_scales` (K,) about the lines; `tails` (K,).

    Tails are 1 / degrees of freedom: 0 for a normal distribution, 1 for a Cauchy distribution.

    >>> import emkit as ek
    >>> params = ek.StudentTRegressionParams([[1.0, 2.0]], squared_scales=[4.0], tails=[0.2], covariates=("Intercept", "x"))
    >>> params.scales.tolist(), params.freedoms.tolist()
    ([2.0], [5.0])
    """

    squared_scales: Annotated[Array, Positive(), Axes("component")]
    tails: Annotated[Array, NonNegative(), Axes("component")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, coefficients: ArrayLike, squared_scales: ArrayLike, tails: ArrayLike, *, covariates: tuple[str, ...] = ()
        ) -> None: ...

    @property
    def scales(self) -> Array:
        """The scales, (K,), in the unit of the response."""
        return np.asarray(np.sqrt(self.squared_scales))

    @property
    def freedoms(self) -> Array:
        """The degrees of freedom, (K,)."""
        with np.errstate(divide="ignore"):
            return 1 / self.tails


@dataclass(frozen=True)
class StudentTRegression(FromDatum[StudentTRegressionParams], OneMore[StudentTRegressionParams]):
    """Student's t about a line, for responses of which some are far off, with eta as in `Regression`.

    log p(y | x, k) = log Gamma((f + 1) / 2) - log Gamma(f / 2) - 1/2 [log(pi f s) + (f + 1) log(1 + (y - eta_k)^2 / (f s))].
    Here f = 1 / tails_k are the degrees of freedom, and s = squared_scales_k. `freedom`: degrees of freedom that all components
    have, and no fit moves; None: each component's are estimated. Data: a column of numbers, and covariates. `floor` bounds the
    squares of the scales from below, as a fraction of the variance about one line for all rows: see `Floored`.
    Errors: ParameterError unless 0 <= floor < 1, and for degrees of freedom that are not > 0.

    Telephone calls from Belgium in 1950 to 1973, in tens of millions; in 1964 to 1969 minutes were written down in their place
    (Rousseeuw & Leroy 1987). Least squares find a slope of 5.04:

    >>> import emkit as ek
    >>> calls = [4.4, 4.7, 4.7, 5.9, 6.6, 7.3, 8.1, 8.8, 10.6, 12, 13.5, 14.9, 16.1, 21.2, 119, 124, 142, 159, 182, 212, 43, 24]
    >>> data = {"calls": [*calls, 27, 29], "year": list(range(50, 74))}
    >>> line = ek.MixtureRegression("calls ~ year", 1, family="student-t").fit(data).components_
    >>> print(line.coefficients.round(3), line.scales.round(3))
    [[-54.014   1.126]] [0.516]
    """

    freedom: float | None = field(default=None, kw_only=True)
    whole: float = field(default=0.0, repr=False, kw_only=True)  # the variance of all rows about one line, once settled

    kind = StudentTRegressionParams
    curved = False
    number = "tails"
    floored = "squared scales"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.freedom is not None and not self.freedom > 0:
            raise ParameterError(f"freedom is {self.freedom!r}; degrees of freedom must be > 0, or None to estimate them.")

    @property
    def name(self) -> str:
        return "student-t regression"

    @property
    def described(self) -> Description:
        words = {
            "coefficients": Word("coefficient", "b", 0.0),
            "squared_scales": Word("squared scale", "s"),
            "tails": Word("tail", "a", TYPICAL),
        }
        return Description(
            words,
            "a column of numbers, some far off, and covariates",
            "a coefficient for each covariate, a squared scale, and tails",
        )

    @property
    def moves(self) -> bool:
        return self.freedom is None

    @property
    def spread(self) -> Spread:
        return Variances("squared_scales", directions=self.size)

    @property
    def _normal(self) -> NormalRegression:
        """The regression with tails of 0."""
        of = {name: getattr(self, name) for name in ("shared", "offset", "intercept", "layout")}
        return NormalRegression(self.response, self.covariates, **of)

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of a response that covariates tell exactly."""
        family = self.placed(profile)
        whole, varies = family._normal.about_line(profile)
        if not varies:
            response = profile.columns[family.described_by.response]
            warn_of_exactly_told(response, "scale about a line", "squared scales")
        return replace(family, rows_per_weight=rows_per_weight(profile), whole=whole)

    def log_law(self, rows: Rows, params: StudentTRegressionParams) -> Array:
        s, tails = params.squared_scales, params.tails
        return np.asarray(peak(tails, 1) - 0.5 * np.log(s) - fall((rows.y - rows.predictors) ** 2 / s, tails, 1))

    def cdf(self, rows: Rows, params: StudentTRegressionParams) -> Array:
        z, heavy = (rows.y - rows.predictors) / np.sqrt(params.squared_scales), params.tails > LIGHT
        return np.where(heavy, scipy.special.stdtr(1 / np.where(heavy, params.tails, 1.0), z), scipy.special.ndtr(z))

    def pieces(self, rows: Rows, params: StudentTRegressionParams) -> Pieces:
        away, tails = rows.y - rows.predictors, params.tails
        length = away**2 / params.squared_scales
        weight = (1 + tails) / (1 + tails * length)
        top = peak(tails, 1) - fall(length, tails, 1) + weight * length / 2
        return Pieces(weight * away, weight, (top, weight * away**2))

    def height(self, sums: NewtonSums, gains: Array, now: StudentTRegressionParams) -> Height:
        s, squares = now.squared_scales, sums.own[1] - 2 * gains
        value = (sums.own[0] - 0.5 * (sums.mass * np.log(s) + squares / s)).sum()
        return Height(float(value), 1 / s, {"squared_scales": (squares / s - sums.mass) / (2 * s)})

    def rising(self, sums: NewtonSums, gains: Array, now: StudentTRegressionParams) -> Curve:
        top, squares = (self.by_place(each) for each in sums.own)
        return NEAR.curve(top - 0.5 * (squares - 2 * gains) / now.squared_scales[:, None]).climbing()

    def own_updates(self) -> Mapping[str, Update[NewtonSums, StudentTRegressionParams]]:
        return {"squared_scales": self._squared_scales, **super().own_updates()}

    def _squared_scales(
        self, sums: NewtonSums, before: StudentTRegressionParams, now: StudentTRegressionParams
    ) -> Array:  # fmt: skip
        """The mean of the squares about the lines `now`, each with the weight u of its row, none below the floor.

        Shapes: mass (K * places,), gradient (K * places, P), curvature (K * places, P, P) -> (K,). Unit: square of the
        response's.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: set d/ds [-mass/2 log s - squares/(2 s)] = 0.
        """
        here, way = self.at(sums, before, now), self.way(before, now)
        return self.mean_squares(here, here.own[1], way, before.squared_scales, self.whole)

    def _number(self, sums: NewtonSums, before: StudentTRegressionParams, now: StudentTRegressionParams) -> Array:
        """The tails at which the bound is highest given lines and scales `now`, within exp(1.4) times those before.

        Shapes: mass (K * places,), gradient (K * places, P), curvature (K * places, P, P) -> (K,). Unit: none.
        Source: Liu & Rubin (1994), Biometrika 81, 633-648: tails by the likelihood itself.
        """
        return self.risen(sums, before, now)

    def scales(self, params: StudentTRegressionParams) -> Mapping[str, Scale]:
        """Coefficients are counted in steps that move the lines by about a scale of their components."""
        return in_deviations(super().scales(params), params.scales)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        whole, varies = self.placed(profile)._normal.about_line(profile)
        return SpreadFloor("squared_scales", np.array([self.floor * whole]), np.array([varies]))

    def of_all_rows(self, profile: AnyProfile) -> StudentTRegressionParams:
        """The line of least squares and the variance about it, with tails of 1, unless others are held.

        From heavy tails, rows that are far off lose their say at once. From light ones they keep it, and the likelihood often
        has a maximum there, too.
        """
        line = self._normal.pooled(profile, 1)
        own = {name: value for name, value in vars(line).items() if name != "variances"}
        tails = HEAVY if self.freedom is None else 1 / self.freedom
        found: StudentTRegressionParams = self._class(**own, squared_scales=line.variances, tails=[tails])
        return found

    def drawn_from(self, rows: Rows, params: Any, rng: np.random.Generator) -> Array:
        heavy = params.tails > 0
        shapes = 0.5 / np.where(heavy, params.tails, 1.0)
        weights = np.where(heavy, rng.gamma(shapes) / shapes, 1.0)
        noise = np.sqrt(params.squared_scales / weights) * rng.standard_normal(rows.predictors.shape)
        return np.asarray((self.mean(rows, params) + noise)[:, 0])
