"""The likelihood itself, climbed by Newton's method along all parameters together, where EM is slow or moves nothing.

An E-step tells the slope of the log-likelihood by Fisher's identity, wherever EM goes from there. EM leads near a maximum, and
that is the right one more often than Newton's method would find from afar; the last of the way is the other's.
Source: Jamshidian & Jennrich (1997), J. R. Statist. Soc. B 59, 569-587, on EM first and faster methods after it.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from emkit.core.climb import climb
from emkit.core.edges import Creeping, put_on_edges, slowly
from emkit.core.evaluation import EMMap
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation
from emkit.core.rate import DECREASE
from emkit.core.turns import Turns

P = TypeVar("P", bound=Parameters)

FIRST = Turns(20, 20)  # steps of EM before the first ascent, and until the next
MOST = 60  # coordinates: an ascent takes a pass over the data for each, several times
STEPS = 12  # of Newton's method: enough for what is near, or to see what runs to an edge
SETTLED, PROBE = 0.9, 3  # a rate of EM that no fast direction hides, and the steps of EM to find one by
LEFT = 1e-3  # of its way to an edge, which an ascent has left to an element that runs there


class Ascent(Generic[P]):
    """Climbs, in one run, from where EM has become slow, and from where it has come to rest but is stuck."""

    def __init__(self, em: EMMap[P], turns: Turns) -> None:
        self._em, self.turns = em, turns

    @classmethod
    def of(cls, em: EMMap[P], turns: Turns) -> Ascent[P] | None:
        """Of a model that climbs, and has not too many parameters for that."""
        return cls(em, turns) if em.model.climbs and em.coordinates.size <= MOST else None

    def beside(self, here: Evaluation[P], number: int, settled: bool) -> Evaluation[P] | None:
        """A point higher than `here`, from which EM goes on; None if there is none, or if it is not time to look."""
        if not self._em.model.is_stuck(here.params) if settled else number < self.turns.next:
            return None
        slow = settled or self._is_slow(here)
        self.turns = self.turns.after(number)
        return self.above(here) if slow else None

    def above(self, here: Evaluation[P]) -> Evaluation[P] | None:
        """A point that a climb from `here` leads to; None if there is none higher."""
        there = self._summit(here.params)
        found = self._em.attempt(there)
        edged = self._on_edges(here.params, there)
        rounding = DECREASE * (1 + abs(here.objective))
        if edged is not None and (found is None or edged.objective >= found.objective - rounding):
            found = edged
        higher = found is not None and found.objective > here.objective + rounding
        return found if higher else None

    def _is_slow(self, here: Evaluation[P]) -> bool:
        """Whether EM is; after an extrapolation, only once what it does fast is done."""
        told: Evaluation[P] | None = here
        for _ in range(0 if here.em_rate is not None and here.em_rate.contraction >= SETTLED else PROBE):
            told = self._em.attempt(told.update) if told is not None else None
        return told is not None and slowly(told)

    def _height(self, params: P) -> Expected:
        """The objective, and its slopes; with a prior, these are differences."""
        total = self._em.expectation(params)
        slopes = {} if self._em.model.states_prior else self._em.model.expected(total.statistics, params, params).slopes
        return Expected(self._em.objective_of(total, params), slopes)

    def _summit(self, start: P) -> P:
        model = self._em.model
        return climb(self._height, start, scales=model.scales(start), still=model.held(start), steps=STEPS)

    def _on_edges(self, before: P, there: P) -> Evaluation[P] | None:
        """The highest point with those elements on an edge that ran there; None if none did."""
        ways = {leaf.path: leaf.space.way_to_edge(leaf.value) for leaf in self._em.coordinates.free(before)}
        ran = []
        for leaf in self._em.coordinates.free(there):
            left = leaf.space.way_to_edge(leaf.value)
            for place in np.argwhere((left > 0) & (left < LEFT * ways[leaf.path])):
                ran.append(Creeping(leaf, tuple(map(int, place)), 1.0))
        edged = self._em.attempt(put_on_edges(there, ran)) if ran else None
        return self._em.attempt(self._summit(edged.params)) if edged is not None else None
