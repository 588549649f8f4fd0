"""Parameters of confirmatory factor analysis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Correlations, Real
from emkit.core.spaces.correlations import root_of
from emkit.core.spaces.factor_covariance import FactorCovariance
from emkit.core.spaces.semidefinite import semidefinite_root
from emkit.core.spaces.uniqueness import Uniqueness


@dataclass(frozen=True, eq=False)
class ConfirmatoryFactorParams(Parameters):
    """Parameters of `ConfirmatoryFactorModel`, of d columns and m factors.

    `means` (d,); `loadings` (k,) and `uniquenesses` (p,) >= 0, the numbers that their letters stand for, in alphabetical order;
    `factors` (m, m), the covariance of the factors. It is singular where a factor is a sum of others: an estimate on the edge.

    >>> import emkit as ek
    >>> params = ek.ConfirmatoryFactorParams([0.0, 0.0], loadings=[0.7], uniquenesses=[0.5], factors=[[1.0]])
    >>> params.loadings.tolist()
    [0.7]
    """

    means: Annotated[Array, Real(), Axes("column")]
    loadings: Annotated[Array, Real(), Axes("letter of loadings")]
    uniquenesses: Annotated[Array, Uniqueness(), Axes("letter of uniquenesses")]
    factors: Annotated[Array, FactorCovariance(), Axes("factor", "factor")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, means: ArrayLike, loadings: ArrayLike, uniquenesses: ArrayLike, factors: ArrayLike
        ) -> None: ...  # fmt: skip

    @cached_property
    def root(self) -> Array:
        """The lower triangle R (m, m) by which factors are R g, with g ~ N(0, I)."""
        return semidefinite_root(self.factors)

    @property
    def unit(self) -> Array:
        """The standard deviation (m,) of each factor; 1 of one that does not vary."""
        own = np.sqrt(np.diag(self.factors))
        return np.where(own > 0, own, 1.0)

    @property
    def tilts(self) -> bool:
        """Whether a factor does not vary, given others, which then could be a sum of them in other ways as well."""
        return bool((np.diag(self.root) == 0).any())


@dataclass(frozen=True, eq=False)
class UnitFactorParams(ConfirmatoryFactorParams):
    """The same of factors of variance 1, of which `factors` (m, m) are the correlations.

    >>> import emkit as ek
    >>> ek.UnitFactorParams([0.0, 0.0], [0.7, 0.5], [0.5, 0.6], [[1.0, 0.3], [0.3, 1.0]]).factors.tolist()
    [[1.0, 0.3], [0.3, 1.0]]
    """

    factors: Annotated[Array, Correlations(), Axes("factor", "factor")]

    @cached_property
    def root(self) -> Array:
        return root_of(self.factors)


class Standardised(NamedTuple):
    """Loadings (d, m) where columns and factors have variance 1, uniquenesses (d,), and correlations (m, m) of factors."""

    loadings: Array
    uniquenesses: Array
    correlations: Array
