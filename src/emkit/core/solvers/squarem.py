"""Squared extrapolation of EM (SQUAREM), in unconstrained coordinates and never downhill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.parameters import Parameters
from emkit.core.protocols import EM, Evaluation
from emkit.core.solvers.extrapolation import extrapolate

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class SquaremState:
    """The state of `Squarem`: the longest step length to try."""

    longest: float


@dataclass(frozen=True)
class Squarem:
    """Two EM steps tell how EM moves; a squared extrapolation goes ahead along them, and a third EM step follows.

    From theta0 with theta1 = F(theta0), theta2 = F(theta1), r = theta1 - theta0 and v = theta2 - 2 theta1 + theta0, the
    extrapolation is theta0 + 2 a r + a^2 v with a = -<r, v> / <v, v> (scheme S1), and F of that is the next point. Where EM
    picks up speed, as on its way out of a plateau, <r, v> is positive and a = |r| / (2 |v|), half of scheme S3, goes on ahead.
    Coordinates are unconstrained, so a guess is always admissible; those that are infinite, or as good as that (a parameter on
    its boundary), simply take the EM value. The next point is kept if its objective is at least that of theta1, which is
    known already: no pass is spent on comparing. Otherwise the step is the plain EM step to theta1, and shorter guesses are
    tried from then on. Three passes over the data a step.

    `longest` is the first bound on a; it grows by `growth` when a good extrapolation hits it, and halves after a refused one.
    Source: Varadhan & Roland (2008), Scand. J. Statist. 35, 335-353.
    """

    longest: float = 4.0
    growth: float = 4.0

    def init(self, first: Evaluation[P]) -> SquaremState:
        return SquaremState(self.longest)

    def step(self, em: EM[P], here: Evaluation[P], state: SquaremState) -> tuple[Evaluation[P], SquaremState]:
        middle = em(here.update)
        start, once, twice = (em.coordinates.pack(p) for p in (here.params, middle.params, middle.update))
        path = _Path(start, once, twice, em.coordinates.at_edge(twice))
        length = min(path.best_length(), state.longest)
        if length <= 1:
            return middle, state
        done = extrapolate(em, path.at(length), middle.update, least=middle)
        if done is None:
            return middle, SquaremState(max(state.longest / 2, 1.0))
        return done.landed, SquaremState(state.longest * self.growth if length == state.longest else state.longest)


class _Path:
    """Three consecutive points of EM in unconstrained coordinates; those at an `edge`, or infinite, do not take part."""

    def __init__(self, start: Array, once: Array, twice: Array, edge: Mask) -> None:
        self._twice = twice
        self._moving = np.isfinite(start) & np.isfinite(once) & np.isfinite(twice) & ~edge
        self._start = start[self._moving]
        self._change = once[self._moving] - self._start
        self._bend = twice[self._moving] - once[self._moving] - self._change

    def best_length(self) -> float:
        square = float(self._bend @ self._bend)
        if square == 0:
            return 1.0
        slowing = -float(self._change @ self._bend)
        return slowing / square if slowing > 0 else 0.5 * float(np.sqrt(self._change @ self._change / square))

    def at(self, length: float) -> Array:
        guess = self._twice.copy()
        guess[self._moving] = self._start + 2 * length * self._change + length**2 * self._bend
        return guess
