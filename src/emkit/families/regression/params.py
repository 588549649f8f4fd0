"""Parameters of regressions: coefficients, and what the law of the response has besides."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Real
from emkit.families.made import made

OWN = Axes("component", "covariate", coupled=("covariate",), told_by="covariates")
SHARED = Axes("covariate", coupled=("covariate",), told_by="shared_covariates")


@dataclass(frozen=True, eq=False)
class RegressionParams(Parameters):
    """`coefficients` (K, p): the intercept, if there is one, and a slope for each covariate; `covariates`: their names.

    Poisson counts whose mean doubles with each unit of x:

    >>> import emkit as ek
    >>> import numpy as np
    >>> params = ek.RegressionParams([np.log([3.0, 2.0])], covariates=("Intercept", "x"))
    >>> np.exp(params.coefficients @ [1.0, 2.0]).round(6).tolist()
    [12.0]
    """

    coefficients: Annotated[Array, Real(), OWN]
    covariates: tuple[str, ...] = field(default=(), kw_only=True)

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, coefficients: ArrayLike, *, covariates: tuple[str, ...] = ()) -> None: ...


@cache
def with_shared(cls: Any) -> Any:
    """`cls` with the field `shared` (q,): slopes that all components have in common, of the `shared_covariates`."""
    hints = {"shared": Annotated[Array, Real(), SHARED], "shared_covariates": tuple[str, ...]}
    return made(f"Shared{cls.__name__}", cls, hints, with_shared, cls)
