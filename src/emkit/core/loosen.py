"""Estimates that a bound holds, and that the data may support beyond it."""

from __future__ import annotations

from typing import TypeVar

from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation
from emkit.core.rate import DECREASE

P = TypeVar("P", bound=Parameters)
STEPS = 5  # after which what collapses has collapsed: a component that closes in on equal rows does so faster and faster


def loosened(em: EMMap[P], here: Evaluation[P], steps: int = STEPS) -> Evaluation[P] | None:
    """A point higher than `here`, where what a bound held is estimated beyond it, and stays there; None if there is none.

    A few EM `steps` from a point a little beyond the bound tell an estimate from a collapse, which has no maximum.
    """
    for start in em.model.loosened(here.params, em.source.profile):
        there = em.attempt(start)
        for _ in range(steps):
            there = None if there is None else em.attempt(there.update)
        if there is not None and there.objective > here.objective + DECREASE * (1 + abs(here.objective)):
            return there
    return None
