"""Parameters of normal components whose covariances share volume, shape or orientation: one class for each form.

A covariance is volume * orientation @ diag(shape) @ orientation', where the entries of a shape have the product 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Mask
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters, declared_spaces
from emkit.core.spaces import Positive, Real, Rotation, UnitProduct
from emkit.families.gaussian.ellipsoids import Ellipsoids

Volume = Annotated[float, Positive()]
Volumes = Annotated[Array, Positive(), Axes("component")]
ColumnShape = Annotated[Array, UnitProduct(), Axes("column")]
ColumnShapes = Annotated[Array, UnitProduct(), Axes("component", "column")]
Shape = Annotated[Array, UnitProduct(), Axes("axis")]
Shapes = Annotated[Array, UnitProduct(), Axes("component", "axis")]
Orientation = Annotated[Array, Rotation(), Axes("column", "axis")]
Orientations = Annotated[Array, Rotation(), Axes("component", "column", "axis")]


@dataclass(frozen=True, eq=False)
class EllipsoidParams(Parameters):
    """`means` (K, d), and what else a form has.

    A `volume`, or `volumes` (K,), in squares of the unit of the data; a `shape` (d,) or `shapes` (K, d), unless components are
    round; an `orientation` (d, d) or `orientations` (K, d, d), whose columns are the axes, unless these lie along the columns.
    """

    means: Annotated[Array, Real(), Axes("component", "column", coupled=("column",))]

    if TYPE_CHECKING:  # the fields of a form, made from whatever an array can be made from

        def __init__(self, means: ArrayLike, *args: ArrayLike, **fields: ArrayLike) -> None: ...

    @property
    def ellipsoids(self) -> Ellipsoids:
        """The variances along the axes, and the axes."""
        number, d = self.means.shape
        volumes, shapes, axes = self._part("volume", 1.0), self._part("shape", np.ones(d)), self._part("orientation", np.eye(d))
        return Ellipsoids(np.log(volumes)[:, None] + np.log(shapes) + np.zeros((number, 1)), axes)

    def _part(self, name: str, otherwise: Any) -> Array:
        """What there is of that name, (K, ...), or (1, ...) where components share it, or where nothing is said of it."""
        fields = vars(self)
        return np.asarray(fields[name + "s"] if name + "s" in fields else [fields.get(name, otherwise)])

    @classmethod
    def of(cls, means: ArrayLike, ellipsoids: Ellipsoids) -> Self:
        """The parameters of ellipsoids that have the form."""
        logs, axes = ellipsoids
        volumes = logs.mean(axis=1, keepdims=True)
        shapes = np.exp(logs - volumes)
        every = {"volume": np.exp(volumes).mean(), "volumes": np.exp(volumes[:, 0]), "shape": shapes.mean(axis=0)}
        every |= {"shapes": shapes, "orientation": axes[0], "orientations": axes}
        return cls(means, **{name: every[name] for name in _of_the_form(cls)})

    def slopes(self, along: Array, turning: Array) -> Mapping[str, Array]:
        """Derivatives along the fields, given those along logarithms of variances (K, d) and along axes (K, d, d)."""
        volumes, shapes = self._part("volume", 1.0), self._part("shape", np.ones(self.means.shape[1]))
        of_volumes, of_shapes = along.sum(axis=1) / volumes, along / shapes
        every = {"volume": of_volumes.sum(), "volumes": of_volumes, "shape": of_shapes.sum(axis=0), "shapes": of_shapes}
        every |= {"orientation": turning.sum(axis=0), "orientations": turning}
        return {name: every[name] for name in _of_the_form(type(self))}

    def by_field(self, each: Mapping[str, Mask]) -> Mapping[str, Mask]:
        """What is said of `volumes` (K,) and `shapes` (K, d), said of the fields of the form: of one for all, by the first."""
        fields = _of_the_form(type(self))
        return {
            name if name in fields else name[:-1]: said if name in fields else np.asarray(said[0])
            for name, said in each.items()
        }

    @property
    def covariances(self) -> Array:
        """The covariances (K, d, d)."""
        return self.ellipsoids.covariances

    @property
    def variances(self) -> Array:
        """The variance of each column in each component, (K, d)."""
        return np.asarray(np.einsum("kjj->kj", self.covariances))


def _of_the_form(kind: Any) -> list[str]:
    """The fields that a form has beside the means."""
    return [name for name in declared_spaces(kind) if name != "means"]


@dataclass(frozen=True, eq=False)
class EIIParams(EllipsoidParams):
    """One `volume` for all components, which are round.

    Two round clusters of one size: 2 * 2 means and one volume, no more.

    >>> import emkit as ek
    >>> params = ek.EIIParams(means=[[0.0, 0.0], [3.0, 1.0]], volume=2.0)
    >>> params.covariances[1].round(6).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """

    volume: Volume


@dataclass(frozen=True, eq=False)
class EEIParams(EllipsoidParams):
    """One `volume` and one `shape` (d,), along the columns, for all components.

    A volume of 2 along the axes in the ratio of 2 to 1/2, alike in both clusters:

    >>> import emkit as ek
    >>> params = ek.EEIParams([[0.0, 0.0], [3.0, 1.0]], volume=2.0, shape=[2.0, 0.5])
    >>> params.covariances[1].tolist()
    [[4.0, 0.0], [0.0, 1.0]]
    """

    volume: Volume
    shape: ColumnShape


@dataclass(frozen=True, eq=False)
class VEIParams(EllipsoidParams):
    """`volumes` (K,), and one `shape` (d,), along the columns.

    The second is three times as large, and of the same shape:

    >>> import emkit as ek
    >>> params = ek.VEIParams([[0.0, 0.0], [3.0, 1.0]], volumes=[1.0, 3.0], shape=[2.0, 0.5])
    >>> params.covariances.round(6).tolist()
    [[[2.0, 0.0], [0.0, 0.5]], [[6.0, 0.0], [0.0, 1.5]]]
    """

    volumes: Volumes
    shape: ColumnShape


@dataclass(frozen=True, eq=False)
class EVIParams(EllipsoidParams):
    """One `volume`, and `shapes` (K, d), along the columns.

    The one is wide, the other high, and both have an area of the same size:

    >>> import emkit as ek
    >>> params = ek.EVIParams([[0.0, 0.0], [3.0, 1.0]], volume=1.0, shapes=[[4.0, 0.25], [0.25, 4.0]])
    >>> params.covariances.tolist()
    [[[4.0, 0.0], [0.0, 0.25]], [[0.25, 0.0], [0.0, 4.0]]]
    """

    volume: Volume
    shapes: ColumnShapes


@dataclass(frozen=True, eq=False)
class VEEParams(EllipsoidParams):
    """`volumes` (K,), one `shape` (d,) and one `orientation` (d, d).

    Both lie along the same direction, here turned by a quarter, so that the long axis is the second column's:

    >>> import emkit as ek
    >>> params = ek.VEEParams([[0.0, 0.0], [3.0, 1.0]], [1.0, 3.0], shape=[4.0, 0.25], orientation=[[0.0, -1.0], [1.0, 0.0]])
    >>> params.covariances.round(6).tolist()
    [[[0.25, 0.0], [0.0, 4.0]], [[0.75, 0.0], [0.0, 12.0]]]
    """

    volumes: Volumes
    shape: Shape
    orientation: Orientation


@dataclass(frozen=True, eq=False)
class EVEParams(EllipsoidParams):
    """One `volume`, `shapes` (K, d) and one `orientation` (d, d).

    Along the same diagonals, one longer along the first of them, one along the second:

    >>> import emkit as ek
    >>> import numpy as np
    >>> turn = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
    >>> params = ek.EVEParams([[0.0, 0.0], [3.0, 1.0]], 1.0, shapes=[[4.0, 0.25], [0.25, 4.0]], orientation=turn)
    >>> params.covariances.round(3).tolist()
    [[[2.125, 1.875], [1.875, 2.125]], [[2.125, -1.875], [-1.875, 2.125]]]
    """

    volume: Volume
    shapes: Shapes
    orientation: Orientation


@dataclass(frozen=True, eq=False)
class VVEParams(EllipsoidParams):
    """`volumes` (K,), `shapes` (K, d) and one `orientation` (d, d).

    As EVE, but the second is twice as large:

    >>> import emkit as ek
    >>> import numpy as np
    >>> turn = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
    >>> params = ek.VVEParams([[0.0, 0.0], [3.0, 1.0]], [1.0, 2.0], shapes=[[4.0, 0.25], [0.25, 4.0]], orientation=turn)
    >>> np.linalg.det(params.covariances).round(3).tolist()
    [1.0, 4.0]
    """

    volumes: Volumes
    shapes: Shapes
    orientation: Orientation


@dataclass(frozen=True, eq=False)
class EEVParams(EllipsoidParams):
    """One `volume`, one `shape` (d,) and `orientations` (K, d, d).

    The same ellipse twice, the second turned by a quarter:

    >>> import emkit as ek
    >>> turns = [[[1.0, 0.0], [0.0, 1.0]], [[0.0, -1.0], [1.0, 0.0]]]
    >>> params = ek.EEVParams([[0.0, 0.0], [3.0, 1.0]], volume=1.0, shape=[4.0, 0.25], orientations=turns)
    >>> params.covariances.tolist()
    [[[4.0, 0.0], [0.0, 0.25]], [[0.25, 0.0], [0.0, 4.0]]]
    """

    volume: Volume
    shape: Shape
    orientations: Orientations


@dataclass(frozen=True, eq=False)
class VEVParams(EllipsoidParams):
    """`volumes` (K,), one `shape` (d,) and `orientations` (K, d, d).

    The second is turned by a quarter, and twice as large:

    >>> import emkit as ek
    >>> turns = [[[1.0, 0.0], [0.0, 1.0]], [[0.0, -1.0], [1.0, 0.0]]]
    >>> params = ek.VEVParams([[0.0, 0.0], [3.0, 1.0]], volumes=[1.0, 2.0], shape=[4.0, 0.25], orientations=turns)
    >>> params.covariances[1].round(6).tolist()
    [[0.5, 0.0], [0.0, 8.0]]
    """

    volumes: Volumes
    shape: Shape
    orientations: Orientations


@dataclass(frozen=True, eq=False)
class EVVParams(EllipsoidParams):
    """One `volume`, `shapes` (K, d) and `orientations` (K, d, d).

    A long ellipse and a round one of the same area, in any direction:

    >>> import emkit as ek
    >>> import numpy as np
    >>> turns = [[[1.0, 0.0], [0.0, 1.0]], [[0.0, -1.0], [1.0, 0.0]]]
    >>> params = ek.EVVParams([[0.0, 0.0], [3.0, 1.0]], volume=1.0, shapes=[[4.0, 0.25], [1.0, 1.0]], orientations=turns)
    >>> np.linalg.det(params.covariances).round(6).tolist()
    [1.0, 1.0]
    """

    volume: Volume
    shapes: Shapes
    orientations: Orientations


@dataclass(frozen=True, eq=False)
class VVIParams(EllipsoidParams):
    """`volumes` (K,), and `shapes` (K, d) along the columns: forms along the columns, written out for each component."""

    volumes: Volumes
    shapes: ColumnShapes


@dataclass(frozen=True, eq=False)
class VVVParams(EllipsoidParams):
    """`volumes` (K,), `shapes` (K, d) and `orientations` (K, d, d): any form, written out for each component."""

    volumes: Volumes
    shapes: Shapes
    orientations: Orientations


PARAMETERS: dict[str, type[EllipsoidParams]] = {
    "EII": EIIParams,
    "EEI": EEIParams,
    "VEI": VEIParams,
    "EVI": EVIParams,
    "VEE": VEEParams,
    "EVE": EVEParams,
    "VVE": VVEParams,
    "EEV": EEVParams,
    "VEV": VEVParams,
    "EVV": EVVParams,
}
