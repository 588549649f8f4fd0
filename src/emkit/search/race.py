"""Short runs from many starts, over all rows or a sample of them: where it is worth going on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from math import ceil
from typing import Generic, TypeVar

import numpy as np

from emkit.core.engine import HistoryEntry, Record
from emkit.core.onlooker import seen
from emkit.core.parameters import Parameters
from emkit.core.protocols import Executor
from emkit.core.stopping import ROUGHLY, still_to_gain
from emkit.data.source import RowSource
from emkit.errors import Outcome, Status
from emkit.fitted import ModelOf
from emkit.fitting import executor_for
from emkit.models.extrapolated import squared_steps
from emkit.models.together import Heights, Several, several
from emkit.search.plan import Plan, Stage, unit
from emkit.search.rank import Rank, alike, distinct, rank, supported
from emkit.search.seeding import Begin

P = TypeVar("P", bound=Parameters)
LEFT = Outcome(Status.BUDGET, "left before its end.")
UNKNOWN = Rank(False, False, np.inf)  # of a run that has not begun
STUCK = Outcome(Status.DEGENERATE, "stopped: an EM step from its parameters cannot be made.")


def begun(start: P) -> Record[P]:
    """A run that has not made a step."""
    return Record(start, start, -np.inf, -np.inf, LEFT, 0, 0, ())


@dataclass(frozen=True)
class Race(Generic[P]):
    """Short runs over the rows of `sample`, none of more than `max_iter` steps, as `plan` says."""

    model: ModelOf[P]
    sample: RowSource
    max_iter: int
    workers: int | Executor | None
    plan: Plan

    @cached_property
    def unit(self) -> float:
        """What counts as 1 in log-likelihoods of these rows."""
        return unit(self.sample)

    @property
    def same(self) -> float:
        """Runs that are known roughly and end this close have found one maximum."""
        return self.plan.same * self.unit

    def rank(self, run: Record[P]) -> Rank:
        """How good a run over these rows is."""
        if not run.evaluations:
            return UNKNOWN
        if id(run) not in self._ranked:
            found = rank(run, self.model, self.sample)
            spike = found.spike and not supported(run, self.model, self.sample)
            self._ranked[id(run)] = run, found._replace(spike=spike)
        return self._ranked[id(run)][1]

    @cached_property
    def _ranked(self) -> dict[int, tuple[Record[P], Rank]]:
        return {}  # with the runs, so that no other one is given their identity

    def found(self, begin: Begin[P]) -> tuple[list[Record[P]], list[Record[P]]]:
        """What became of all starts, in their order; and the runs to which moves led higher, the last the highest."""
        found = [begun(start) for start in begin.first]
        for _ in range(self.plan.again):
            found = self._raced(found, [Stage(self.plan.brief, 1.0)])
            if self._agree(found):
                return found, []
            if not self._may_agree(found):
                break
        if begin.more is not None:
            found += self._raced([begun(start) for start in begin.more()], [Stage(self.plan.brief, 1.0)])
        found = self._raced(found, self.plan.race)
        if not self.model.ascends:  # it wanders: no height tells where it would settle
            return found, []
        found = self._further(found, self.plan.followed)
        best = min(found, key=self.rank)
        top = self.rank(best)
        alike_best = sum(alike(self.rank(run), top, self.same) for run in found)
        common = top.sound and alike_best >= self.plan.common * len(found)
        return found, list(self._risen(best, begin.seed, common))

    def tried(self, starts: Iterable[P], best: Record[P]) -> list[Record[P]]:
        """Short runs from starts that may lead higher than `best`, two maxima of them followed until it is clear whether."""
        raced = self._raced([begun(start) for start in starts], self.plan.moved)
        mine = self.rank(best)
        return self._further(raced, 2, -mine.lowness if mine.sound else -np.inf)

    def higher(self, runs: Iterable[Record[P]], best: Record[P], least: float) -> list[Record[P]]:
        """Those of the runs that are better than `best` by this much at `least`, best first."""
        mine = self.rank(best)
        bound = mine._replace(lowness=mine.lowness - least)
        return sorted((run for run in runs if self.rank(run) < bound), key=self.rank)

    def _agree(self, found: Sequence[Record[P]]) -> bool:
        """Whether all runs came to one maximum, at once."""
        heights = [run.objective for run in found]
        known = all(run.outcome is ROUGHLY and self.rank(run).sound for run in found)
        return known and max(heights) - min(heights) <= self.same

    def _may_agree(self, found: Sequence[Record[P]]) -> bool:
        """Whether all runs seem to have one limit, which they have not come near yet."""
        limits = [run.objective + still_to_gain([entry.objective for entry in run.history]) for run in found]
        return all(not run.outcome.failed for run in found) and max(limits) - min(limits) <= self.plan.agreeing * self.unit

    def _raced(self, found: Sequence[Record[P]], stages: Iterable[Stage]) -> list[Record[P]]:
        """The same runs, of which each stage takes the better ones further, and others in place of those that end on spikes."""
        runs = list(found)
        for stage in stages:
            waiting = {i for i, run in enumerate(runs) if self._may_go_on(run)}
            number = ceil(stage.share * len(runs))
            while going := [i for i in self._best(runs, number) if i in waiting]:
                waiting.difference_update(going)
                for i, longer in zip(going, self._steps([runs[i] for i in going], stage.passes), strict=True):
                    runs[i] = longer
        return runs

    def _best(self, runs: Sequence[Record[P]], number: int) -> list[int]:
        return sorted(range(len(runs)), key=lambda i: self.rank(runs[i]))[:number]

    def _steps(self, runs: Sequence[Record[P]], passes: int) -> list[Record[P]]:
        """The runs some EM steps further, side by side; so many passes for each of them."""
        if not runs:
            return []
        source = self.model.prepare(self.sample)
        passes = min(passes, 1 + self.max_iter - max(run.iterations for run in runs))
        longer: list[Record[P]] = []
        told = f"{len(runs)} start{'' if len(runs) == 1 else 's'}, pass"
        with self._executor(source, runs[0].params)() as map_reduce:
            for group in several(self.model, [run.params for run in runs], int(source.rows)):
                heights: list[Heights] = []
                here: Several[P] = group
                for here, height, is_step, ends_round in seen(squared_steps(group, source, map_reduce), told):  # noqa: B007
                    heights.append(height)
                    enough = len(heights) >= passes - ends_round  # what may follow a round is a guess, and that is no end
                    if (is_step and enough) or (ends_round and self._known(heights)):
                        break
                first = len(longer)
                some = [self._longer(run, here, i, heights) for i, run in enumerate(runs[first : first + len(here)])]
                for run, spike in zip(some, here.spiked(self.sample.profile), strict=True):
                    if run.outcome.failed or not spike:  # of a spike, some passes tell whether it is supported
                        self._ranked[id(run)] = run, Rank(run.outcome.failed, False, -run.objective)
                longer += some
        return longer

    def _executor(self, source: RowSource, params: P) -> Executor:
        """Threads for rows in memory; those that lie elsewhere are worked on by whoever works on all of them."""
        there = source.is_elsewhere or not callable(self.workers)
        return executor_for(source, params, self.workers if there else None)

    def _known(self, heights: Sequence[Heights]) -> bool:
        """Whether all runs side by side that can go on are known roughly, at the end of a round."""
        if len(heights) < 4:
            return False
        fourth, third, second, last = (height.objective for height in heights[-4:])
        objectives = np.stack([np.where(np.isnan(third), fourth, third), second, last], axis=1)
        return all(self._little(still_to_gain(each)) for each in objectives if np.isfinite(each[-1]))

    def _little(self, gain: float) -> bool:
        return gain <= self.plan.rough * self.unit

    def _longer(self, run: Record[P], here: Several[P], place: int, heights: Sequence[Heights]) -> Record[P]:
        """A run with what it reached on the way to where it stands now, as one of several."""
        params = here.params(place)
        each = [(i, float(height.objective[place]), float(height.log_likelihood[place])) for i, height in enumerate(heights)]
        kept = [(i, objective, other) for i, objective, other in each if not np.isnan(objective)]
        objective = [height for _, height, _ in kept]
        if params is None or not np.isfinite(objective).all():
            return replace(run, outcome=STUCK, evaluations=run.evaluations + len(heights))
        new = tuple(
            HistoryEntry(run.iterations + step, run.evaluations + i + 1, one, other)
            for step, (i, one, other) in enumerate(kept)
        )
        outcome = ROUGHLY if self._little(still_to_gain(objective)) else LEFT
        return Record(
            run.start, params, new[-1].objective, new[-1].log_likelihood, outcome,
            new[-1].iteration, new[-1].evaluations, run.history + (new[1:] if run.history else new),
        )  # fmt: skip

    def _further(self, found: Sequence[Record[P]], most: int, height: float = -np.inf) -> list[Record[P]]:
        """The same runs, until the best so many maxima are known roughly, or it is clear that they rise to no such `height`.

        That takes more runs if some turn out spikes.
        """
        runs = list(found)
        for _ in range(self.plan.further):
            best = distinct([self.rank(run) for run in runs], self.same)[:most]
            known = (runs[i] for i in best if runs[i].outcome is not LEFT and self.rank(runs[i]).sound)
            top = max([height, *(run.objective for run in known)])
            going = [i for i in best if self._may_rise(runs[i], top)]
            if not going:
                break
            for i, longer in zip(going, self._steps([runs[i] for i in going], self.plan.passes), strict=True):
                runs[i] = longer
        return runs

    def _may_go_on(self, run: Record[P]) -> bool:
        return run.outcome is LEFT and run.iterations < self.max_iter

    def _may_rise(self, run: Record[P], height: float) -> bool:
        """Whether a run is to be followed, as it may rise above a height reached before."""
        if not self._may_go_on(run):
            return False
        left = still_to_gain([entry.objective for entry in run.history])
        return run.objective + self.plan.faith * left > height

    def _risen(self, best: Record[P], seed: int, common: bool) -> Iterable[Record[P]]:
        """Runs from moved starts, each of which ended higher than all before (at a better maximum, or nearer to the same)."""
        free = self.model.coordinates(best.params).size
        if not self.rank(best).sound and self.sample.rows < self.plan.rows_a_number * free:
            return  # no move leads to a sound maximum of so few rows
        most = self.plan.moves_of(int(self.sample.rows), free)
        promising = True
        idle, returned = 0, self.plan.returns if common else 0
        for number in range(self.plan.most_rounds):
            if self.rank(best).sound and (idle >= self.plan.rounds or (idle and returned >= self.plan.returns)):
                break
            moves = list(self.model.moves(best.params, self.sample.profile)) if promising else []
            at_random = self.model.relocations(best.params, self.sample.profile, seed + number)
            starts = [*moves, *islice(at_random, max(0, most - len(moves)))]
            tried = self.tried(starts, best)
            higher = self.higher(tried, best, self.same)
            promising = bool(higher)
            if higher:
                best = higher[0]
                idle, returned = 0, -1  # itself
                yield best
            else:
                idle += 1
            mine = self.rank(best)
            returned += mine.sound and sum(alike(self.rank(run), mine, self.same) for run in tried)


def joined(first: Record[P], then: Record[P]) -> Record[P]:
    """One run made of two, the second from where the first ended."""
    later = tuple(
        m._replace(iteration=m.iteration + first.iterations, evaluations=m.evaluations + first.evaluations)
        for m in then.history[1:]
    )
    return replace(
        then,
        start=first.start,
        iterations=first.iterations + then.iterations,
        evaluations=first.evaluations + then.evaluations,
        history=first.history + later,
    )


def told_whole(first: Record[P], then: Record[P]) -> Record[P]:
    """The two as one run, whose outcome says what came before the second."""
    whole = joined(first, then)
    if not first.evaluations:
        return whole
    before = f"The search had made {first.iterations:,} iterations of this run before, in {first.evaluations:,} passes."
    return replace(whole, outcome=replace(then.outcome, sentence=f"{then.outcome.sentence} {before}"))
