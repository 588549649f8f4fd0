"""Parameters of growth mixtures."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Positive, Real, Simplex
from emkit.models.mixed_params import MixedModelParams
from emkit.models.nested import NestedCovariance
from emkit.models.random_effects import AnyCovariance, DiagonalCovariance, EqualCovariance


class AnyGrowthParams(Parameters):
    """Parameters that have `proportions` (K,) of groups, and tell the mixed model of `each` class."""

    proportions: Array

    @property
    @abstractmethod
    def each(self) -> tuple[MixedModelParams, ...]:
        """The parameters of the mixed model of each class."""


@dataclass(frozen=True, eq=False)
class GrowthMixtureParams(AnyGrowthParams):
    """Parameters of `GrowthMixture`: `proportions` (K,) of groups that sum to 1, and a mixed model for each of the `classes`.

    >>> import emkit as ek
    >>> flat = ek.MixedModelParams([10.0, 0.0], ek.models.EqualCovariance(1.0), 0.5)
    >>> steep = ek.MixedModelParams([10.0, 2.0], ek.models.EqualCovariance(1.0), 0.5)
    >>> params = ek.GrowthMixtureParams([0.7, 0.3], (flat, steep))
    >>> len(params.classes), params.classes[1].fixed.tolist()
    (2, [10.0, 2.0])
    """

    proportions: Annotated[Array, Simplex(), Axes("component")]
    classes: Annotated[tuple[MixedModelParams, ...], Axes("component")]

    @property
    def each(self) -> tuple[MixedModelParams, ...]:
        return self.classes

    if TYPE_CHECKING:

        def __init__(self, proportions: ArrayLike, classes: tuple[MixedModelParams, ...]) -> None: ...


@dataclass(frozen=True, eq=False)
class SharedGrowthMixtureParams(AnyGrowthParams):
    """The same where classes differ by their fixed effects alone: ``GrowthMixture(model, spread="shared")``.

    `proportions` (K,) of groups; `fixed` (K, p) effects of each class, of the `covariates`; `between`, the covariance of random
    effects, and `within` > 0, the variance of errors, of all classes.

    >>> import emkit as ek
    >>> params = ek.SharedGrowthMixtureParams([0.7, 0.3], [[10.0, 0.0], [10.0, 2.0]], ek.models.EqualCovariance(1.0), 0.5)
    >>> params.each[1].fixed.tolist(), params.each[1].within
    ([10.0, 2.0], 0.5)
    """

    proportions: Annotated[Array, Simplex(), Axes("component")]
    fixed: Annotated[Array, Real(), Axes("component", "covariate", coupled=("covariate",), told_by="covariates")]
    between: AnyCovariance | DiagonalCovariance | EqualCovariance | NestedCovariance
    within: Annotated[float, Positive()]
    covariates: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def each(self) -> tuple[MixedModelParams, ...]:
        return tuple(MixedModelParams(own, self.between, self.within, covariates=self.covariates) for own in self.fixed)

    if TYPE_CHECKING:

        def __init__(
            self,
            proportions: ArrayLike,
            fixed: ArrayLike,
            between: AnyCovariance | DiagonalCovariance | EqualCovariance | NestedCovariance,
            within: float,
            *,
            covariates: tuple[str, ...] = (),
        ) -> None: ...
