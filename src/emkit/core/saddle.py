"""Is a stationary point a maximum, or a saddle on which a symmetric start balances?"""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation
from emkit.core.stopping import remaining
from emkit.errors import ParameterError

P = TypeVar("P", bound=Parameters)

PUSH = 1e-3  # length of a push away from the stationary point, in unconstrained coordinates
TRIES = 4
FADED = 1e-2  # of a random push's usual share along any one direction: 99 of 100 have more, and an unstable one keeps it
ESCAPES = 1.02  # EM at a maximum never carries a push further away; at a saddle it does by its unstable rate
NEUTRAL = 0.9  # EM may carry a push back slowly, or not at all: only higher derivatives tell
LONG_PUSH = 0.2
LONG_TRIES = 3
INWARD = 1e-3  # a step by more than this away from the edge: EM lets it grow by 0.1 % each time
INSIDE = (7.0, 12.0)  # probabilities of 1e-3 and 6e-6
RISE = 1e-9  # a rise beyond this, relative to 1 + |objective|, is not rounding,
CLEAR = 100.0  # nor one below so many times what the run saw of rounding,
LEFT = 10.0  # and beyond this many times what the run had left to gain, it is not what EM would have gained anyway


def escape(em: EMMap[P], here: Evaluation[P]) -> Evaluation[P] | None:
    """A point near `here` from which EM runs away upwards; None if it comes back.

    A random push is followed by EM steps, its length kept: the direction turns towards the one that EM contracts least
    (power iteration on the derivative of EM). A push that EM lengthens leads off a saddle. One that it hardly changes may
    lie along a ridge, on a slow way to a maximum, or, where two normal components coincide, on a saddle whose curvature is
    zero: longer pushes in both senses tell, since from a maximum none of them can rise. At most 10 passes over the data, 4 if
    EM is not slow, fewer once next to nothing is left of the push, none if no coordinate can move; 2 more if a
    probability that is next to nothing grows again, and one from every point that is higher.
    """
    around = _Around(em, here)
    regrown = _regrown(around)
    return regrown if regrown is not None else _pushed_off(around)


def _regrown(around: _Around[P]) -> Evaluation[P] | None:
    """A higher point where probabilities that EM let shrink to nothing, and now lets grow again, have grown."""
    growing = around.growing()
    if growing.any():
        for size in INSIDE:
            pushed = around.evaluate_at(np.where(growing, np.sign(around.there) * size, around.there))
            kept = around.kept(pushed)
            if kept is not None:
                return kept
    return None


def _pushed_off(around: _Around[P]) -> Evaluation[P] | None:
    """A higher point that power iteration leads to; None if there is none."""
    push = around.random()
    growth, left = 0.0, 1.0
    for _ in range(TRIES):
        pushed = around.evaluate(push, PUSH)
        if pushed is None:
            return None
        push = around.carried(pushed)
        growth = float(np.linalg.norm(push)) / PUSH
        kept = around.kept(pushed) if growth > ESCAPES else None
        if kept is not None:
            return kept
        left *= growth
        if left * np.sqrt(len(push)) < FADED:
            return None
    return _uphill(around, push) if growth > NEUTRAL else None


def _uphill(around: _Around[P], direction: Array) -> Evaluation[P] | None:
    """A point higher than the stationary one, along `direction` or against it; None if there is none."""
    for push in (direction, -direction):
        for _ in range(LONG_TRIES):
            pushed = around.evaluate(push, LONG_PUSH)
            if pushed is None:
                break
            kept = around.kept(pushed)
            if kept is not None:
                return kept
            push = around.carried(pushed)
    return None


class _Around(Generic[P]):
    """The neighbourhood of a stationary point, in coordinates scaled to it.

    `drift` is where one more EM step moves the coordinates; those that still drift, such as the log-odds of a probability on
    its way to 0, are not pushed.
    """

    def __init__(self, em: EMMap[P], here: Evaluation[P]) -> None:
        self._em, self._here = em, here
        self._coordinates = em.model.coordinates(here.params)
        self.there = self._coordinates.pack(here.params)
        self.drift = self._away(here.update)
        self.still = np.isfinite(self.there) & (np.abs(self.drift) <= PUSH / 10)
        left, rounding = (remaining(here.em_rate)[0], here.em_rate.rounding) if here.em_rate is not None else (0.0, 0.0)
        self._top = here.objective + max(RISE * (1 + abs(here.objective)), LEFT * left, CLEAR * rounding)

    def random(self) -> Array:
        push = np.zeros_like(self.there)
        push[self.still] = np.random.default_rng(0).standard_normal(int(self.still.sum()))
        return push

    def evaluate(self, push: Array, length: float) -> Evaluation[P] | None:
        """The evaluation at so long a push, within the bounds of the model, if there is one."""
        size = float(np.linalg.norm(push))
        if size == 0:
            return None
        return self.evaluate_at(self.there + push * (length / size))

    def evaluate_at(self, point: Array) -> Evaluation[P] | None:
        """The evaluation at a point, within the bounds of the model: beyond them, it would be higher than EM can stay."""
        try:
            params = self._coordinates.unpack(point, self._here.params)
        except ParameterError:
            return None
        return self._em.attempt(params, self._here.params)

    def growing(self) -> Mask:
        """Which coordinates lie at the edge of their space, but move away from it in every EM step."""
        return self._coordinates.at_edge(self.there) & (self.drift * np.sign(self.there) < -INWARD)

    def _away(self, arrived: P) -> Array:
        coordinates = self._coordinates.pack(arrived)
        inside = np.isfinite(self.there) & np.isfinite(coordinates)
        return np.where(inside, coordinates, 0.0) - np.where(inside, self.there, 0.0)

    def carried(self, pushed: Evaluation[P]) -> Array:
        """Where an EM step carries a push."""
        return np.where(self.still, self._away(pushed.update), 0.0)

    def kept(self, pushed: Evaluation[P] | None) -> Evaluation[P] | None:
        """Where EM leads from a pushed point, if both lie above all that it would reach from the stationary one.

        A push may lie a little below a floor, and higher for that alone: EM brings it back.
        """
        if pushed is None or not pushed.objective > self._top:
            return None
        after = self._em.attempt(pushed.update)
        return after if after is not None and after.objective > self._top else None
