"""Parameters of linear Gaussian state spaces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.parameters import Parameters
from emkit.core.spaces import NonNegative, PositiveDefinite, Real

Matrix = Array | list[Any]
EFFECTS = ("effects", "state_effects")
MATRICES = ("transition", "state_noise", "observation", "noise")
FIELDS = (*MATRICES, "start_mean", "start_covariance", *EFFECTS)


@dataclass(frozen=True, eq=False)
class StateSpaceParams(Parameters):
    """Parameters of `StateSpace`, of m states, r shocks and d columns.

    `transition` (m, m) maps the states of a row to those of the next; `state_noise` (r,) >= 0 are the variances of the shocks;
    `observation` (d, m) maps states to columns; `noise` (d,) >= 0 are the variances of the errors of the columns. `start_mean`
    (m,) is where states begin, if some of that is estimated, else (0,); `start_covariance` (m,) >= 0 likewise their variances.
    Of p inputs, `effects` (d, p) are what they add to the columns, and `state_effects` (m, p) to the states of the next row, or
    (0, 0) where they add nothing.
    The signal-to-noise ratio of the level of the Nile:

    >>> import emkit as ek
    >>> nile = ek.StateSpaceParams([[1.0]], [1468.5], [[1.0]], [15099.7])
    >>> round(float(nile.state_noise[0] / nile.noise[0]), 4)
    0.0973
    """

    transition: Annotated[Array, Real(), Axes("state", "state before", coupled=("state", "state before"))]
    state_noise: Annotated[Array, NonNegative(), Axes("shock")]
    observation: Annotated[Array, Real(), Axes("column", "state", coupled=("state",))]
    noise: Annotated[Array, NonNegative(), Axes("column")]
    start_mean: Annotated[Array, Real(), Axes("first state", coupled=("first state",))] = field(
        default_factory=lambda: np.empty(0)
    )
    start_covariance: Annotated[Array, NonNegative(), Axes("first state")] = field(default_factory=lambda: np.empty(0))
    effects: Annotated[Array, Real(), Axes("column", "input", coupled=("column", "input"))] = field(
        default_factory=lambda: np.empty((0, 0))
    )
    state_effects: Annotated[Array, Real(), Axes("state", "input", coupled=("state", "input"))] = field(
        default_factory=lambda: np.empty((0, 0))
    )

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, transition: ArrayLike, state_noise: ArrayLike, observation: ArrayLike, noise: ArrayLike,
            start_mean: ArrayLike = (), start_covariance: ArrayLike = (), effects: ArrayLike = (),
            state_effects: ArrayLike = (),
        ) -> None: ...  # fmt: skip

    @property
    def shocks(self) -> Array:
        """Their covariance (r, r)."""
        return np.diag(self.state_noise)

    @property
    def shock_precision(self) -> Array:
        """The inverse of that (r, r), with 0 for shocks that there are none of."""
        some = self.state_noise > 0
        return np.diag(np.where(some, 1 / np.where(some, self.state_noise, 1.0), 0.0))

    def told_of(self, matrix: Array) -> Array:
        """What of a matrix (r, r) has the shape of `state_noise`."""
        return np.diag(matrix).copy()


@dataclass(frozen=True, eq=False)
class CorrelatedStateSpaceParams(StateSpaceParams):
    """The same with `state_noise` (r, r), the covariance of the shocks."""

    state_noise: Annotated[Array, PositiveDefinite(), Axes("shock", "shock")]

    @property
    def shocks(self) -> Array:
        return self.state_noise

    @property
    def shock_precision(self) -> Array:
        return np.asarray(np.linalg.inv(self.state_noise))

    def told_of(self, matrix: Array) -> Array:
        return (matrix + matrix.T) / 2
