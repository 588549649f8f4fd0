"""Parameters of linear mixed models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from emkit.core.arrays import Array
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Positive, Real
from emkit.models.nested import NestedCovariance
from emkit.models.random_effects import AnyCovariance, DiagonalCovariance, EqualCovariance


class AnyMixedParams(Parameters):
    """Parameters that have the covariance of random effects, `between` groups, and the variance of errors `within` them."""

    between: AnyCovariance | DiagonalCovariance | EqualCovariance | NestedCovariance
    within: float


@dataclass(frozen=True, eq=False)
class MixedModelParams(AnyMixedParams):
    """Parameters of `MixedModel`, of p covariates.

    `fixed` (p,): their coefficients, that of the intercept first; `between`: the covariance of the random effects; `within`
    > 0: the variance of the error of a row; `covariates`: the names of what the coefficients are of. How alike two rows of a
    group are:

    >>> import emkit as ek
    >>> params = ek.MixedModelParams([66.5], ek.models.EqualCovariance(600.0), 16.0)
    >>> round(params.between.variance / (params.between.variance + params.within), 3)
    0.974
    """

    fixed: Annotated[Array, Real(), Axes("covariate", coupled=("covariate",), told_by="covariates")]
    between: AnyCovariance | DiagonalCovariance | EqualCovariance | NestedCovariance
    within: Annotated[float, Positive()]
    covariates: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, eq=False)
class RestrictedMixedModelParams(AnyMixedParams):
    """The same without `fixed`.

    >>> import emkit as ek
    >>> params = ek.RestrictedMixedModelParams(ek.models.AnyCovariance([[600.0, 10.0], [10.0, 4.0]]), 16.0)
    >>> params.between.covariance.shape, float(params.within)
    ((2, 2), 16.0)
    """

    between: AnyCovariance | DiagonalCovariance | EqualCovariance | NestedCovariance
    within: Annotated[float, Positive()]
