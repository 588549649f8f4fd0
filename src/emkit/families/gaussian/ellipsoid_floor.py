"""The floor under covariances that share volume, shape or orientation: under their variances along the axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.families.floor import FREED, LOOSE, THIN, Floor, rests
from emkit.families.gaussian.ellipsoids import LOWEST, Ellipsoids, Form, best_logs
from emkit.families.spread import few


@dataclass(frozen=True)
class EllipsoidFloor(Floor):
    """Under the variances along the axes, as a fraction `floor` of `unit` (d,).

    `whole` is the covariance (d, d) of the whole data, or their variances (d,) where axes lie along the columns; `directions`
    are how many may be correlated. `number`: of components in a row that share what is shared; 0 for all.
    """

    form: Form
    floor: float
    unit: Array
    whole: Array
    directions: int
    number: int = 0

    @property
    def least(self) -> Array:
        """The least variances (d,)."""
        return self.floor * self.unit

    def resting(self, params: Any) -> Mapping[str, Mask]:
        """The axes of a shape; the volume, where components share the shape or the floor holds all axes."""
        held = rests(np.exp(params.ellipsoids.logs), self.least)
        volume, shape, _ = self.form
        number = self.number or len(held)
        volumes = np.asarray(held.all(axis=1) if shape == "V" or volume == "E" else held.any(axis=1))
        if volume == "E":
            volumes = volumes.reshape(-1, number).all(axis=1).repeat(number)
        own = {"shapes": held} if shape == "V" or (volume, shape) == ("E", "E") else {}
        return params.by_field({"volumes": volumes, **own})

    def loosened(self, params: Any, rows: Array) -> Any:
        """Only along axes along which the whole data vary; what components share follows, as if all had as many rows."""
        logs, axes = params.ellipsoids
        every = rows if self.form.own else np.full(len(logs), rows.sum() if rows.all() else 0.0)
        whole = np.einsum("kja,jl,kla->ka", axes, self.whole, axes) if self.form.turned else self.whole
        free = rests(np.exp(logs), self.least) & ~few(every, self.directions)[:, None] & (whole >= THIN * self.unit)
        if not free.any():
            return None
        wanted = np.where(free, np.log(LOOSE * self.least), logs)
        found = best_logs(self.form, np.ones(len(logs)), np.exp(wanted), wanted, np.full(logs.shape, LOWEST))
        return type(params).of(params.means, Ellipsoids(found, axes))

    def held_along(self, params: Any, component: int, columns: int) -> Array:
        logs, axes = params.ellipsoids
        if not self.form.own:
            return np.empty((0, columns))
        unit = np.sqrt(np.diag(self.whole) if self.form.turned else self.whole)
        across = np.broadcast_to(axes, (len(logs), columns, columns))[component] * np.where(unit > 0, unit, 1.0)[:, None]
        across = across[:, rests(np.exp(logs[component]), self.least)]
        return np.asarray((across / np.linalg.norm(across, axis=0)).T)

    def within(self, params: Any, like: Any) -> bool:
        bound = np.log(FREED * self.least) if self.floor else -np.inf
        return not ((params.ellipsoids.logs < bound) & (like.ellipsoids.logs >= bound)).any()
