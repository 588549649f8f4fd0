"""Normal components, each with a covariance matrix of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.spaces import PositiveDefinite, Real
from emkit.data.profile import AnyProfile
from emkit.families.description import Word
from emkit.families.family import per_mass, repeat
from emkit.families.floor import Floor
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.described import MEANS, OwnMatrix
from emkit.families.gaussian.forms import full_form
from emkit.families.gaussian.latent_cells import JoinedColumns
from emkit.families.gaussian.normal import GaussianUpdates, Moments
from emkit.families.gaussian.span import covariance_floor
from emkit.families.linear import LinearForm
from emkit.families.spread import Covariances, Spread

__all__ = ["FullGaussian", "FullGaussianParams"]


@dataclass(frozen=True, eq=False)
class FullGaussianParams(Parameters):
    """`means` (K, d) and `covariances` (K, d, d), in the units of the data and their squares.

    Two columns of variances 4 and 1; their correlation is 1 / (2 * 1):

    >>> import emkit as ek
    >>> import numpy as np
    >>> params = ek.FullGaussianParams([[0.0, 5.0]], [[[4.0, 1.0], [1.0, 1.0]]])
    >>> float(params.covariances[0, 0, 1] / np.sqrt(np.prod(np.diag(params.covariances[0]))))
    0.5
    """

    means: Annotated[Array, Real(), Axes("component", "column", coupled=("column",))]
    covariances: Annotated[Array, PositiveDefinite(), Axes("component", "column", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, covariances: ArrayLike) -> None: ...


@dataclass(frozen=True)
class FullGaussian(JoinedColumns[FullGaussianParams]):
    """log p(x|k) = -1/2 [(x - m_k)' C_k^-1 (x - m_k) + log |C_k| + d log 2 pi].

    Data: x (n, d) of real numbers.

    >>> import emkit as ek
    >>> import numpy as np
    >>> x = np.array([[0, 0], [1, 1], [2, 2], [2, 0], [0, 2.0]])
    >>> one = ek.MixtureModel(ek.FullGaussian(), 1).fit(x).result_.params.components
    >>> one.means.round(3).tolist(), one.covariances.round(3).tolist()
    ([[1.0, 1.0]], [[[0.8, 0.0], [0.0, 0.8]]])
    """

    @property
    def name(self) -> str:
        return "gaussian"

    @property
    def described(self) -> OwnMatrix:
        return OwnMatrix(
            MEANS | {"covariances": Word("covariance", "C")},
            parameters="means, and a covariance matrix for each component",
            browser={"family": "normal", "floor": self.floor},
        )

    @property
    def spread(self) -> Spread:
        return Covariances("covariances")

    @property
    def joins_columns(self) -> bool:
        return True

    def metric(self, params: FullGaussianParams) -> tuple[Callable[[Array], Array], Array]:
        factors = np.linalg.cholesky(params.covariances)
        whiten = np.linalg.inv(factors)  # a product, not a triangular solve: OpenBLAS starts threads for the smallest of those
        log_determinant = 2 * np.log(np.einsum("kjj->kj", factors)).sum(axis=1)
        return lambda deviation: normal.squares(whiten @ deviation), log_determinant

    def variances(self, params: FullGaussianParams) -> Array:
        return np.einsum("kjj->kj", params.covariances)

    def scales(self, params: FullGaussianParams) -> Mapping[str, Scale]:
        unit = np.sqrt(self.variances(params))
        return {**super().scales(params), "covariances": Scale(np.zeros(()), unit[:, :, None] * unit[:, None, :])}

    def scatter(self, deviation: Array, weighted: Array) -> Array:
        return weighted @ deviation.swapaxes(1, 2)

    def updates(self) -> GaussianUpdates:
        return {"means": normal.updated_means, "covariances": self._covariances}

    def _covariances(self, stats: Moments, before: FullGaussianParams, now: FullGaussianParams) -> Array:
        """The weighted mean of (x - m)(x - m)' about the means `now`, no direction of it below the floor.

        Shapes: scatter (K, d, d) -> (K, d, d). Unit: squares of the data's.
        Errors: DegenerateFitError if a component collapsed, and no floor holds it or it had been freed from there.
        Source: set d/dC [-mass/2 log |C| - 1/2 tr(C^-1 scatter)] = 0.
        """
        about, move = normal.products_about(stats, before, now)
        j = np.arange(move.shape[1])
        about[:, j, j] += normal.padding(stats.mass, move)
        raw = per_mass(about, stats.mass, before.covariances)
        return normal.each_lifted(raw, *self.least(len(j)), before.covariances, self.few(stats.mass, len(j)))

    def expected(self, stats: Moments, before: FullGaussianParams, now: FullGaussianParams) -> Expected:
        about, move = normal.products_about(stats, before, now)
        factors = normal.cholesky(now.covariances)
        whiten = np.linalg.inv(factors)  # precisions would lose the wide directions of thin covariances
        back = whiten.swapaxes(1, 2)
        inside = whiten @ about @ back
        log_determinant = 2 * np.log(np.einsum("kjj->kj", factors)).sum(axis=1) + move.shape[1] * normal.LOG_2_PI
        value = -0.5 * (stats.mass @ log_determinant + np.einsum("kjj->", inside))
        of_means = (back @ (whiten @ (stats.shift - stats.mass[:, None] * move)[:, :, None]))[:, :, 0]
        off = inside - stats.mass[:, None, None] * np.eye(move.shape[1])
        of_covariances = normal.symmetric(back @ off @ whiten / 2)
        return Expected(float(value), {"means": of_means, "covariances": of_covariances})

    def draw(self, params: FullGaussianParams, rng: np.random.Generator, components: Integers) -> Array:
        return normal.drawn(params.means, normal.cholesky(params.covariances), rng, components)

    def linear(self, params: FullGaussianParams) -> LinearForm[Moments]:
        return full_form(params.means, params.covariances)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return covariance_floor("covariances", self.floor, profile, self.across)

    def pooled(self, profile: AnyProfile, n_components: int) -> FullGaussianParams:
        mean, covariance, unit = columns.pooled_moments(profile)
        lifted = normal.each_lifted(covariance[None], unit, max(self.floor, columns.EPSILON))
        return FullGaussianParams(repeat(mean, n_components), repeat(lifted[0], n_components))
