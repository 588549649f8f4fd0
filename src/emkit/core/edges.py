"""Estimates that creep towards the edge of their space: EM takes for ever to get there, and the maximum may lie on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from emkit.core.evaluation import EMMap
from emkit.core.parameters import Leaf, Parameters, replace_at
from emkit.core.protocols import Evaluation
from emkit.core.rate import DECREASE
from emkit.core.stopping import ROUGH, remaining
from emkit.core.turns import Turns

P = TypeVar("P", bound=Parameters)

CREEPING = 2e-8  # of its distance from the edge that an EM step takes off: what comes to rest inside has stopped by then
CRAWLING = 1e-9  # the same, of what is crept along the slower, the nearer the edge is
NEGLIGIBLE = 1e-6  # log-likelihood left to gain, below which the edge is tried before a run has settled,
TINY = 1e-3  # for elements this much smaller than the largest of their field, which solvers that extrapolate chase for ever,
LIFTED = 1e-9  # from the edge, by rounding
SLOW = 0.99  # or for a single number, which has no other to be small against, once EM has become this slow, or creeps anyway


class Creeping(NamedTuple):
    """One element of a field that moves towards an edge: where it is, and the share of the way that an EM step makes."""

    leaf: Leaf
    place: tuple[int, ...]
    pace: float


@dataclass(frozen=True)
class EdgesTried:
    """What `Edges` has tried: its next turn, and what it has `put` on an edge (where rounding lifts that again, it stays)."""

    turns: Turns = Turns()  # noqa: RUF009 - cannot be changed
    put: tuple[tuple[str, tuple[int, ...]], ...] = ()


class Edges(Generic[P]):
    """Tries the edges during one run: when it would be called converged and, seldom, when next to nothing is left to gain."""

    def __init__(self, em: EMMap[P], tried: EdgesTried = EdgesTried()) -> None:
        self._em, self.tried = em, tried

    def beside(self, here: Evaluation[P], number: int, settled: bool) -> Evaluation[P] | None:
        """A point no lower than `here` with estimates on the edge that they creep towards; None if there is none.

        All of them are put there at once; if that is lower, those that creep fastest, half as many each time. From there EM can
        go on: it leaves a variance, a rate or a probability of 0 where it is.
        """
        left = remaining(here.em_rate)[0] if here.em_rate is not None else np.inf
        if settled and left > ROUGH:
            return None  # it was called converged by a rule that does not ask what is left
        if not settled and (number < self.tried.turns.next or not (slowly(here) or left <= NEGLIGIBLE)):
            return None
        found = _creeping(self._em, here, tiny=not settled)
        found = [each for each in found if (each.leaf.path, each.place) not in self.tried.put]
        creeping = sorted(found, key=lambda each: -each.pace)
        while creeping:
            there = self._at(put_on_edges(here.params, creeping))
            if there is not None and there.objective >= here.objective:
                put = (*self.tried.put, *((each.leaf.path, each.place) for each in creeping))
                self.tried = replace(self.tried, put=put)
                return there
            creeping = creeping[: len(creeping) // 2]
        self.tried = replace(self.tried, turns=self.tried.turns.after(number))
        return None

    def exact(self, here: Evaluation[P]) -> Evaluation[P]:
        """The same point with what was put on an edge exactly there, if rounding has lifted it a little."""
        fields = {leaf.path: leaf for leaf in self._em.coordinates.free(here.params)}
        lifted = [Creeping(fields[path], place, 1.0) for path, place in self.tried.put]
        lifted = [each for each in lifted if 0 < each.leaf.space.way_to_edge(each.leaf.value)[each.place] < LIFTED]
        there = self._at(put_on_edges(here.params, lifted)) if lifted else None
        return there if there is not None and no_lower(there, here) else here

    def _at(self, params: P) -> Evaluation[P] | None:
        with np.errstate(all="ignore"):  # not every model can be evaluated on an edge
            return self._em.attempt(params)


def no_lower(there: Evaluation[P], here: Evaluation[P]) -> bool:
    """Whether `there` the objective is that of `here`, or higher, but for rounding."""
    return there.objective >= here.objective - DECREASE * (1 + abs(here.objective))


def slowly(here: Evaluation[P]) -> bool:
    """Whether EM has become slow."""
    return here.em_rate is not None and here.em_rate.contraction >= SLOW


def _creeping(em: EMMap[P], here: Evaluation[P], tiny: bool) -> list[Creeping]:
    """The elements that creep; of `tiny` ones only, if so asked."""
    found = []
    after = {leaf.path: leaf.value for leaf in em.coordinates.free(here.update)}
    for leaf in em.coordinates.free(here.params):
        pace = leaf.space.pace_to_edge(leaf.value, after[leaf.path])
        if tiny and leaf.value.size > 1:
            pace = np.where(leaf.space.way_to_edge(leaf.value) <= TINY * np.abs(leaf.value).max(initial=0.0), pace, 0.0)
        elif tiny and not (slowly(here) or leaf.space.is_crept_along):
            continue
        for index in np.argwhere(pace > (CRAWLING if leaf.space.is_crept_along else CREEPING)):
            place = tuple(int(i) for i in index)
            found.append(Creeping(leaf, place, float(pace[place])))
    return found


def put_on_edges(params: P, creeping: list[Creeping]) -> P:
    """The parameters with these elements on their edges."""
    changes: dict[str, Any] = {}
    for path in {each.leaf.path for each in creeping}:
        mine = [each for each in creeping if each.leaf.path == path]
        mask = np.zeros(mine[0].leaf.value.shape, dtype=bool)
        for each in mine:
            mask[each.place] = True
        changes[path] = mine[0].leaf.space.on_edge(mine[0].leaf.value, mask)
    return replace_at(params, changes)
