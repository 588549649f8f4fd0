"""Extrapolation to a guess, and the EM step from there: what the accelerated solvers share."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from emkit.core.arrays import Array
from emkit.core.parameters import Parameters
from emkit.core.protocols import EM, Evaluation
from emkit.errors import ParameterError

P = TypeVar("P", bound=Parameters)
ROUNDING = 1e-14  # relative: near the top, a sum over many rows cannot tell which of two points is higher


class Extrapolated(NamedTuple, Generic[P]):
    """An evaluation at the guess, and one at its update."""

    guess: Evaluation[P]
    landed: Evaluation[P]


def extrapolate(em: EM[P], guess: Array, like: P, least: Evaluation[P]) -> Extrapolated[P] | None:
    """Two passes from the coordinates `guess`; None if there is nothing to be had there, or if it lands lower than `least`."""
    try:
        guessed = em.attempt(em.coordinates.unpack(guess, like), like)
    except ParameterError:  # the extrapolation overflowed
        return None
    landed = None if guessed is None else em.attempt(guessed.update)
    if guessed is None or landed is None or not landed.objective >= least.objective - ROUNDING * (1 + abs(least.objective)):
        return None
    return Extrapolated(guessed, landed)
