"""Short runs from many starts, then long ones from where the best of them ended: a function around `fit`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.engine import Record
from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel, Solver
from emkit.core.restarts import Restarts
from emkit.core.solvers import Squarem
from emkit.core.stopping import Decreased, Rule, Settled, Step
from emkit.data.source import ArraySource
from emkit.errors import DegenerateDataWarning, Outcome, ParameterError, Status
from emkit.fitting import fit
from emkit.result import Result

P = TypeVar("P", bound=Parameters)

BRIEF = 6  # steps of Squarem from every start, before the worse half of the starts is set aside
ROUGH = 1e-3  # log-likelihood that may be left to gain when maxima are told apart
ROUGH_STEPS = 60
SAME = 10 * ROUGH  # runs that end this close have found one maximum
LONG = 3  # maxima that are followed to the end
LEAD = 20.0  # of log-likelihood on a sample that is no accident: maxima further behind are not followed
ROWS_A_PARAMETER, LEAST_ROWS, MOST_ROWS = 10, 2_000, 20_000  # of the sample on which large data are searched
WORK, FEWEST, MOST = 100_000_000, 4, 20  # rows x free parameters of all short runs; starts


@dataclass(frozen=True)
class Iterations:
    """Stop after `most` steps of the solver, `before` of which were made earlier. That is not convergence."""

    most: int
    before: int = 0

    def __call__(self, step: Step) -> Outcome | None:
        if step.number + self.before < self.most:
            return None
        times = f"{self.most:,} iteration{'' if self.most == 1 else 's'}"
        return Outcome(Status.BUDGET, f"not converged: stopped after {times}. Raise max_iter.")


@dataclass(frozen=True)
class Rough:
    """Stop where little is left to gain. That is not convergence, and no place to look for a saddle."""

    def __call__(self, step: Step) -> Outcome | None:
        near = Settled(ROUGH, distance=np.inf)(step) is not None
        return Outcome(Status.SET_ASIDE, "set aside: its maximum is known roughly.") if near else None


def enough_starts(source: ArraySource, free_parameters: int) -> int:
    """How many starts to try: 20 for small problems; fewer, but at least 4, where each of them costs a lot."""
    rows = min(source.rows, _sample_rows(free_parameters))
    return int(np.clip(WORK / (rows * max(free_parameters, 1)), FEWEST, MOST))


def short_then_long(
    model: LatentModel[P, Any],
    source: ArraySource,
    starts: Sequence[P],
    *,
    tol: float,
    max_iter: int,
    solver: Solver[P, Any] | None = None,
    first_rules: tuple[Rule, ...] = (),
    n_jobs: int | None = None,
) -> Result[P]:
    """Look for the highest maximum from many starts, and follow only the best to the end.

    Every start makes a few steps; the better half runs on until maxima can be told apart; the best three maxima are
    followed until they settle within `tol`, or for `max_iter` steps in all. Large data are searched on a random sample
    (10 rows a free parameter, 2,000 to 20,000); the long runs go over all rows. A single start is simply followed.
    `first_rules` come before all others in the long runs. `Result.starts` has a run for each start, those that were
    followed to the end first; the others say in their outcome what became of them.
    """
    settled = Settled(tol, distance=1e-3 * float(np.sqrt(tol)))  # near a maximum, gains are squares of distances

    def follow(firsts: Sequence[P], before: int) -> Result[P]:
        rules: list[Rule] = [*first_rules, Decreased(), settled, Iterations(max_iter, before)]
        return fit(model, source, firsts, solver=solver, rules=rules, n_jobs=n_jobs)

    if len(starts) == 1:
        return follow(starts, 0)
    search = _search(model, _sample(source, model.coordinates(starts[0]).size), starts, max_iter, n_jobs)
    try:
        result = follow(*search.leaders(source))
    except ParameterError:  # where the sample leads, a row outside it is impossible
        search = _search(model, source, starts, max_iter, n_jobs)
        result = follow(*search.leaders(source))
    ends = {search.place(run.start): run for run in result.runs.runs}
    order = sorted(range(len(search.found)), key=lambda i: (i not in ends, *search.rank(i)))
    runs = tuple(search.told(i, ends, source) for i in order)
    spikes = frozenset(i for i, run in enumerate(runs) if model.degenerate(run.params, source))
    return replace(result, runs=Restarts(runs, spikes))


def _sample_rows(free_parameters: int) -> int:
    return int(np.clip(ROWS_A_PARAMETER * free_parameters, LEAST_ROWS, MOST_ROWS))


def _sample(source: ArraySource, free_parameters: int) -> ArraySource:
    rows = _sample_rows(free_parameters)
    if source.rows <= 2 * rows:
        return source
    chosen = np.random.default_rng(0).choice(source.rows, rows, replace=False)
    return ArraySource(source.x[chosen], source.weights[chosen], source.columns)


def _search(
    model: LatentModel[P, Any], sample: ArraySource, starts: Sequence[P], max_iter: int, n_jobs: int | None
) -> Search[P]:
    """A few steps from every start; from the better half, on until the maximum is known roughly."""
    rules: list[Rule] = [Decreased(), Rough()]
    solver: Squarem = Squarem()

    def runs(firsts: Sequence[P], steps: int) -> tuple[Record[P], ...]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DegenerateDataWarning)  # of the whole data: the long runs will say so
            return fit(model, sample, firsts, solver=solver, rules=[*rules, Iterations(steps)], n_jobs=n_jobs).runs.runs

    found = runs(starts, min(BRIEF, max_iter))
    better = sorted(found, key=lambda run: (run.outcome.failed, -run.objective))[: -(-len(found) // 2)]
    going = [run.params for run in better if run.outcome.status is Status.BUDGET]
    more = min(ROUGH_STEPS, max_iter - BRIEF)
    further = {id(run.start): run for run in (runs(going, more) if going and more > 0 else ())}
    found = tuple(_joined(run, further[id(run.params)]) if id(run.params) in further else run for run in found)
    return Search(sample, found, frozenset(i for i, run in enumerate(found) if model.degenerate(run.params, sample)))


def _joined(first: Record[P], then: Record[P]) -> Record[P]:
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


@dataclass(frozen=True)
class Search(Generic[P]):
    """What the short runs `found` over the rows of `sample`; `spikes` are the places of those that ended on a spike."""

    sample: ArraySource
    found: tuple[Record[P], ...]
    spikes: frozenset[int]

    def place(self, params: P) -> int:
        """Which run ended at `params`."""
        return next(i for i, run in enumerate(self.found) if run.params is params)

    def rank(self, i: int) -> tuple[bool, bool, float]:
        """Smaller is better: sound runs before spikes, spikes before failed runs, then by objective."""
        return self.found[i].outcome.failed, i in self.spikes, -self.found[i].objective

    @cached_property
    def maxima(self) -> list[int]:
        """The best run of each distinct maximum, best maximum first."""
        first: list[int] = []
        for i in sorted(range(len(self.found)), key=self.rank):
            if self._equal(i, first) is None:
                first.append(i)
        return first

    def _equal(self, i: int, among: Sequence[int]) -> int | None:
        """The one of `among` that found the same maximum as run `i`."""
        *sort, height = self.rank(i)
        ranks = ((j, self.rank(j)) for j in among)
        return next((j for j, (*other, level) in ranks if sort == other and abs(height - level) <= SAME), None)

    def leaders(self, source: ArraySource) -> tuple[list[P], int]:
        """Where to go on over all rows, and after how many iterations: at the best maxima of one sort.

        If these runs went over a mere sample, those far behind are left out.
        """
        *sort, height = self.rank(self.maxima[0])
        whole = self.sample is source
        ranks = [(i, self.rank(i)) for i in self.maxima[:LONG]]
        close = [i for i, (*other, level) in ranks if sort == other and (whole or level - height < LEAD)]
        return [self.found[i].params for i in close], max(self.found[i].iterations for i in close) if whole else 0

    def told(self, i: int, ends: dict[int, Record[P]], source: ArraySource) -> Record[P]:
        """What became of start `i`: followed to the end, come to the same maximum as another, failed, or set aside."""
        mine, whole = self.found[i], self.sample is source
        if i in ends:
            return _joined(mine, ends[i]) if whole else ends[i]
        leader = self._equal(i, list(ends))
        if leader is not None:
            end = ends[leader]
            outcome = Outcome(end.outcome.status, f"came to the same maximum as another start, which {end.outcome.sentence}")
            return replace(end, start=mine.start, iterations=mine.iterations, evaluations=mine.evaluations, outcome=outcome)
        factor = source.total_weight / self.sample.total_weight
        estimated = replace(mine, objective=mine.objective * factor, log_likelihood=mine.log_likelihood * factor)
        if mine.outcome.failed:
            return estimated
        over = "" if whole else f" over a sample of {self.sample.rows:,} rows, from which its log-likelihood is estimated"
        sentence = f"set aside after {mine.evaluations:,} passes{over}: other starts did better."
        return replace(estimated, outcome=Outcome(Status.SET_ASIDE, sentence))
