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
    """One `volume` for all components, which are round."""

    volume: Volume


@dataclass(frozen=True, eq=False)
class EEIParams(EllipsoidParams):
    """One `volume` and one `shape` (d,), along the columns, for all components."""

    volume: Volume
    shape: ColumnShape


@dataclass(frozen=True, eq=False)
class VEIParams(EllipsoidParams):
    """`volumes` (K,), and one `shape` (d,), along the columns."""

    volumes: Volumes
    shape: ColumnShape


@dataclass(frozen=True, eq=False)
class EVIParams(EllipsoidParams):
    """One `volume`, and `shapes` (K, d), along the columns."""

    volume: Volume
    shapes: ColumnShapes


@dataclass(frozen=True, eq=False)
class VEEParams(EllipsoidParams):
    """`volumes` (K,), one `shape` (d,) and one `orientation` (d, d)."""

    volumes: Volumes
    shape: Shape
    orientation: Orientation


@dataclass(frozen=True, eq=False)
class EVEParams(EllipsoidParams):
    """One `volume`, `shapes` (K, d) and one `orientation` (d, d)."""

    volume: Volume
    shapes: Shapes
    orientation: Orientation


@dataclass(frozen=True, eq=False)
class VVEParams(EllipsoidParams):
    """`volumes` (K,), `shapes` (K, d) and one `orientation` (d, d)."""

    volumes: Volumes
    shapes: Shapes
    orientation: Orientation


@dataclass(frozen=True, eq=False)
class EEVParams(EllipsoidParams):
    """One `volume`, one `shape` (d,) and `orientations` (K, d, d)."""

    volume: Volume
    shape: Shape
    orientations: Orientations


@dataclass(frozen=True, eq=False)
class VEVParams(EllipsoidParams):
    """`volumes` (K,), one `shape` (d,) and `orientations` (K, d, d)."""

    volumes: Volumes
    shape: Shape
    orientations: Orientations


@dataclass(frozen=True, eq=False)
class EVVParams(EllipsoidParams):
    """One `volume`, `shapes` (K, d) and `orientations` (K, d, d)."""

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
