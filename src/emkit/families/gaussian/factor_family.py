"""What normal families by factors share: all that needs no more of the parameters than their means and covariances."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.checks import check_count
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError
from emkit.families.floor import THIN, Floor
from emkit.families.gaussian import columns
from emkit.families.gaussian.best_factors import first_uniquenesses
from emkit.families.gaussian.factor_floor import FactorFloor, vary_by_themselves
from emkit.families.gaussian.full import FullGaussian
from emkit.families.gaussian.latent_cells import JoinedColumns
from emkit.families.gaussian.normal import Moments
from emkit.families.linear import LinearForm

G = TypeVar("G", bound=Any)
MATRICES: Any = FullGaussian()  # what needs no more of the parameters than their covariances


@dataclass(frozen=True)
class FactorFamily(JoinedColumns[G], Generic[G]):
    """Components whose columns hang together by `n_factors` factors; if `equal`, one uniqueness stands for all columns."""

    n_factors: int = 1
    equal: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("n_factors", self.n_factors, ModelError, 0)

    @property
    @abstractmethod
    def kind_of_floor(self) -> type[FactorFloor]:
        """The floor under uniquenesses: of each component, or of all."""

    @property
    def joins_columns(self) -> bool:
        return True

    def metric(self, params: G) -> tuple[Callable[[Array], Array], Array]:
        found: tuple[Callable[[Array], Array], Array] = MATRICES.metric(params)
        return found

    def scatter(self, deviation: Array, weighted: Array) -> Array:
        return np.asarray(MATRICES.scatter(deviation, weighted))

    def variances(self, params: G) -> Array:
        return np.einsum("kjj->kj", params.covariances)

    def settled(self, profile: AnyProfile) -> Self:
        """Errors: DataError for more factors than columns."""
        self.refuse_too_many(len(profile.columns))
        return super().settled(profile)

    def refuse_too_many(self, d: int) -> None:
        """Errors: DataError for more factors than the d columns."""
        if self.n_factors > d:
            raise DataError(f"{self.n_factors} factors are more than the {d} columns of the data. Use fewer factors.")

    def numbers(self, columns: int) -> int:
        """How many uniquenesses a component has."""
        return 1 if self.equal else columns

    def units(self, profile: AnyProfile) -> Array:
        """The variance of each column, (d,); for equal uniquenesses the mean of these, (1,)."""
        mean, variance, unit = columns.pooled_spread(profile)
        return columns.positive_units(variance.mean(keepdims=True), np.abs(mean).max()) if self.equal else unit

    def first(self, profile: AnyProfile) -> tuple[Array, Array]:
        """Uniquenesses (d,) or (1,) of all rows to begin with, and the least that they may be. Errors: as `refuse_too_many`."""
        self.refuse_too_many(len(profile.columns))
        covariance, least = profile.covariance, max(self.floor, THIN) * self.units(profile)
        ridge = np.diag(np.broadcast_to(least, len(covariance)))
        return np.maximum(first_uniquenesses(covariance + ridge, self.n_factors, self.equal), least), least

    def draw(self, params: G, rng: np.random.Generator, components: Integers) -> Array:
        return np.asarray(MATRICES.draw(params, rng, components))

    def linear(self, params: G) -> LinearForm[Moments]:
        form: LinearForm[Moments] = MATRICES.linear(params)
        return form

    def lower_bound(self, profile: AnyProfile) -> Floor:
        mean, unit = columns.pooled_spread(profile)[0], self.units(profile)
        varying = vary_by_themselves(profile.covariance)
        if self.equal:
            varying = np.array([varying.any()])
        directions, m = len(mean) + self.across, self.n_factors
        return self.kind_of_floor("uniquenesses", self.floor * unit, varying, directions=directions, factors=m)


def covariances_of(params: Any) -> Array:
    """The covariances (K, d, d) of the columns."""
    return np.asarray(params.covariances)
