"""Anderson's extrapolation of EM near its limit, squared extrapolation on the way there; never downhill."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.parameters import Parameters
from emkit.core.protocols import EM, Evaluation
from emkit.core.solvers.leap import leap
from emkit.core.solvers.squarem import Reach, Squarem
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)
FEWEST = 3  # points from which to extrapolate
DEPENDENT = 1e-8  # directions with singular values this much smaller than the largest tell nothing


class Point(NamedTuple):
    """A point in unconstrained coordinates, and where EM takes it."""

    at: Array
    to: Array


@dataclass(frozen=True)
class Course:
    """The state of `Anderson`: the latest points, steps of the `scout` still to make (and at the last refusal), its state."""

    points: tuple[Point, ...]
    scouting: int
    patience: int
    reach: Reach


@dataclass(frozen=True)
class Anderson:
    """Where a combination of the latest points would have the shortest EM step, there it leaps, and an EM step lands.

    Near its limit EM is nearly linear: of the latest points x, which EM takes to F(x), with steps f = F(x) - x, the
    differences df and dF show how step and arrival change from place to place. The weights g that minimise |f - df g| give
    the leap to F(x) - dF g. Its landing point is kept if its objective is no lower than before. Two passes over the data a
    step. Far from the limit, where EM bends, such leaps miss: `patience` steps of the `scout` come first, and after every
    refused leap twice as many as the last time, but no more than `longest`. Coordinates that are infinite, or as good as that
    (a parameter on its boundary), take the EM value.

    `memory`: how many differences are remembered, at least 2.
    Source: Anderson (1965), J. ACM 12, 547-560; Walker & Ni (2011), SIAM J. Numer. Anal. 49, 1715-1735; for EM, Henderson &
    Varadhan (2019), J. Comput. Graph. Statist. 28, 834-846; with EM steps in between, Banerjee, Suryanarayana & Pask (2016),
    Chem. Phys. Lett. 647, 31-35.
    """

    memory: int = 10
    patience: int = 2
    longest: int = 32
    scout: Squarem = field(default_factory=Squarem)

    def __post_init__(self) -> None:
        if self.memory < FEWEST - 1:
            raise ModelError(f"memory is {self.memory}; Anderson needs at least {FEWEST - 1} differences to leap along.")

    def init(self, first: Evaluation[P]) -> Course:
        return Course((), self.patience, self.patience, self.scout.init(first))

    def step(self, em: EM[P], here: Evaluation[P], state: Course) -> tuple[Evaluation[P], Course]:
        if state.scouting:
            return self._scout(em, here, state)
        points = (*state.points, _point(em, here))[-self.memory - 1 :]
        if len(points) < FEWEST:
            return em(here.update), replace(state, points=points)
        done = leap(em, _shortest(points, em.coordinates.at_edge(points[-1].to)), here.update, least=here)
        if done is None:
            patience = min(2 * state.patience, self.longest)
            return self._scout(em, here, Course((), patience, patience, state.reach))
        return done.landed, Course((*points, _point(em, done.leapt)), 0, self.patience, state.reach)

    def _scout(self, em: EM[P], here: Evaluation[P], state: Course) -> tuple[Evaluation[P], Course]:
        there, reach = self.scout.step(em, here, state.reach)
        return there, replace(state, scouting=state.scouting - 1, reach=reach)


def _point(em: EM[P], here: Evaluation[P]) -> Point:
    return Point(em.coordinates.pack(here.params), em.coordinates.pack(here.update))


def _shortest(points: tuple[Point, ...], edge: Mask) -> Array:
    """Where EM takes that combination of the points whose step, to first order, is shortest; the last point at an `edge`."""
    at, to = (np.array(coordinates) for coordinates in zip(*points, strict=True))
    moving = np.isfinite(at).all(axis=0) & np.isfinite(to).all(axis=0) & ~edge
    steps = to[:, moving] - at[:, moving]
    turns = np.diff(steps, axis=0)
    length = np.sqrt((turns**2).sum(axis=1))
    length[length == 0] = 1.0
    weights = np.linalg.lstsq((turns / length[:, None]).T, steps[-1], rcond=DEPENDENT)[0] / length
    guess = to[-1].copy()
    guess[moving] -= weights @ np.diff(to[:, moving], axis=0)
    return guess
