"""Which of two runs is the better one, and which of many stand for one maximum each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from emkit.core.engine import Record
from emkit.core.evaluation import EMMap
from emkit.core.loosen import loosened
from emkit.core.parameters import Parameters
from emkit.data.source import RowSource
from emkit.fitted import ModelOf

P = TypeVar("P", bound=Parameters)


GLANCE = 1  # steps that tell a spike from an estimate well enough to choose whom to follow: who is followed is asked again


class Rank(NamedTuple):
    """How good a run is, smaller being better; `lowness` is minus its objective."""

    failed: bool
    spike: bool
    lowness: float

    @property
    def sound(self) -> bool:
        """Whether it neither failed nor rests on a spike or a sliver."""
        return not (self.failed or self.spike)


def rank(run: Record[P], model: ModelOf[P], source: RowSource) -> Rank:
    """Sound runs come before spikes and slivers, these before failed runs; then the objective counts."""
    failed = run.outcome.failed
    return Rank(failed, not failed and is_spike(run.params, model, source), -run.objective)


def is_spike(params: P, model: ModelOf[P], source: RowSource) -> bool:
    """Whether a component at `params` rests on a floor, and is no cluster that lies in a plane, or is a sliver."""
    return bool(model.spikes(params, source.profile) or model.slivers(params, source.profile))


def supported(run: Record[P], model: ModelOf[P], source: RowSource) -> bool:
    """Whether all that a floor holds at the end of a run over these rows is estimated below it: then it is no spike.

    A run to the end frees it (`core/loosen.py`); a short one is told from a spike by the same few passes.
    """
    if model.slivers(run.params, source.profile):
        return False
    em = EMMap(model, model.prepare(source), run.params)
    here = em.attempt(run.params)
    while here is not None and model.spikes(here.params, source.profile):
        here = loosened(em, here, GLANCE)
    return here is not None


def distinct(ranks: Sequence[Rank], same: float) -> list[int]:
    """The place of the best run of each maximum, best maximum first; runs that end within `same` found one."""
    first: list[int] = []
    for i in sorted(range(len(ranks)), key=ranks.__getitem__):
        if not any(alike(ranks[i], ranks[j], same) for j in first):
            first.append(i)
    return first


def alike(one: Rank, other: Rank, same: float) -> bool:
    """Whether two runs found one maximum, as far as their heights tell."""
    return one[:2] == other[:2] and abs(one[2] - other[2]) <= same
