"""Normal components that are round: one variance for all columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.spaces import Positive, Real
from emkit.data.profile import AnyProfile
from emkit.families.family import per_mass, repeat
from emkit.families.floor import THIN, Floor, SpreadFloor
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.described import MEANS, VARIANCES, Round
from emkit.families.gaussian.forms import spherical_form
from emkit.families.gaussian.latent_cells import JoinedColumns
from emkit.families.gaussian.normal import GaussianUpdates, Moments
from emkit.families.linear import LinearForm
from emkit.families.spread import Spread, Variances

__all__ = ["SphericalGaussian", "SphericalGaussianParams"]


@dataclass(frozen=True, eq=False)
class SphericalGaussianParams(Parameters):
    """`means` (K, d) and `variances` (K,), in the units of the data and their squares.

    >>> import emkit as ek
    >>> params = ek.SphericalGaussianParams(means=[[0.0, 0.0], [3.0, 1.0]], variances=[1.0, 2.25])
    >>> (params.variances**0.5).tolist()
    [1.0, 1.5]
    """

    means: Annotated[Array, Real(), Axes("component", "column")]
    variances: Annotated[Array, Positive(), Axes("component")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, variances: ArrayLike) -> None: ...


@dataclass(frozen=True)
class SphericalGaussian(JoinedColumns[SphericalGaussianParams]):
    """log p(x|k) = -1/2 [|x - m_k|^2 / v_k + d log v_k + d log 2 pi].

    Data: x (n, d) of real numbers in one common unit.

    One variance for all columns, the mean of theirs (1 and 4):

    >>> import emkit as ek
    >>> found = ek.MixtureModel(ek.SphericalGaussian(), 1).fit([[0.0, 10.0], [2.0, 14.0]]).result_.params.components
    >>> found.means.tolist(), found.variances.round(6).tolist()
    ([[1.0, 12.0]], [2.5])
    """

    @property
    def name(self) -> str:
        return "gaussian-spherical"

    @property
    def described(self) -> Round:
        return Round(
            MEANS | VARIANCES, data="columns of numbers in one unit", parameters="means, and one variance for each component"
        )

    @property
    def spread(self) -> Spread:
        return Variances("variances")

    def metric(self, params: SphericalGaussianParams) -> tuple[Callable[[Array], Array], Array]:
        variances = params.variances[:, None]
        return lambda deviation: normal.squares(deviation) / variances, params.means.shape[1] * np.log(params.variances)

    def variances(self, params: SphericalGaussianParams) -> Array:
        return np.repeat(params.variances[:, None], params.means.shape[1], axis=1)

    def scatter(self, deviation: Array, weighted: Array) -> Array:
        return np.einsum("kjn,kjn->k", deviation, weighted)

    def updates(self) -> GaussianUpdates:
        return {"means": normal.updated_means, "variances": self._variances}

    def _variances(self, stats: Moments, before: SphericalGaussianParams, now: SphericalGaussianParams) -> Array:
        """The weighted mean of |x - m|^2 / d about the means `now`, none below the floor.

        Shapes: scatter (K,) -> (K,). Unit: squares of the data's.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: set d/dv [-mass d/2 log v - trace(scatter) / (2 v)] = 0.
        """
        about, move = _about(stats, before, now)
        d = move.shape[1]
        raw = per_mass((np.maximum(about, 0) + normal.padding(stats.mass, move).sum(axis=1)) / d, stats.mass, before.variances)
        return normal.raised(raw[:, None], before.variances[:, None], self.few(stats.mass, 1), *self.least(1))[:, 0]

    def expected(self, stats: Moments, before: SphericalGaussianParams, now: SphericalGaussianParams) -> Expected:
        about, move = _about(stats, before, now)
        mass, v, d = stats.mass, now.variances, move.shape[1]
        value = -0.5 * (mass * d * (np.log(v) + normal.LOG_2_PI) + about / v).sum()
        of_means = (stats.shift - mass[:, None] * move) / v[:, None]
        return Expected(float(value), {"means": of_means, "variances": (about / v - mass * d) / (2 * v)})

    def draw(self, params: SphericalGaussianParams, rng: np.random.Generator, components: Integers) -> Array:
        return rng.normal(params.means[components], np.sqrt(params.variances)[components, None])

    def linear(self, params: SphericalGaussianParams) -> LinearForm[Moments]:
        return spherical_form(params.means, params.variances)

    def units(self, profile: AnyProfile) -> Array:
        return np.array([self._pooled_variance(profile)[1]])

    def lower_bound(self, profile: AnyProfile) -> Floor:
        variance, unit = self._pooled_variance(profile)
        return SpreadFloor("variances", np.array([self.floor * unit]), np.array([variance >= THIN * unit]))

    def pooled(self, profile: AnyProfile, n_components: int) -> SphericalGaussianParams:
        variance, unit = self._pooled_variance(profile)
        least = max(self.floor, columns.EPSILON) * unit
        mean = columns.pooled_spread(profile)[0]
        return SphericalGaussianParams(repeat(mean, n_components), np.full(n_components, max(variance, least)))

    def _pooled_variance(self, profile: AnyProfile) -> tuple[float, float]:
        """The variance of the whole data over all columns, and a positive unit for it."""
        mean, variances, _ = columns.pooled_spread(profile)
        variance = variances.mean()
        return float(variance), float(columns.positive_units(variance, np.abs(mean).max()))


def _about(stats: Moments, before: SphericalGaussianParams, now: SphericalGaussianParams) -> tuple[Array, Array]:
    """The sums of squares (K,) about the means `now`, and how far these have moved (K, d)."""
    move = now.means - before.means
    return stats.scatter - 2 * (move * stats.shift).sum(axis=1) + stats.mass * (move**2).sum(axis=1), move
