"""Short runs from many starts, over all rows or a sample of them: where it is worth going on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Generic, NamedTuple, TypeVar

from emkit.core.engine import Record
from emkit.core.parameters import Parameters
from emkit.core.solvers import Squarem
from emkit.core.stopping import ROUGH, Decreased, Iterations, Rough, Rule
from emkit.data.source import ArraySource
from emkit.errors import Outcome, Status
from emkit.fitted import ModelOf
from emkit.fitting import fit_each

P = TypeVar("P", bound=Parameters)
Rank = tuple[bool, bool, float]
Starts = Callable[[], Sequence[P]]  # made when they are asked for

SAME = 10 * ROUGH  # between the ends of runs that have found one maximum
CLOSE, LEAD = 3, 20.0  # so many maxima of a sample, and no further behind the best, may yet be the highest of the whole


class Stage(NamedTuple):
    """How many steps of Squarem to make, and the share of the runs that make them."""

    steps: int
    share: float


STAGES = Stage(3, 1.0), Stage(9, 0.4), Stage(60, 0.2)


def unit(source: ArraySource) -> float:
    """What counts as 1 in log-likelihoods: less where weights are fractions, so that their scale does not matter."""
    return min(1.0, source.total_weight / source.rows)


@dataclass(frozen=True)
class Runs(Generic[P]):
    """Runs over the rows of `sample`, of at most `max_iter` steps."""

    model: ModelOf[P]
    sample: ArraySource
    max_iter: int
    n_jobs: int | None

    def __call__(self, starts: Sequence[P], steps: int) -> tuple[Record[P], ...]:
        rules: list[Rule] = [Decreased(), Rough(unit(self.sample)), Iterations(min(steps, self.max_iter))]
        return fit_each(
            self.model, self.sample, starts, solver=Squarem(), rules=rules, workers=self.n_jobs, to_the_end=False
        ).runs.runs

    @property
    def same(self) -> float:
        """Runs that end this close have found one maximum."""
        return SAME * unit(self.sample)

    def rank(self, run: Record[P]) -> Rank:
        """How good a run over these rows is."""
        return rank(run, self.model, self.sample)


def search(runs: Runs[P], starts: Sequence[P], more: Starts[P] | None = None) -> Search[P]:
    """The `STAGES`: a few steps from every start, some more from the better, and on until the best maxima are known roughly.

    If all `starts` come to one and the same maximum at once, that is all. Else `more` are tried. Before the last stage, the
    starts that the model's `moves` know of are tried from where the best run is, as long as one of them leads higher.
    """
    brief, longer, last = STAGES
    found = runs(starts, brief.steps)
    if _agree(found, runs.same):
        return Search(found, runs)
    if more is not None:
        found += runs(more(), brief.steps)
    found = _further(runs, found, longer)
    found += _risen(runs, found)
    return Search(_further(runs, found, last), runs)


def _agree(found: Sequence[Record[P]], same: float) -> bool:
    """Whether several runs came to one maximum, at once."""
    heights = [run.objective for run in found]
    return all(run.outcome.status is Status.SET_ASIDE for run in found) and max(heights) - min(heights) <= same


def _further(runs: Runs[P], found: tuple[Record[P], ...], stage: Stage) -> tuple[Record[P], ...]:
    """The same runs, the better ones of them some steps further."""
    better = sorted(found, key=lambda run: (run.outcome.failed, -run.objective))[: ceil(stage.share * len(found))]
    going = [run for run in better if run.outcome.status is Status.BUDGET and run.iterations < runs.max_iter]
    longer = {id(run): runs([run.params], min(stage.steps, runs.max_iter - run.iterations))[0] for run in going}
    return tuple(joined(run, longer[id(run)]) if id(run) in longer else run for run in found)


def _risen(runs: Runs[P], found: tuple[Record[P], ...]) -> tuple[Record[P], ...]:
    """Runs from further starts, each of which ended higher than all before (at a better maximum, or nearer to the same)."""
    risen: tuple[Record[P], ...] = ()
    best = min(found, key=runs.rank)
    while True:
        *sort, height = runs.rank(best)
        ends = (run for start in runs.model.moves(best.params, runs.sample.profile) for run in runs([start], STAGES[-1].steps))
        higher = (run for run in ends if runs.rank(run) < (*sort, height - runs.same))
        next_best = next(higher, None)
        if next_best is None:
            return risen
        best = next_best
        risen += (best,)


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


def rank(run: Record[P], model: ModelOf[P], source: ArraySource) -> Rank:
    """Smaller is better: sound runs before spikes, spikes before failed runs, then by objective."""
    return run.outcome.failed, not run.outcome.failed and bool(model.degenerate(run.params, source.profile)), -run.objective


@dataclass(frozen=True)
class Search(Generic[P]):
    """What short runs found, start by start; starts that were found on the way come last."""

    found: tuple[Record[P], ...]
    runs: Runs[P]

    @property
    def sample(self) -> ArraySource:
        """The rows that were searched."""
        return self.runs.sample

    @cached_property
    def _ranks(self) -> list[Rank]:
        return [self.runs.rank(run) for run in self.found]

    @cached_property
    def order(self) -> list[int]:
        """The places of the runs, best first."""
        return sorted(range(len(self.found)), key=self._ranks.__getitem__)

    def _equal(self, i: int, among: Iterable[int]) -> int | None:
        """The one of `among` that found the same maximum as run `i`."""
        *sort, height = self._ranks[i]
        ranks = ((j, self._ranks[j]) for j in among)
        return next((j for j, (*other, level) in ranks if sort == other and abs(height - level) <= self.runs.same), None)

    @cached_property
    def _maxima(self) -> list[int]:
        """The best run of each distinct maximum, best maximum first."""
        first: list[int] = []
        for i in self.order:
            if self._equal(i, first) is None:
                first.append(i)
        return first

    def known(self) -> dict[int, Record[P]]:
        """The runs that stand for one maximum each, known roughly; the best run in any case."""
        best = self.order[0]
        return {i: self.found[i] for i in self._maxima if i == best or self.found[i].outcome.status is Status.SET_ASIDE}

    def close(self) -> list[int]:
        """The places of the runs that found the highest maxima, if these are so close that the sample may mislead."""
        *sort, height = self._ranks[self.order[0]]
        ranks = ((i, self._ranks[i]) for i in list(self.known())[:CLOSE])
        return [i for i, (*other, level) in ranks if sort == other and level - height < LEAD * unit(self.sample)]

    def told(self, i: int, ends: dict[int, Record[P]], source: ArraySource) -> Record[P]:
        """What became of start `i`, given the runs over all rows."""
        mine, whole = self.found[i], self.sample is source
        if i in ends:
            return ends[i]
        leader = self._equal(i, ends)
        if leader is not None and not mine.outcome.failed:
            end = ends[leader]
            outcome = Outcome(end.outcome.status, f"came to the maximum of moves start, at {end.objective:.10g}.")
            return replace(end, start=mine.start, iterations=mine.iterations, evaluations=mine.evaluations, outcome=outcome)
        factor = source.total_weight / self.sample.total_weight
        estimated = replace(mine, objective=mine.objective * factor, log_likelihood=mine.log_likelihood * factor)
        if mine.outcome.failed:
            return estimated
        over = "" if whole else f" over a sample of {self.sample.rows:,} rows, from which its log-likelihood is estimated"
        sentence = f"set aside after {mine.evaluations:,} passes{over}: other starts did better."
        return replace(estimated, outcome=Outcome(Status.SET_ASIDE, sentence))
