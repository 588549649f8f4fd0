"""Is a stationary point a maximum, or a saddle on which a symmetric start balances?"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation
from emkit.errors import ParameterError

P = TypeVar("P", bound=Parameters)

PUSH = 1e-3  # length of the push away from the stationary point, in unconstrained coordinates
ESCAPES = 1.02  # EM at a maximum never carries a push further away; at a saddle it does by its unstable rate
TRIES = 4


def escape_direction(em: EMMap[P], here: Evaluation[P]) -> Array | None:
    """The direction (unconstrained coordinates, length 1) in which EM runs away from `here`; None if it comes back.

    A random push is followed by EM steps, its length kept: the direction turns towards the one that EM contracts least
    (power iteration on the derivative of EM). The first push that EM shrinks by more than half in every step, or that still
    shrinks after a few steps, comes back. Costs at most 4 passes over the data, and none if no coordinate can move.
    """
    there = em.coordinates.pack(here.params)
    moving = np.isfinite(there)
    if not moving.any():
        return None
    push = np.zeros_like(there)
    push[moving] = np.random.default_rng(0).standard_normal(int(moving.sum()))
    for _ in range(TRIES):
        push *= PUSH / np.linalg.norm(push)
        try:
            pushed = em.attempt(em.coordinates.unpack(there + push, here.params))
        except ParameterError:
            return None
        if pushed is None:
            return None
        with np.errstate(invalid="ignore"):  # coordinates that are infinite, on the boundary, do not move
            carried = em.coordinates.pack(pushed.update) - there
        carried[~np.isfinite(carried)] = 0.0
        growth = float(np.linalg.norm(carried)) / PUSH
        if growth > ESCAPES and pushed.objective > here.objective:
            return np.asarray(carried / np.linalg.norm(carried))
        if growth < 1e-3:
            return None
        push = carried
    return None
