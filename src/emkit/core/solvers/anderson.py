"""Anderson's extrapolation of EM near its limit, squared extrapolation on the way there; never downhill."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.parameters import Parameters
from emkit.core.protocols import EM, Evaluation
from emkit.core.solvers.extrapolation import extrapolate
from emkit.core.solvers.squarem import Squarem, SquaremState
from emkit.errors import ModelError

P = TypeVar("P", bound=Parameters)
FEWEST = 3  # points from which to extrapolate
DEPENDENT = 1e-8  # directions with singular values this much smaller than the largest tell nothing


@dataclass(frozen=True)
class Iterate:
    """A point in unconstrained coordinates, and its image under EM."""

    point: Array
    image: Array

    @property
    def residual(self) -> Array:
        """The EM step from the point."""
        return self.image - self.point


@dataclass(frozen=True)
class AndersonState:
    """The state of `Anderson`: the `memory` of the latest iterates, and the turn of SQUAREM.

    `squarem_steps` are still to be made, `patience` were to be made after the last refusal; `squarem` is SQUAREM's own state.
    """

    memory: tuple[Iterate, ...]
    squarem_steps: int
    patience: int
    squarem: SquaremState

    @property
    def residuals(self) -> tuple[Array, ...]:
        """The EM steps from the remembered points."""
        return tuple(iterate.residual for iterate in self.memory)


@dataclass(frozen=True)
class Anderson:
    """The combination of the latest points whose EM step would be shortest, followed by an EM step.

    Near its limit EM is nearly linear: of the latest points x, which EM takes to F(x), with residuals f = F(x) - x, the
    differences df and dF show how step and image change from place to place. The weights g that minimise |f - df g| give
    the extrapolation F(x) - dF g. The EM step from there is kept if its objective is no lower than before. Two passes over
    the data a step. Far from the limit, where EM bends, such guesses miss: `patience` steps of `squarem` come first, and after
    every refused guess twice as many as the last time, but no more than `longest`. Coordinates that are infinite, or as good
    as that (a parameter on its boundary), take the EM value.

    `memory`: how many differences are remembered, at least 2.
    Source: Anderson (1965), J. ACM 12, 547-560; Walker & Ni (2011), SIAM J. Numer. Anal. 49, 1715-1735; for EM, Henderson &
    Varadhan (2019), J. Comput. Graph. Statist. 28, 834-846; with EM steps in between, Banerjee, Suryanarayana & Pask (2016),
    Chem. Phys. Lett. 647, 31-35.
    """

    memory: int = 10
    patience: int = 2
    longest: int = 32
    squarem: Squarem = field(default_factory=Squarem)

    def __post_init__(self) -> None:
        if self.memory < FEWEST - 1:
            raise ModelError(f"memory is {self.memory}; Anderson needs at least {FEWEST - 1} differences to extrapolate along.")

    def init(self, first: Evaluation[P]) -> AndersonState:
        return AndersonState((), self.patience, self.patience, self.squarem.init(first))

    def step(self, em: EM[P], here: Evaluation[P], state: AndersonState) -> tuple[Evaluation[P], AndersonState]:
        if state.squarem_steps:
            return self._squarem(em, here, state)
        memory = (*state.memory, _iterate(em, here))[-self.memory - 1 :]
        state = replace(state, memory=memory)
        if len(memory) < FEWEST:
            return em(here.update), state
        done = extrapolate(em, _shortest(state, em.coordinates.at_edge(memory[-1].image)), here.update, least=here)
        if done is None:
            patience = min(2 * state.patience, self.longest)
            return self._squarem(em, here, AndersonState((), patience, patience, state.squarem))
        return done.landed, AndersonState((*memory, _iterate(em, done.guess)), 0, self.patience, state.squarem)

    def _squarem(self, em: EM[P], here: Evaluation[P], state: AndersonState) -> tuple[Evaluation[P], AndersonState]:
        there, squarem = self.squarem.step(em, here, state.squarem)
        return there, replace(state, squarem_steps=state.squarem_steps - 1, squarem=squarem)


def _iterate(em: EM[P], here: Evaluation[P]) -> Iterate:
    return Iterate(em.coordinates.pack(here.params), em.coordinates.pack(here.update))


def _shortest(state: AndersonState, edge: Mask) -> Array:
    """The image of that combination of the points whose step, to first order, is shortest; the last point at an `edge`."""
    images = np.array([iterate.image for iterate in state.memory])
    with np.errstate(invalid="ignore"):  # the difference of two infinite coordinates
        residuals = np.array(state.residuals)
    moving = np.isfinite(residuals).all(axis=0) & np.isfinite(images).all(axis=0) & ~edge
    turns = np.diff(residuals[:, moving], axis=0)
    length = np.sqrt((turns**2).sum(axis=1))
    length[length == 0] = 1.0
    weights = np.linalg.lstsq((turns / length[:, None]).T, residuals[-1, moving], rcond=DEPENDENT)[0] / length
    guess = images[-1].copy()
    guess[moving] -= weights @ np.diff(images[:, moving], axis=0)
    return guess
