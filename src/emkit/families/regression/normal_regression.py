"""Normal responses about lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.newton import Greatest, NewtonSums, solved
from emkit.core.parameters import replace_at
from emkit.core.protocols import Update
from emkit.core.spaces import Positive
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.families.description import Description, Word
from emkit.families.floor import Floor, SpreadFloor
from emkit.families.gaussian.columns import EPSILON, SMALLEST
from emkit.families.gaussian.forms import TIGHTEST
from emkit.families.linear import Columns, LinearForm, no_base, no_constant
from emkit.families.linear_map import LinearlyMapped, LinearMap
from emkit.families.regression.all_rows import of_all_rows, sums_of_all
from emkit.families.regression.deviations import deviations
from emkit.families.regression.exactly_told import warn_of_exactly_told
from emkit.families.regression.from_datum import FromDatum
from emkit.families.regression.layout import Layout
from emkit.families.regression.params import RegressionParams
from emkit.families.regression.regression import Height, Pieces, Rows, in_deviations
from emkit.families.regression.weighted_line import WeightedLine
from emkit.families.spread import Spread, Variances, rows_per_weight

__all__ = ["NormalRegression", "NormalRegressionParams"]

LOG_2_PI = float(np.log(2 * np.pi))
REFINED = 3  # steps on from the line for all rows, each with as many digits more as its design leaves of them
ROUNDED = 64  # units in the last place of the response: deviations from a line this small are rounding


@dataclass(frozen=True, eq=False)
class NormalRegressionParams(RegressionParams):
    """`coefficients` (K, p) as in `RegressionParams`; `variances` (K,) about the lines.

    A line of slope 2 through 1, from which points are off by 1.5 in the mean square's root:

    >>> import emkit as ek
    >>> params = ek.NormalRegressionParams([[1.0, 2.0]], variances=[2.25], covariates=("Intercept", "x"))
    >>> (params.coefficients @ [1.0, 3.0]).tolist(), (params.variances**0.5).tolist()
    ([7.0], [1.5])
    """

    variances: Annotated[Array, Positive(), Axes("component")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, coefficients: ArrayLike, variances: ArrayLike, *, covariates: tuple[str, ...] = ()) -> None: ...


@dataclass(frozen=True)
class NormalRegression(FromDatum[NormalRegressionParams]):
    """Normal about a line: log p(y | x, k) = -1/2 [(y - eta_k)^2 / v_k + log v_k + log 2 pi], with eta as in `Regression`.

    Data: a column of numbers, and covariates. `floor` bounds the variances from below, as a fraction of that about one line for
    all rows: see `Floored`. Errors: ParameterError unless 0 <= floor < 1.

    Nine points on two lines:

    >>> import emkit as ek
    >>> rows = [[0, 0.1], [1, 0.9], [2, 2.1], [3, 2.9], [4, 4.1], [0, 4.1], [1, 2.9], [3, 1.1], [4, -0.1]]
    >>> model = ek.Mixture(ek.NormalRegression(1, 0))
    >>> start = ek.MixtureParams([0.5, 0.5], ek.NormalRegressionParams([[0.0, 0.8], [4.0, -0.8]], [0.1, 0.1]))
    >>> print(ek.fit(model, rows, start).params.components.coefficients.round(2))
    [[ 0.01  1.  ]
     [ 4.05 -1.02]]
    """

    whole: float = field(default=0.0, repr=False, kw_only=True)  # the variance of all rows about one line, once settled

    kind = NormalRegressionParams
    curved = False
    floored = "variances"

    @property
    def name(self) -> str:
        return "normal regression"

    @property
    def described(self) -> Description:
        words = {"coefficients": Word("coefficient", "b", 0.0), "variances": Word("variance", "v")}
        said = words, "a column of numbers, and covariates", "a coefficient for each covariate, and a variance"
        is_line = self.intercept and len(self.covariates) == 1 and not self.shared and self.offset is None
        is_placed = self.layout is not None or not any(isinstance(column, str) for column in self.named.every)
        return WeightedLine(*said, layout=self.described_by) if is_line and is_placed else Description(*said)

    @property
    def spread(self) -> Spread:
        return Variances("variances", directions=self.size)

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of a response that covariates tell exactly."""
        family = self.placed(profile)
        whole, varies = family.about_line(profile)
        if not varies:
            response = profile.columns[family.described_by.response]
            warn_of_exactly_told(response, "variance about a line", "variances")
        return replace(family, rows_per_weight=rows_per_weight(profile), whole=whole)

    def log_law(self, rows: Rows, params: NormalRegressionParams) -> Array:
        v = params.variances
        return np.asarray(-0.5 * ((rows.y - rows.predictors) ** 2 / v + (np.log(v) + LOG_2_PI)))

    def cdf(self, rows: Rows, params: NormalRegressionParams) -> Array:
        return np.asarray(scipy.special.ndtr((rows.y - rows.predictors) / np.sqrt(params.variances)))

    def pieces(self, rows: Rows, params: NormalRegressionParams) -> Pieces:
        away = rows.y - rows.predictors
        return Pieces(away, np.ones_like(away), (away**2,))

    def own_start(self, profile: AnyProfile) -> dict[str, Array]:
        place = [self.described_by.response]
        return {"variances": profile.variance[place] + profile.mean[place] ** 2 + SMALLEST}

    def height(self, sums: NewtonSums, gains: Array, now: NormalRegressionParams) -> Height:
        v, squares = now.variances, sums.own[0] - 2 * gains
        value = -0.5 * (sums.mass * (np.log(v) + LOG_2_PI) + squares / v).sum()
        return Height(float(value), 1 / v, {"variances": (squares / v - sums.mass) / (2 * v)})

    def own_updates(self) -> Mapping[str, Update[NewtonSums, NormalRegressionParams]]:
        return {"variances": self._variances}

    def _variances(self, sums: NewtonSums, before: NormalRegressionParams, now: NormalRegressionParams) -> Array:
        """The weighted mean of the squares about the lines `now`, none below the floor.

        Shapes: mass (K,), gradient (K, P), curvature (K, P, P) -> (K,). Unit: square of the response's.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: set d/dv [-mass/2 log v - squares/(2 v)] = 0.
        """
        return self.mean_squares(sums, sums.own[0], self.way(before, now), before.variances, self.whole)

    def scales(self, params: NormalRegressionParams) -> Mapping[str, Scale]:
        """Coefficients are counted in steps that move the lines by about a standard deviation of their components."""
        return in_deviations(super().scales(params), np.sqrt(params.variances))

    def lower_bound(self, profile: AnyProfile) -> Floor:
        whole, varies = self.placed(profile).about_line(profile)
        return SpreadFloor("variances", np.array([self.floor * whole]), np.array([varies]))

    def of_all_rows(self, profile: AnyProfile) -> NormalRegressionParams:
        """The same, with what rounding left of the deviations from the line put right; no floor but under rounding."""
        scale = float(self.own_start(profile)["variances"].item())
        found = super(NormalRegression, replace(self, floor=EPSILON**2, whole=scale)).of_all_rows(profile)
        for _ in range(REFINED):
            coefficients = self._coefficients_of(found)
            left = profile.total(partial(self._left, coefficients[0]))
            refined = coefficients + self.described_by.back(solved(left.curvature, left.gradient))
            size = found.coefficients.shape[1]
            shared = {"shared": refined[0, size:]} if self.shared else {}
            found = replace_at(found, {"coefficients": refined[:, :size], **shared})
        return found

    def _left(self, coefficients: Array, x: Array, weights: Array) -> NewtonSums:
        """Sums of the deviations from one line."""
        layout = self.described_by
        columns = np.concatenate([np.ones((len(x), int(layout.intercept))), x[:, list(layout.places)]], axis=1)
        y = x[:, layout.response]
        if layout.offset is not None:
            columns, coefficients = np.concatenate([columns, x[:, [layout.offset]]], axis=1), np.append(coefficients, 1.0)
        z = layout.framed(x) * weights[:, None]
        gradient = deviations(y, columns, coefficients) @ z
        nothing = np.zeros(1)
        return NewtonSums(nothing, gradient[None], (z.T @ layout.framed(x))[None], Greatest(nothing), ())

    def about_line(self, profile: AnyProfile) -> tuple[float, bool]:
        """The variance of all rows about one line, and whether there is any; else the mean square of the line stands in."""
        near = of_all_rows(profile, self)
        sums = profile.total(partial(sums_of_all, self, near))
        squares, gradient, total = float(sums.own[0].item()), sums.gradient[0], float(sums.mass.item())
        line = solved(sums.curvature[0], gradient)
        size = float((self.described_by.way(self._coefficients_of(near)) ** 2).sum())
        found, rounding = (squares - gradient @ line) / total, 8 * EPSILON * (squares + gradient @ line) / total
        varies = bool(found > rounding + (ROUNDED * EPSILON) ** 2 * size)
        return (float(found), True) if varies else (size or 1.0, False)

    def pooled(self, profile: AnyProfile, n_components: int) -> NormalRegressionParams:
        """The same, not below the floor."""
        found, least = super().pooled(profile, n_components), self.floor * self.about_line(profile)[0]
        return replace_at(found, {"variances": np.maximum(found.variances, least)})

    def drawn_from(self, rows: Rows, params: Any, rng: np.random.Generator) -> Array:
        noise = np.sqrt(params.variances) * rng.standard_normal(rows.predictors.shape)
        return np.asarray((rows.predictors + self.described_by.datum + noise)[:, 0])

    def linear(self, params: NormalRegressionParams) -> LinearForm[NewtonSums] | None:
        """In products of the orthonormal columns and the deviation from a line in the midst of those of the components.

        None where lines are so far apart, for their variances, that digits would be lost.
        """
        layout = self.described_by
        coefficients = self._coefficients_of(params)
        middle = coefficients.mean(axis=0, keepdims=True)
        apart, v = layout.way(coefficients - middle), params.variances
        if ((apart**2).sum(axis=1) > TIGHTEST * v).any():
            return None
        size = self.size
        columns = size - layout.intercept + 1
        row, column = np.tril_indices(size + 1)
        base = np.arange(size + 1) + (not layout.intercept)  # z, of which an intercept is the leading 1, and the deviation
        pairs = np.stack([base[row], base[column]], axis=1)
        if not layout.intercept:
            pairs = np.concatenate([[[0, 0]], pairs])
        line = np.concatenate([-apart, np.ones((len(v), 1))], axis=1)  # the deviation from the own line is a product with it
        quadratic = -np.where(row == column, 0.5, 1.0) * line[:, row] * line[:, column] / v[:, None]
        constant = -0.5 * (np.log(v) + LOG_2_PI)[:, None]
        if layout.intercept:
            quadratic[:, :1] += constant
        else:
            quadratic = np.concatenate([constant, quadratic], axis=1)

        def statistics(sums: Array, chunk: Chunk) -> NewtonSums:
            products = np.empty((len(sums), size + 1, size + 1))
            products[:, row, column] = products[:, column, row] = sums if layout.intercept else sums[:, 1:]
            away = np.einsum("kij,kj->ki", products, line)
            mass = sums[:, 0].copy()
            own = ((away * line).sum(axis=1),)
            return NewtonSums(mass, away[:, :-1].copy(), products[:, :-1, :-1].copy(), Greatest(np.zeros(len(mass))), own)

        reads = _Deviating(layout, middle)
        rows = LinearlyMapped(reads, Columns(pairs, np.zeros(columns), np.ones(columns)), reads.linear)
        return LinearForm(np.ascontiguousarray(quadratic), rows, no_base, no_constant, statistics)


@dataclass(frozen=True, eq=False)
class _Deviating:
    """Reads the orthonormal columns of rows, without the intercept, and how far the response is from one line (1, P)."""

    layout: Layout
    line: Array

    def __call__(self, x: Array) -> Array:
        layout = self.layout
        design = layout.design(x)
        away = x[:, [layout.response]] - layout.datum - design @ layout.level(self.line, layout.datum).T
        if layout.offset is not None:
            away -= x[:, [layout.offset]]
        framed = design @ layout.inverse
        return np.concatenate([framed[:, 1:] if layout.intercept else framed, away], axis=1)

    @property
    def linear(self) -> LinearMap:
        """The same for compiled code."""
        layout = self.layout
        offset = [] if layout.offset is None else [layout.offset]
        covariates, framed = len(layout.places), layout.inverse[:, int(layout.intercept) :]
        matrix = np.zeros((2 + covariates + len(offset), framed.shape[1] + 1))
        design = slice(1 - layout.intercept, 1 + covariates)
        matrix[design, :-1], matrix[design, -1] = framed, -layout.level(self.line, layout.datum)[0]
        matrix[1 + covariates :, -1] = [-1.0] * len(offset) + [1.0]
        origin = np.array([*layout.centre, *[0.0] * len(offset), layout.datum])
        return LinearMap.of((*layout.places, *offset, layout.response), origin, matrix)
