"""Where is the highest maximum? Many starts race over few passes, moves lead on from the best, and the best is followed.

    starts   8 ────── 8 passes together ────── all at one maximum? ── yes ────────────────────────────┐
               │ no                                                                                   │
             12 to 52 more, of other kinds ─ 8 passes together                                        │
               │ half, and others in place of those that end on spikes                                │
    race       ├────── 11 passes together                                                             │
               │ the best fifth, likewise                                                             │
               ├────── 23 passes together                                                             │
               │ the best four maxima together, until they are known roughly                          │
    moves    the best ── 8 to 24 starts near it (split-merge, components put elsewhere), raced so     │
               │       ▲                                                │                             │
               │       └──── the best of all ── until three rounds in turn lead no higher, or one     │
               │                                does, and some led back                               │
    end      the best ── on with the solver, until it settles ◀───────────────────────────────────────┘
               │
             its end is a spike, or lower than another maximum? ── then that one is followed, too

Large data are raced on a random sample. Maxima that are close there go on over all rows one after the other, each until it is
clear that it is no higher than those before. The numbers, and why they are what they are, stand in `Plan`. What is the better
of two runs stands in `rank`: spikes and slivers never win over sound maxima.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from emkit.core.engine import Record, Watch, unwatched
from emkit.core.journal import Journal
from emkit.core.onlooker import amid
from emkit.core.parameters import Parameters
from emkit.core.protocols import Executor
from emkit.core.ready import ready
from emkit.core.restarts import Fate, Left, Restarts
from emkit.core.stopping import NO_HIGHER, ROUGHLY, SPIKED, NoHigher, Rule, Step
from emkit.data.source import RowSource
from emkit.errors import Outcome, ParameterError
from emkit.fitted import Fitted, ModelOf, SolverOf
from emkit.fitting import fit_each
from emkit.models.around import bare
from emkit.models.belonging import Belonging
from emkit.models.narrowed import Narrowed
from emkit.search.plan import PLAN, Plan, unit
from emkit.search.race import Race, begun, told_whole
from emkit.search.rank import Rank, alike, distinct, is_spike, rank
from emkit.search.seeding import Begin, looked_at

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class Long(Generic[P]):
    """Runs over all rows, and how they end: `endings`, given how many steps and passes were made before.

    `max_iter` bounds the steps of the race. `workers`: a number of threads (None: as many as are worth while), or an executor.
    The `journal` keeps these runs, and no race: that is run again, to the same bits.
    """

    solver: SolverOf[P] | None
    endings: Callable[[int, int], Iterable[Rule]]
    max_iter: int
    workers: int | Executor | None = None
    watch: Watch = unwatched
    journal: Journal | None = None

    def __call__(self, model: ModelOf[P], source: RowSource, run: Record[P], *first: Rule) -> Fitted[P]:
        """The run from where `run` stands."""
        rules = [*first, *self.endings(run.iterations, run.evaluations)]
        return fit_each(
            model,
            source,
            [run.params],
            solver=self.solver,
            rules=rules,
            workers=self.workers,
            watch=self.watch,
            journal=self.journal,
        )


def search(model: ModelOf[P], source: RowSource, begin: Begin[P], long: Long[P], plan: Plan = PLAN) -> Fitted[P]:
    """The highest maximum that a search finds: see above. A single start is simply followed.

    `long` says how runs are followed to their ends. In the record, `Fitted.runs` has the runs that were followed, the best one
    first, and what became of the other starts.
    """
    if begin.narrowed is not None:
        found = _widened(ready(model, source, ()), source, begin, begin.narrowed, long, plan)
    else:
        found = _search(ready(model, source, begin.first[:1]), source, begin, long, plan)
    return replace(found, runs=replace(found.runs, seed=begin.seed if len(begin.first) > 1 else None))


def _widened(
    model: ModelOf[P], source: RowSource, begin: Begin[P], narrowed: Narrowed[P], long: Long[P], plan: Plan
) -> Fitted[P]:
    """What a search in fewer columns finds, told in all of them. No `watch`: the steps are those of another problem."""
    with amid("in fewer columns"):
        found = _search(narrowed.model, narrowed.source, begin, replace(long, watch=unwatched), plan)
    runs = tuple(narrowed.record(run) for run in found.runs.runs)
    left = tuple(replace(each, told=narrowed.record) for each in found.runs.left)
    return Fitted(model, source, model.prepare(source), replace(found.runs, runs=runs, left=left), found.executor)


def _search(model: ModelOf[P], source: RowSource, begin: Begin[P], long: Long[P], plan: Plan) -> Fitted[P]:
    if len(begin.first) == 1 and begin.more is None:
        return long(model, source, begun(begin.first[0]))
    rows, every = plan.sampled(model.coordinates(begin.first[0]).size), looked_at(model, source)
    sample = every if every.rows <= 2 * rows or every.groups is not None else source.sample(rows)
    try:
        found = _searched(Race(model, sample, long.max_iter, long.workers, plan), every, begin, long)
    except ParameterError:  # where the sample leads, a row outside it is impossible
        if sample is every:
            raise
        found = _searched(Race(model, every, long.max_iter, long.workers, plan), every, begin, long)
    return replace(found, source=source)


def _searched(race: Race[P], source: RowSource, begin: Begin[P], long: Long[P]) -> Fitted[P]:
    tried, risen = race.found(begin)
    found = (*tried, *risen)
    ends = _Ends(race, found, source, long)
    best = ends.followed()
    places = [best, *(i for i in ends.done if i != best)]
    runs = tuple(ends.runs[i] for i in places)
    spikes = frozenset(at for at, run in enumerate(runs) if ends.rank(run).spike)
    left = tuple(ends.left(i, best) for i in range(len(found)) if i not in ends.done)
    return replace(ends.done[best], runs=Restarts(runs, spikes, left, len(risen)))


class _Ends(Generic[P]):
    """The runs to the end: `runs`, by their places in what a race `found`, and those that are `done`."""

    def __init__(self, race: Race[P], found: tuple[Record[P], ...], source: RowSource, long: Long[P]) -> None:
        self._race, self._found, self._source, self._long = race, found, source, long
        self._ranks = [race.rank(run) for run in found]
        self.runs: dict[int, Record[P]] = {}
        self.done: dict[int, Fitted[P]] = {}

    def rank(self, run: Record[P]) -> Rank:
        """How good a run over all rows is."""
        return self._race.rank(run) if self._whole else rank(run, self._race.model, self._source)

    @property
    def _whole(self) -> bool:
        return self._race.sample is self._source

    def followed(self) -> int:
        """Follow the best to its end, and others, if it turns out worse there. Returns the place of the best.

        Others are those that are known roughly, and some sound ones and the highest spike, in case that all of these are
        spikes. As long as there are others, a run that has come to a spike is left there.
        """
        maxima = distinct(self._ranks, self._race.same)
        sound = [i for i in maxima if self._ranks[i].sound][: self._race.plan.resort]
        resorts = {*sound, *[i for i in maxima if self._ranks[i].spike][:1]}
        known = [i for i in maxima if i in resorts or self._found[i].outcome is ROUGHLY] or maxima[:1]
        if self._whole:
            self.runs = {i: self._found[i] for i in known}
        else:
            self._compare(known)
        while (best := min(self.runs, key=lambda i: self.rank(self.runs[i]))) not in self.done:
            run = self.runs[best]
            others = any(i != best and i not in self.done for i in self.runs)
            rules = [self._spiked] if others and not self.rank(run).spike else []
            fitted = self._long(self._race.model, self._source, run, *rules)
            self.runs[best] = told_whole(run, fitted.record)
            if fitted.outcome != SPIKED:
                self.done[best] = fitted
        return best

    def _spiked(self, step: Step) -> Outcome | None:
        """Stop at a spike: to converge there takes many steps, and most runs that come to one stay."""
        look = step.number > 0 and step.number % self._race.plan.look == 0
        return SPIKED if look and is_spike(step.here.params, self._race.model, self._source) else None

    def _compare(self, known: Sequence[int]) -> None:
        """Runs over all rows from maxima that are close over the sample: after the first, as long as they may rise higher."""
        plan, one = self._race.plan, unit(self._source)
        for i in known[: plan.close]:
            if not self._is_close(i, known[0]):
                continue
            sound = [run.objective for run in self.runs.values() if self.rank(run).sound]
            rules = [NoHigher(max(sound), plan.rough * one, plan.same * one)] if sound else []
            fitted = self._long(self._race.model, self._source, begun(self._found[i].params), *rules)
            self.runs[i] = replace(fitted.record, start=self._found[i].start)
            if fitted.outcome != NO_HIGHER:
                self.done[i] = fitted

    def _is_close(self, i: int, best: int) -> bool:
        """Whether a maximum of the sample may be the highest of all rows: the sample errs by as much as its rows disagree.

        Source: Vuong (1989), Econometrica 57, 307-333.
        """
        mine, top = self._ranks[i], self._ranks[best]
        if i == best or mine[:2] != top[:2]:
            return i == best
        plan, model, scale = self._race.plan, bare(self._race.model), self._race.unit
        error = 0.0
        if isinstance(model, Belonging):
            chunks = list(self._race.sample.chunks())
            ends = (self._found[at].params for at in (best, i))
            one, two = (np.concatenate([model.posterior(end, chunk).log_likelihood for chunk in chunks]) for end in ends)
            weights = np.concatenate([chunk.weights for chunk in chunks])
            error = float(np.sqrt(np.cov(one - two, aweights=weights, ddof=0) * weights.sum() * scale))
        return mine.lowness - top.lowness <= max(plan.lead * scale, plan.errors * error)

    def left(self, i: int, best: int) -> Left[P]:
        """What became of a start that was not followed to its end."""
        if i in self.runs and not self._whole:
            return Left(self.runs[i], self._fate(self.rank(self.runs[i]), self.rank(self.runs[best])))
        rows = None if self._whole else int(self._race.sample.rows)
        return Left(self._found[i], self._fate(self._ranks[i], self._ranks[best]), rows)

    def _fate(self, mine: Rank, best: Rank) -> Fate:
        if mine.failed:
            return Fate.FAILED
        return Fate.SPIKE if mine.spike else Fate.NEAR if alike(mine, best, self._race.same) else Fate.LOWER
