"""The bound along a line between two iterates: it touches the log-likelihood, and carries it upwards.

theta(s) is a straight line in unconstrained coordinates, theta(0) the parameters that the E-step was taken at and theta(1)
those that the M-step made of it, so the picture has two axes whatever the number of parameters. With q held,

    l(theta(s)) >= bound(s),   with equality and equal slope at s = 0,   and bound(s) is highest at s = 1,

since the M-step maximises the bound over all theta, and so over this line. Therefore l(theta(1)) >= bound(1) >= bound(0) =
l(theta(0)): EM cannot fall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.coordinates import Coordinates
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.errors import ParameterError
from emkit.explain.ledger import accounts
from emkit.models.around import AnyModel, AnySource

FAR = 36.0  # stands for an infinite coordinate, a probability of 0 or 1: the log-odds of 2e-16


@dataclass(frozen=True)
class BoundCurve:
    """Log-likelihood and bound (m,) at `s` (m,); `step` is the EM step from s = 0 to s = 1."""

    step: int
    s: Array
    log_likelihood: Array
    bound: Array

    def at(self, s: float) -> tuple[float, float]:
        """Log-likelihood and bound at the point of the grid closest to `s`."""
        i = int(np.argmin(np.abs(self.s - s)))
        return float(self.log_likelihood[i]), float(self.bound[i])

    @property
    def highest(self) -> float:
        """Where on the grid the bound is highest."""
        return float(self.s[np.nanargmax(self.bound)])

    @property
    def gap(self) -> Array:
        """KL(q || posterior) along the line, shape (m,)."""
        return self.log_likelihood - self.bound

    def to_dict(self) -> Json:
        """Plain values for JSON; where theta(s) has no log-likelihood, None."""
        curves = {"log_likelihood": _finite(self.log_likelihood), "bound": _finite(self.bound)}
        return {"step": self.step, "s": self.s.tolist(), **curves}


def _finite(values: Array) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def bound_curve(
    model: AnyModel, source: AnySource, before: Parameters, after: Parameters, step: int = 1, s: ArrayLike | None = None
) -> BoundCurve:
    """The curves from `before` (s = 0) to `after` (s = 1), q from the E-step at `before`.

    `s`: where, by default 81 points from -0.5 to 1.5. Each point is a pass over the data.
    Errors: ModelError for a model whose latent states cannot be listed.
    """
    grid = np.round(np.linspace(-0.5, 1.5, 81), 12) if s is None else np.asarray(s, dtype=np.float64)
    line = Line(model.coordinates(before), before, after)
    thetas = [line(float(place)) for place in grid]
    found = iter(accounts(model, source, before, [theta for theta in thetas if theta is not None]))
    curves = np.full((2, len(grid)), np.nan)
    for i, here in ((i, next(found)) for i, theta in enumerate(thetas) if theta is not None):
        curves[:, i] = here.log_likelihood, here.bound
    return BoundCurve(step, grid, *curves)


@dataclass(frozen=True)
class Line:
    """theta(s): straight in unconstrained coordinates, from `before` at 0 to `after` at 1."""

    coordinates: Coordinates[Parameters]
    before: Parameters
    after: Parameters

    def __call__(self, s: float) -> Parameters | None:
        """The parameters at `s`; None where they overflow."""
        if s == 0:
            return self.before
        if s == 1:
            return self.after
        start, end = (_reached(self.coordinates.pack(theta)) for theta in (self.before, self.after))
        try:
            return self.coordinates.unpack(start + s * (end - start), self.before)
        except ParameterError:
            return None


def _reached(point: Array) -> Array:
    return np.where(np.isinf(point), np.sign(point) * FAR, point)
