"""Normal components with independent columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.spaces import Positive, Real
from emkit.data.profile import AnyProfile
from emkit.families.by_column import IndependentColumns
from emkit.families.family import per_mass, repeat
from emkit.families.floor import THIN, Floor, SpreadFloor
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.described import MEANS, VARIANCES, OwnColumns
from emkit.families.gaussian.forms import diagonal_form
from emkit.families.gaussian.normal import GaussianFamily, GaussianUpdates, Moments
from emkit.families.linear import LinearForm
from emkit.families.spread import Spread, Variances

__all__ = ["DiagonalGaussian", "DiagonalGaussianParams"]


@dataclass(frozen=True, eq=False)
class DiagonalGaussianParams(Parameters):
    """`means` (K, d) and `variances` (K, d), in the units of the data and their squares.

    >>> import emkit as ek
    >>> params = ek.DiagonalGaussianParams(means=[[0.0, 5.0], [3.0, 1.0]], variances=[[1.0, 0.25], [1.0, 4.0]])
    >>> (params.variances**0.5).tolist()
    [[1.0, 0.5], [1.0, 2.0]]
    """

    means: Annotated[Array, Real(), Axes("component", "column")]
    variances: Annotated[Array, Positive(), Axes("component", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, variances: ArrayLike) -> None: ...


@dataclass(frozen=True)
class DiagonalGaussian(IndependentColumns[DiagonalGaussianParams, Moments], GaussianFamily[DiagonalGaussianParams]):
    """log p(x|k) = -1/2 sum_j [(x_j - m_kj)^2 / v_kj + log v_kj + log 2 pi].

    Data: x (n, d) of real numbers.

    Means and variances column by column, as if the columns were independent:

    >>> import emkit as ek
    >>> found = ek.MixtureModel(ek.DiagonalGaussian(), 1).fit([[0.0, 10.0], [2.0, 14.0]]).result_.params.components
    >>> found.means.tolist(), found.variances.round(6).tolist()
    ([[1.0, 12.0]], [[1.0, 4.0]])
    """

    @property
    def name(self) -> str:
        return "gaussian-diag"

    @property
    def described(self) -> OwnColumns:
        return OwnColumns(MEANS | VARIANCES, data="columns of numbers, uncorrelated in a component")

    @property
    def spread(self) -> Spread:
        return Variances("variances")

    def for_column(self, column: int) -> Self:
        """The same for one column alone."""
        return replace(self, whole=self.whole[column : column + 1])

    def metric(self, params: DiagonalGaussianParams) -> tuple[Callable[[Array], Array], Array]:
        narrow = 1 / np.sqrt(params.variances)[:, :, None]
        return lambda deviation: normal.squares(deviation * narrow), np.log(params.variances).sum(axis=1)

    def variances(self, params: DiagonalGaussianParams) -> Array:
        return params.variances

    def scatter(self, deviation: Array, weighted: Array) -> Array:
        return np.einsum("kjn,kjn->kj", deviation, weighted)

    def updates(self) -> GaussianUpdates:
        return {"means": normal.updated_means, "variances": self._variances}

    def _variances(self, stats: Moments, before: DiagonalGaussianParams, now: DiagonalGaussianParams) -> Array:
        """The weighted mean of (x - m)^2 about the means `now`, none below the floor.

        Shapes: scatter (K, d) -> (K, d). Unit: squares of the data's.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: set d/dv [-mass/2 log v - scatter / (2 v)] = 0.
        """
        about, move = normal.squares_about(stats, before, now)
        raw = per_mass(np.maximum(about, 0) + normal.padding(stats.mass, move), stats.mass, before.variances)
        return normal.raised(raw, before.variances, self.few(stats.mass, 1), *self.least(move.shape[1]))

    def expected(self, stats: Moments, before: DiagonalGaussianParams, now: DiagonalGaussianParams) -> Expected:
        about, move = normal.squares_about(stats, before, now)
        mass, v = stats.mass[:, None], now.variances
        value = -0.5 * (mass * (np.log(v) + normal.LOG_2_PI) + about / v).sum()
        slopes = {"means": (stats.shift - mass * move) / v, "variances": (about / v - mass) / (2 * v)}
        return Expected(float(value), slopes)

    def draw(self, params: DiagonalGaussianParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.normal(params.means[components], np.sqrt(params.variances)[components])

    def linear(self, params: DiagonalGaussianParams) -> LinearForm[Moments]:
        return diagonal_form(params.means, params.variances)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        _, variance, unit = columns.pooled_spread(profile)
        return SpreadFloor("variances", self.floor * unit, variance >= THIN * unit)

    def pooled(self, profile: AnyProfile, n_components: int) -> DiagonalGaussianParams:
        mean, variance, unit = columns.pooled_spread(profile)
        variance = np.maximum(variance, max(self.floor, columns.EPSILON) * unit)
        return DiagonalGaussianParams(repeat(mean, n_components), repeat(variance, n_components))
