"""Normal components, each with a covariance matrix of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Mask
from emkit.core.coordinates import Scale
from emkit.core.parameters import Parameters
from emkit.core.spaces import PositiveDefinite, Real
from emkit.data.source import ArraySource
from emkit.families.family import per_mass, repeat
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.forms import full_form
from emkit.families.gaussian.normal import GaussianFamily, GaussianUpdates, Moments
from emkit.families.linear import LinearForm


@dataclass(frozen=True, eq=False)
class FullGaussianParams(Parameters):
    """`means` (K, d) and `covariances` (K, d, d), in the units of the data and their squares."""

    means: Annotated[Array, Real()]
    covariances: Annotated[Array, PositiveDefinite()]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, covariances: ArrayLike) -> None: ...


@dataclass(frozen=True)
class FullGaussian(GaussianFamily[FullGaussianParams]):
    """log p(x|k) = -1/2 [(x - m_k)' C_k^-1 (x - m_k) + log |C_k| + d log 2 pi].

    Data: x (n, d) of real numbers.
    """

    @property
    def name(self) -> str:
        return "gaussian"

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
        Errors: DegenerateFitError if a component collapsed and floor is 0.
        Source: set d/dC [-mass/2 log |C| - 1/2 tr(C^-1 scatter)] = 0.
        """
        move = now.means - before.means
        cross = move[:, :, None] * (stats.shift - stats.mass[:, None] / 2 * move)[:, None, :]
        half = stats.scatter / 2 - cross
        about = half + half.swapaxes(1, 2)  # symmetric to the last bit
        j = np.arange(move.shape[1])
        about[:, j, j] += normal.padding(stats, move)
        raw = per_mass(about, stats.mass, before.covariances)
        unit = normal.pooled_variance(stats, before, np.einsum("kjj->j", stats.scatter))
        if normal.clear_of(self.floor, raw, unit):
            return raw
        return np.stack([normal.lifted(c, unit, self.floor, k) for k, c in enumerate(raw)])

    def linear(self, params: FullGaussianParams) -> LinearForm[Moments] | None:
        return full_form(params.means, params.covariances)

    def least_variances(self, params: FullGaussianParams, source: ArraySource) -> Array:
        return columns.narrowest(params.covariances, source, self.floor)

    def on_floor(self, params: FullGaussianParams, source: ArraySource) -> Mapping[str, Mask]:
        return {"covariances": columns.resting(params.covariances, source, self.floor)}

    def pooled(self, source: ArraySource, n_components: int) -> FullGaussianParams:
        mean, covariance, unit = columns.pooled_moments(source)
        covariance = normal.lifted(covariance, unit, max(self.floor, columns.EPSILON), None)
        return FullGaussianParams(repeat(mean, n_components), repeat(covariance, n_components))
