"""Parameters of normal components whose columns hang together by factors: each component's own, or shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import LowerTriangular, Real
from emkit.core.spaces.uniqueness import Uniqueness
from emkit.families.gaussian.best_factors import turned

__all__ = [
    "CommonEqualFactorNormalParams",
    "CommonFactorNormalParams",
    "EqualFactorNormalParams",
    "FactorNormalParams",
    "OneEqualFactorNormalParams",
    "OneFactorNormalParams",
    "SharedEqualFactorNormalParams",
    "SharedFactorNormalParams",
]


@dataclass(frozen=True, eq=False)
class FactorNormalParams(Parameters):
    """`means` (K, d), `loadings` (K, d, m) and `uniquenesses` (K, d) >= 0, the variances of what factors leave.

    Factors can be turned at no cost. These are turned so that the first column has a loading on the first factor alone, the
    second on the first two, and so on: above the diagonal, loadings are 0. `of` turns any loadings like that.

    >>> import emkit as ek
    >>> params = ek.FactorNormalParams(means=[[0.0, 0.0]], loadings=[[[0.8], [0.6]]], uniquenesses=[[0.36, 0.64]])
    >>> params.covariances[0].round(2).tolist()
    [[1.0, 0.48], [0.48, 1.0]]
    """

    by_component: ClassVar[str] = "kj"  # the axes of the uniquenesses

    means: Annotated[Array, Real(), Axes("component", "column", coupled=("column",))]
    loadings: Annotated[Array, LowerTriangular(), Axes("component", "column", "factor")]
    uniquenesses: Annotated[Array, Uniqueness(), Axes("component", "column", coupled=("column",))]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, means: ArrayLike, loadings: ArrayLike, uniquenesses: ArrayLike) -> None: ...

    @classmethod
    def of(cls, means: ArrayLike, loadings: ArrayLike, uniquenesses: ArrayLike) -> FactorNormalParams:
        """Parameters of any loadings, which are turned."""
        return cls(means, turned(np.array(loadings, dtype=np.float64)), uniquenesses)

    @property
    def noise(self) -> Array:
        """The uniquenesses, written out for every component and column: (K, d)."""
        value = np.asarray(self.uniquenesses)
        return np.broadcast_to(value[:, None] if self.by_component == "k" else value, self.means.shape)

    @property
    def covariances(self) -> Array:
        """Of the columns in each component, (K, d, d)."""
        products = self.loadings @ self.loadings.swapaxes(-1, -2)
        found = np.array(np.broadcast_to(products, (*self.means.shape, self.means.shape[1])))
        j = np.arange(self.means.shape[1])
        found[:, j, j] += self.noise
        return found


@dataclass(frozen=True, eq=False)
class EqualFactorNormalParams(FactorNormalParams):
    """The same with one uniqueness for all columns of a component, (K,).

    >>> import emkit as ek
    >>> params = ek.EqualFactorNormalParams([[0.0, 0.0]], [[[0.8], [0.6]]], [0.36])
    >>> params.covariances[0].round(2).tolist()
    [[1.0, 0.48], [0.48, 0.72]]
    """

    by_component: ClassVar[str] = "k"

    uniquenesses: Annotated[Array, Uniqueness(), Axes("component")]


@dataclass(frozen=True, eq=False)
class SharedFactorNormalParams(FactorNormalParams):
    """The same with uniquenesses (d,) that all components share.

    >>> import emkit as ek
    >>> params = ek.SharedFactorNormalParams([[0.0, 0.0]], [[[0.8], [0.6]]], [0.36, 0.64])
    >>> params.covariances[0].round(2).tolist()
    [[1.0, 0.48], [0.48, 1.0]]
    """

    by_component: ClassVar[str] = "j"

    uniquenesses: Annotated[Array, Uniqueness(), Axes("column", coupled=("column",))]


@dataclass(frozen=True, eq=False)
class SharedEqualFactorNormalParams(FactorNormalParams):
    """The same with one uniqueness () for all components and columns.

    >>> import emkit as ek
    >>> params = ek.SharedEqualFactorNormalParams([[0.0, 0.0]], [[[0.8], [0.6]]], 0.36)
    >>> params.covariances[0].round(2).tolist()
    [[1.0, 0.48], [0.48, 0.72]]
    """

    by_component: ClassVar[str] = ""

    uniquenesses: Annotated[Array, Uniqueness(), Axes()]


@dataclass(frozen=True, eq=False)
class CommonFactorNormalParams(FactorNormalParams):
    """The same with loadings (d, m) that all components share; uniquenesses (K, d) are of each.

    >>> import emkit as ek
    >>> params = ek.CommonFactorNormalParams([[0.0, 0.0]], [[0.8], [0.6]], [[0.36, 0.64]])
    >>> params.covariances[0].round(2).tolist()
    [[1.0, 0.48], [0.48, 1.0]]
    """

    loadings: Annotated[Array, LowerTriangular(), Axes("column", "factor")]


@dataclass(frozen=True, eq=False)
class CommonEqualFactorNormalParams(EqualFactorNormalParams):
    """The same with loadings (d, m) that all components share, and one uniqueness for all columns of each, (K,).

    >>> import emkit as ek
    >>> params = ek.CommonEqualFactorNormalParams([[0.0, 0.0]], [[0.8], [0.6]], [0.36])
    >>> params.covariances[0].round(2).tolist()
    [[1.0, 0.48], [0.48, 0.72]]
    """

    loadings: Annotated[Array, LowerTriangular(), Axes("column", "factor")]


@dataclass(frozen=True, eq=False)
class OneFactorNormalParams(SharedFactorNormalParams):
    """The same with uniquenesses (d,) and loadings (d, m) that all components share.

    >>> import emkit as ek
    >>> params = ek.OneFactorNormalParams([[0.0, 0.0]], [[0.8], [0.6]], [0.36, 0.64])
    >>> params.covariances[0].round(2).tolist()
    [[1.0, 0.48], [0.48, 1.0]]
    """

    loadings: Annotated[Array, LowerTriangular(), Axes("column", "factor")]


@dataclass(frozen=True, eq=False)
class OneEqualFactorNormalParams(SharedEqualFactorNormalParams):
    """The same with loadings (d, m) that all components share, and one uniqueness ().

    >>> import emkit as ek
    >>> params = ek.OneEqualFactorNormalParams([[0.0, 0.0]], [[0.8], [0.6]], 0.36)
    >>> params.covariances[0].round(2).tolist()
    [[1.0, 0.48], [0.48, 0.72]]
    """

    loadings: Annotated[Array, LowerTriangular(), Axes("column", "factor")]
