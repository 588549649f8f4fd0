"""Normal components that share one covariance matrix."""

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
from emkit.families.family import repeat
from emkit.families.floor import Floor
from emkit.families.gaussian import columns, normal
from emkit.families.gaussian.described import MEANS, SharedMatrix
from emkit.families.gaussian.forms import tied_form
from emkit.families.gaussian.full import FullGaussian, FullGaussianParams
from emkit.families.gaussian.latent_cells import JoinedColumns
from emkit.families.gaussian.normal import GaussianUpdates, Moments
from emkit.families.gaussian.span import covariance_floor
from emkit.families.in_groups import InGroups
from emkit.families.linear import LinearForm
from emkit.families.spread import Spread

__all__ = ["TiedGaussian", "TiedGaussianParams"]


@dataclass(frozen=True, eq=False)
class TiedGaussianParams(Parameters):
    """`means` (K, d) and one `covariance` (d, d), in the units of the data and their squares.

    >>> import emkit as ek
    >>> params = ek.TiedGaussianParams(means=[[0.0, 0.0], [3.0, 1.0]], covariance=[[1.0, 0.5], [0.5, 2.0]])
    >>> params.means.shape, params.covariance.shape
    ((2, 2), (2, 2))
    """

    means: Annotated[Array, Real(), Axes("component", "column", coupled=("column",))]
    covariance: Annotated[Array, PositiveDefinite(), Axes("column", "column")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, covariance: ArrayLike) -> None: ...


@dataclass(frozen=True)
class TiedGaussian(JoinedColumns[TiedGaussianParams]):
    """log p(x|k) = -1/2 [(x - m_k)' C^-1 (x - m_k) + log |C| + d log 2 pi].

    Data: x (n, d) of real numbers.

    Two components 8 apart share one variance, that about the mean of each:

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.5, 0.5], ek.TiedGaussianParams([[0.0], [9.0]], [[1.0]]))
    >>> found = ek.fit(ek.Mixture(ek.TiedGaussian()), [1.0, 3.0, 9.0, 11.0], start).params.components
    >>> found.means.round(6).tolist(), found.covariance.round(6).tolist()
    ([[2.0], [10.0]], [[1.0]])
    """

    @property
    def name(self) -> str:
        return "gaussian-tied"

    @property
    def described(self) -> SharedMatrix:
        return SharedMatrix(
            MEANS | {"covariance": Word("covariance", "C")}, parameters="means, and one covariance matrix for all components"
        )

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
        Errors: DegenerateFitError if it collapsed, and no floor holds it or it had been freed from there.
        Source: set d/dC [-mass/2 log |C| - 1/2 tr(C^-1 scatter)] = 0 with mass and scatter summed over components.
        """
        about, move = _about(stats, before, now)
        raw = (about + np.diag(normal.padding(stats.mass, move).sum(axis=0))) / stats.mass.sum()
        least, few = self.least(len(raw)), self.few(stats.mass.sum(keepdims=True), len(raw))
        return normal.each_lifted(normal.symmetric(raw)[None], *least, before.covariance[None], few, shared=True)[0]

    def expected(self, stats: Moments, before: TiedGaussianParams, now: TiedGaussianParams) -> Expected:
        about, move = _about(stats, before, now)
        factor, total = normal.cholesky(now.covariance), float(stats.mass.sum())
        whiten = np.linalg.inv(factor)  # the precision would lose the wide directions of a thin covariance
        inside = whiten @ about @ whiten.T
        log_determinant = 2 * float(np.log(np.diag(factor)).sum()) + len(factor) * normal.LOG_2_PI
        of_means = (stats.shift - stats.mass[:, None] * move) @ whiten.T @ whiten
        of_covariance = normal.symmetric(whiten.T @ (inside - total * np.eye(len(factor))) @ whiten / 2)
        value = -0.5 * (total * log_determinant + float(np.trace(inside)))
        return Expected(value, {"means": of_means, "covariance": of_covariance})

    def draw(self, params: TiedGaussianParams, rng: np.random.Generator, components: Integers) -> Array:
        return normal.drawn(params.means, normal.cholesky(params.covariance)[None], rng, components)

    def linear(self, params: TiedGaussianParams) -> LinearForm[Moments]:
        return tied_form(params.means, params.covariance)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        return covariance_floor("covariance", self.floor, profile, self.across)

    @property
    def in_groups(self) -> InGroups[TiedGaussianParams]:
        def apiece(params: TiedGaussianParams) -> FullGaussianParams:
            return FullGaussianParams(params.means, repeat(params.covariance, len(params.means)))

        def shared(each: FullGaussianParams) -> TiedGaussianParams:
            return TiedGaussianParams(each.means, each.covariances[0])

        def family(number: int) -> _TiedInGroups:
            own = {name: getattr(self, name) for name in ("floor", "rows_per_weight", "whole", "across")}
            return _TiedInGroups(number, **own)

        return InGroups(family, apiece, shared)

    def pooled(self, profile: AnyProfile, n_components: int) -> TiedGaussianParams:
        mean, covariance, unit = columns.pooled_moments(profile)
        lifted = normal.each_lifted(covariance[None], unit, max(self.floor, columns.EPSILON), shared=True)
        return TiedGaussianParams(repeat(mean, n_components), lifted[0])


@dataclass(frozen=True)
class _TiedInGroups(FullGaussian):
    """Groups of `number` components in a row, each of which shares a covariance that is written out for every component."""

    number: int

    @property
    def spread(self) -> Spread:
        return Spread()

    def updates(self) -> GaussianUpdates:
        return {"means": normal.updated_means, "covariances": self._of_groups}

    def _of_groups(self, stats: Moments, before: FullGaussianParams, now: FullGaussianParams) -> Array:
        about, move = normal.products_about(stats, before, now)
        padded = about + normal.padding(stats.mass, move)[:, :, None] * np.eye(move.shape[1])
        mass = stats.mass.reshape(-1, self.number).sum(axis=1)
        raw = padded.reshape(-1, self.number, *padded.shape[1:]).sum(axis=1) / mass[:, None, None]
        least, few = self.least(move.shape[1]), self.few(mass, move.shape[1])
        return normal.each_lifted(raw, *least, before.covariances[:: self.number], few).repeat(self.number, axis=0)


def _about(stats: Moments, before: TiedGaussianParams, now: TiedGaussianParams) -> tuple[Array, Array]:
    """The scatter (d, d) of all components about the means `now`, and how far these have moved (K, d)."""
    move = now.means - before.means
    cross = move.T @ stats.shift
    return stats.scatter - cross - cross.T + (move * stats.mass[:, None]).T @ move, move
