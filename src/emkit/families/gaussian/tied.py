"""Normal components that share one covariance matrix."""

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
from emkit.families.family import repeat
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.forms import tied_form
from emkit.families.gaussian.normal import GaussianFamily, GaussianUpdates, Moments
from emkit.families.linear import LinearForm


@dataclass(frozen=True, eq=False)
class TiedGaussianParams(Parameters):
    """`means` (K, d) and one `covariance` (d, d), in the units of the data and their squares."""

    means: Annotated[Array, Real()]
    covariance: Annotated[Array, PositiveDefinite()]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, covariance: ArrayLike) -> None: ...


@dataclass(frozen=True)
class TiedGaussian(GaussianFamily[TiedGaussianParams]):
    """log p(x|k) = -1/2 [(x - m_k)' C^-1 (x - m_k) + log |C| + d log 2 pi].

    Data: x (n, d) of real numbers.
    """

    @property
    def name(self) -> str:
        return "gaussian-tied"

    @property
    def joins_columns(self) -> bool:
        return True

    def metric(self, params: TiedGaussianParams) -> tuple[Callable[[Array], Array], Array]:
        factor = np.linalg.cholesky(params.covariance)
        whiten = np.linalg.inv(factor)  # a product, not a triangular solve: OpenBLAS starts threads for the smallest of those
        log_determinant = np.full(len(params.means), 2 * np.log(np.diag(factor)).sum())
        return lambda deviation: normal.squares(whiten @ deviation), log_determinant

    def variances(self, params: TiedGaussianParams) -> Array:
        return np.broadcast_to(np.diag(params.covariance), params.means.shape)

    def scales(self, params: TiedGaussianParams) -> Mapping[str, Scale]:
        unit = np.sqrt(np.diag(params.covariance))
        return {**super().scales(params), "covariance": Scale(np.zeros(()), np.outer(unit, unit))}

    def scatter(self, deviation: Array, weighted: Array) -> Array:
        total: Array = (weighted @ deviation.swapaxes(1, 2)).sum(axis=0)
        return total

    def updates(self) -> GaussianUpdates:
        return {"means": normal.updated_means, "covariance": self._covariance}

    def _covariance(self, stats: Moments, before: TiedGaussianParams, now: TiedGaussianParams) -> Array:
        """The mean of (x - m_k)(x - m_k)' over all components, about the means `now`, no direction of it below the floor.

        Shapes: scatter (d, d) -> (d, d). Unit: squares of the data's.
        Errors: DegenerateFitError if it collapsed and floor is 0.
        Source: set d/dC [-mass/2 log |C| - 1/2 tr(C^-1 scatter)] = 0 with mass and scatter summed over components.
        """
        move = now.means - before.means
        cross = move.T @ stats.shift
        raw = stats.scatter - cross - cross.T + (move * stats.mass[:, None]).T @ move
        raw = (raw + np.diag(normal.padding(stats, move).sum(axis=0))) / stats.mass.sum()
        unit = normal.pooled_variance(stats, before, np.diag(stats.scatter))
        return normal.lifted((raw + raw.T) / 2, unit, self.floor, None)

    def linear(self, params: TiedGaussianParams) -> LinearForm[Moments] | None:
        return tied_form(params.means, params.covariance)

    def least_variances(self, params: TiedGaussianParams, source: ArraySource) -> Array:
        return np.full(len(params.means), columns.narrowest(params.covariance, source, self.floor))

    def on_floor(self, params: TiedGaussianParams, source: ArraySource) -> Mapping[str, Mask]:
        return {"covariance": columns.resting(params.covariance, source, self.floor)}

    def pooled(self, source: ArraySource, n_components: int) -> TiedGaussianParams:
        mean, covariance, unit = columns.pooled_moments(source)
        return TiedGaussianParams(
            repeat(mean, n_components), normal.lifted(covariance, unit, max(self.floor, columns.EPSILON), None)
        )
