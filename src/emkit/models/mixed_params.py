"""Parameters of linear mixed models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from emkit.core.arrays import Array
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Positive, Real
from emkit.models.random_effects import AnyCovariance, DiagonalCovariance, EqualCovariance


class AnyMixedParams(Parameters):
    """Parameters that have the covariance of random effects, `between` groups, and the variance of errors `within` them."""

    between: AnyCovariance | DiagonalCovariance | EqualCovariance
    within: float


@dataclass(frozen=True, eq=False)
class MixedModelParams(AnyMixedParams):
    """Parameters of `MixedModel`, of p covariates.

    `fixed` (p,): their coefficients, that of the intercept first; `between`: the covariance of the random effects; `within`
    > 0: the variance of the error of a row.
    """

    fixed: Annotated[Array, Real(), Axes("covariate", coupled=("covariate",))]
    between: AnyCovariance | DiagonalCovariance | EqualCovariance
    within: Annotated[float, Positive()]


@dataclass(frozen=True, eq=False)
class RestrictedMixedModelParams(AnyMixedParams):
    """The same without `fixed`."""

    between: AnyCovariance | DiagonalCovariance | EqualCovariance
    within: Annotated[float, Positive()]
