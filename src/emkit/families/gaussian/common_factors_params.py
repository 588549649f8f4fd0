"""Parameters of classes that differ in what their factors are like: one frame for all, and factors of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
import scipy

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import Real
from emkit.core.spaces.factor_covariance import OwnFactorCovariance
from emkit.core.spaces.uniqueness import Uniqueness
from emkit.errors import ParameterError

__all__ = ["CommonFactorsParams", "EqualCommonFactorsParams"]


@dataclass(frozen=True, eq=False)
class CommonFactorsParams(Parameters):
    """x = intercepts + loadings f + e, where the factors f of class k have a mean and a covariance of their own.

    `intercepts` (d,), `loadings` (d, m) and `uniquenesses` (d,) >= 0, the variances of e, are of all classes; `factor_means`
    (K, m) and `factor_covariances` (K, m, m) of each, which may be singular. Factors can be moved, turned and stretched at no
    cost; so `markers` (m,) are columns in whose units they are: each of these has an intercept of 0, and a loading of 1 on its
    own factor alone. `of` takes any others, and chooses markers.

    >>> import emkit as ek
    >>> params = ek.CommonFactorsParams.of([0.0, 0.0], [[0.8], [0.4]], [0.36, 0.64], [[0.0], [1.0]], [[[1.0]], [[4.0]]])
    >>> params.markers, params.loadings.tolist(), params.factor_means.tolist()
    ((0,), [[1.0], [0.5]], [[0.0], [0.8]])
    >>> params.means.round(2).tolist(), params.covariances[1].round(2).tolist()
    ([[0.0, 0.0], [0.8, 0.4]], [[2.92, 1.28], [1.28, 1.28]])
    """

    intercepts: Annotated[Array, Real(), Axes("column")]
    loadings: Annotated[Array, Real(), Axes("column", "factor", coupled=("column", "factor"))]
    uniquenesses: Annotated[Array, Uniqueness(), Axes("column", coupled=("column",))]
    factor_means: Annotated[Array, Real(), Axes("component", "factor", coupled=("factor",))]
    factor_covariances: Annotated[Array, OwnFactorCovariance(), Axes("component", "factor", "factor")]
    markers: tuple[int, ...] = ()

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self,
            intercepts: ArrayLike,
            loadings: ArrayLike,
            uniquenesses: ArrayLike,
            factor_means: ArrayLike,
            factor_covariances: ArrayLike,
            markers: tuple[int, ...] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        places, (d, m) = list(self.markers), self.loadings.shape
        right = len(places) == m and all(0 <= j < d for j in places) and (self.loadings[places] == np.eye(m)).all()
        if not right or self.intercepts[places].any():
            raise ParameterError(
                f"markers is {self.markers!r:.60}; it must name {m} column{'s' * (m != 1)}, each with an intercept of 0 and a "
                f"loading of 1 on its own factor alone: make parameters with `{type(self).__name__}.of`."
            )

    @classmethod
    def of(
        cls,
        intercepts: ArrayLike,
        loadings: ArrayLike,
        uniquenesses: ArrayLike,
        factor_means: ArrayLike,
        factor_covariances: ArrayLike,
        markers: tuple[int, ...] = (),
    ) -> CommonFactorsParams:
        """Parameters of any loadings, in units of `markers`; without these, of columns in which factors lie farthest apart.

        Errors: ParameterError for loadings some of which are sums of the others.
        """
        given = intercepts, loadings, factor_means, factor_covariances
        origin, lines, means, own = (np.asarray(each, dtype=np.float64) for each in given)
        noise = np.broadcast_to(np.asarray(uniquenesses, dtype=np.float64), origin.shape)
        size = np.sqrt(np.einsum("ja,kab,jb->kj", lines, own, lines).max(axis=0) + noise)
        places = list(markers or _farthest(lines / np.where(size > 0, size, 1.0)[:, None]))
        across = lines[places]
        if np.linalg.matrix_rank(across) < lines.shape[1]:
            raise ParameterError("loadings of some factors are sums of those of others: use fewer factors.")
        found = np.linalg.solve(across.T, lines.T).T
        found[places] = np.eye(len(places))
        moved = origin - found @ origin[places]
        moved[places] = 0.0
        covariances = across @ own @ across.T
        covariances = (covariances + covariances.swapaxes(-1, -2)) / 2
        return cls(moved, found, uniquenesses, means @ across.T + origin[places], covariances, tuple(places))

    @property
    def means(self) -> Array:
        """Of the columns in each class, (K, d)."""
        return np.asarray(self.intercepts + self.factor_means @ self.loadings.T)

    @property
    def noise(self) -> Array:
        """The uniquenesses, written out for every class and column: (K, d)."""
        return np.broadcast_to(self.uniquenesses, (len(self.factor_means), len(self.intercepts)))

    @property
    def covariances(self) -> Array:
        """Of the columns in each class, (K, d, d)."""
        found = self.loadings @ self.factor_covariances @ self.loadings.T
        j = np.arange(len(self.loadings))
        found[:, j, j] += self.noise
        return np.asarray((found + found.swapaxes(-1, -2)) / 2)


@dataclass(frozen=True, eq=False)
class EqualCommonFactorsParams(CommonFactorsParams):
    """The same with one uniqueness () for all columns.

    >>> import emkit as ek
    >>> params = ek.EqualCommonFactorsParams.of([0.0, 0.0], [[0.8], [0.4]], 0.5, [[0.0], [1.0]], [[[1.0]], [[4.0]]])
    >>> params.covariances[0].round(2).tolist()
    [[1.14, 0.32], [0.32, 0.66]]
    """

    uniquenesses: Annotated[Array, Uniqueness(), Axes()]


def _farthest(lines: Array) -> tuple[int, ...]:
    """Rows of (d, m), as many as columns, that lie farthest apart, in whatever basis."""
    basis = np.linalg.qr(lines).Q
    order = scipy.linalg.qr(basis.T, pivoting=True, mode="r")[1]
    return tuple(sorted(int(j) for j in order[: lines.shape[1]]))
