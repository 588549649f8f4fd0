"""Short runs from many starts, then long ones from where the best of them ended: a function around `fit`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.engine import Record
from emkit.core.parameters import Parameters
from emkit.core.protocols import LatentModel, Solver
from emkit.core.restarts import Restarts
from emkit.core.solvers import Squarem
from emkit.core.stopping import Decreased, Rule, Settled, Step, what_is_left
from emkit.data.source import ArraySource
from emkit.errors import DegenerateDataWarning, Outcome, ParameterError, Status
from emkit.fitting import fit
from emkit.models.starts import subsample
from emkit.result import Result

P = TypeVar("P", bound=Parameters)

STAGES = ((3, 1.0), (9, 0.4), (60, 0.2))  # of the search: steps of Squarem, and the share of the starts that make them
ROUGH = 1e-3  # log-likelihood that may be left to gain when maxima are told apart
SAME = 10 * ROUGH  # runs that end this close have found one maximum
CLOSE, LEAD = 3, 20.0  # so many maxima of a sample, and no further behind the best, may yet be the highest of the whole
ROWS_A_PARAMETER, LEAST_ROWS, MOST_ROWS = 2, 4_000, 20_000  # of the sample on which large data are searched
WORK, FEWEST, MOST = 400_000_000, 6, 20  # rows x free parameters of all short runs; starts
AGREED = 8  # starts that came to one maximum at once: there is no need to try more


@dataclass(frozen=True)
class Iterations:
    """Stop after `most` steps of the solver, `before` of which were made earlier. That is not convergence."""

    most: int
    before: int = 0

    def __call__(self, step: Step) -> Outcome | None:
        if step.number + self.before < self.most:
            return None
        times = f"{self.most:,} iteration{'' if self.most == 1 else 's'}"
        left = what_is_left(step.pace, "Raise max_iter.")
        return Outcome(Status.BUDGET, f"not converged: stopped after {times}. {left}")


@dataclass(frozen=True)
class Rough:
    """Stop where little is left to gain. That is not convergence, and no place to look for a saddle."""

    def __call__(self, step: Step) -> Outcome | None:
        near = Settled(ROUGH, distance=np.inf)(step) is not None
        return Outcome(Status.SET_ASIDE, "its maximum is known roughly.") if near else None


def enough_starts(source: ArraySource, free_parameters: int) -> int:
    """How many starts to try: 20 for small problems; fewer, but at least 6, where each of them costs a lot."""
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
    agreed: int | None = None,
    first_rules: tuple[Rule, ...] = (),
    n_jobs: int | None = None,
) -> Result[P]:
    """Look for the highest maximum from many starts, and follow only the best to the end.

    Every start makes a few steps, the better ones some more; the best of these run on until maxima can be told apart, and the
    best maximum is followed until it settles within `tol`, or for `max_iter` steps of `solver` in all. Large data are searched
    on a random sample (2 rows a free parameter, 4,000 to 20,000), and maxima that are close there are compared on all rows.
    A single start is simply followed. If the first `agreed` starts come to one and the same maximum at once, the others are
    not tried. `first_rules` come before all others in the runs over all rows. `Result.starts` has a run for each start, the
    one that was followed to the end first; the others say in their outcome what became of them.
    """
    settled = Settled(tol, distance=1e-3 * float(np.sqrt(tol)))  # near a maximum, gains are squares of distances

    def follow(firsts: Sequence[P], ending: Rule, before: int = 0) -> Result[P]:
        rules: list[Rule] = [*first_rules, Decreased(), ending, Iterations(max_iter, before)]
        return fit(model, source, firsts, solver=solver, rules=rules, n_jobs=n_jobs)

    if len(starts) == 1:
        return follow(starts, settled)
    model.caution(source)  # here, since warnings about a sample of the rows are nobody's business
    search = _search(model, _sample(source, model.coordinates(starts[0]).size), starts, max_iter, agreed, n_jobs)
    try:
        ends = search.known() if search.sample is source else search.ended(follow(search.close(), Rough()).runs.runs)
    except ParameterError:  # where the sample leads, a row outside it is impossible
        search = _search(model, source, starts, max_iter, agreed, n_jobs)
        ends = search.known()
    best = min(ends, key=lambda i: _rank(ends[i], bool(model.degenerate(ends[i].params, source))))
    result = follow([ends[best].params], settled, ends[best].iterations)
    ends = {i: _left(run) for i, run in ends.items()} | {best: _joined(ends[best], result.record)}
    runs = tuple(search.told(i, ends, source) for i in sorted(search.order, key=lambda i: (i != best, i not in ends)))
    spikes = frozenset(i for i, run in enumerate(runs) if model.degenerate(run.params, source))
    return replace(result, runs=Restarts(runs, spikes))


def _sample_rows(free_parameters: int) -> int:
    return int(np.clip(ROWS_A_PARAMETER * free_parameters, LEAST_ROWS, MOST_ROWS))


def _sample(source: ArraySource, free_parameters: int) -> ArraySource:
    rows = _sample_rows(free_parameters)
    return source if source.rows <= 2 * rows else subsample(source, rows)


def _search(
    model: LatentModel[P, Any],
    sample: ArraySource,
    starts: Sequence[P],
    max_iter: int,
    agreed: int | None,
    n_jobs: int | None,
) -> Search[P]:
    """The `STAGES`: a few steps from every start; from the best, on until the maximum is known roughly."""
    rules: list[Rule] = [Decreased(), Rough()]
    solver: Squarem = Squarem()

    def runs(firsts: Sequence[P], steps: int) -> tuple[Record[P], ...]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DegenerateDataWarning)
            return fit(model, sample, firsts, solver=solver, rules=[*rules, Iterations(steps)], n_jobs=n_jobs).runs.runs

    (brief, _), *later = STAGES
    found = runs(starts[:agreed], min(brief, max_iter))
    if len(starts) > len(found) and not _agree(found):
        found += runs(starts[len(found) :], min(brief, max_iter))
    for steps, share in later:
        better = sorted(found, key=lambda run: (run.outcome.failed, -run.objective))[: ceil(share * len(found))]
        going = [run.params for run in better if run.outcome.status is Status.BUDGET]
        more = min(steps, max_iter - better[0].iterations)
        further = {id(run.start): run for run in (runs(going, more) if going and more > 0 else ())}
        found = tuple(_joined(run, further[id(run.params)]) if id(run.params) in further else run for run in found)
    return Search(found, frozenset(i for i, run in enumerate(found) if model.degenerate(run.params, sample)), sample)


def _agree(found: Sequence[Record[Any]]) -> bool:
    """Whether all runs came to one maximum, at once."""
    heights = [run.objective for run in found]
    return all(run.outcome.status is Status.SET_ASIDE for run in found) and max(heights) - min(heights) <= SAME


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


def _left(run: Record[P]) -> Record[P]:
    """A run that was left where its maximum is known roughly."""
    if run.outcome.status is not Status.SET_ASIDE:
        return run
    sentence = f"not converged: left when {ROUGH:g} of log-likelihood was still to be gained, since another start did better."
    return replace(run, outcome=Outcome(Status.BUDGET, sentence))


def _rank(run: Record[Any], spike: bool) -> tuple[bool, bool, float]:
    """Smaller is better: sound runs before spikes, spikes before failed runs, then by objective."""
    return run.outcome.failed, spike, -run.objective


@dataclass(frozen=True)
class Search(Generic[P]):
    """What short runs over the rows of `sample` found, start by start; `spikes`: the places of those that ended on one."""

    found: tuple[Record[P], ...]
    spikes: frozenset[int]
    sample: ArraySource

    def _rank(self, i: int) -> tuple[bool, bool, float]:
        return _rank(self.found[i], i in self.spikes)

    @cached_property
    def order(self) -> list[int]:
        """The places of the runs, best first."""
        return sorted(range(len(self.found)), key=self._rank)

    def _equal(self, i: int, among: Iterable[int]) -> int | None:
        """The one of `among` that found the same maximum as run `i`."""
        *sort, height = self._rank(i)
        ranks = ((j, self._rank(j)) for j in among)
        return next((j for j, (*other, level) in ranks if sort == other and abs(height - level) <= SAME), None)

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

    def close(self) -> list[P]:
        """Where the runs ended that found the highest maxima of the sample, if these are so close that it may mislead."""
        *sort, height = self._rank(self.order[0])
        ranks = ((i, self._rank(i)) for i in list(self.known())[:CLOSE])
        return [self.found[i].params for i, (*other, level) in ranks if sort == other and level - height < LEAD]

    def ended(self, runs: Iterable[Record[P]]) -> dict[int, Record[P]]:
        """Runs that went on from `close`, by the places of those that they continue."""
        return {next(i for i, run in enumerate(self.found) if run.params is longer.start): longer for longer in runs}

    def told(self, i: int, ends: dict[int, Record[P]], source: ArraySource) -> Record[P]:
        """What became of start `i`, given the runs over all rows."""
        mine, whole = self.found[i], self.sample is source
        if i in ends:
            return ends[i]
        leader = self._equal(i, ends)
        if leader is not None and not mine.outcome.failed:
            end = ends[leader]
            outcome = Outcome(end.outcome.status, f"came to the maximum of another start, at {end.objective:.10g}.")
            return replace(end, start=mine.start, iterations=mine.iterations, evaluations=mine.evaluations, outcome=outcome)
        factor = source.total_weight / self.sample.total_weight
        estimated = replace(mine, objective=mine.objective * factor, log_likelihood=mine.log_likelihood * factor)
        if mine.outcome.failed:
            return estimated
        over = "" if whole else f" over a sample of {self.sample.rows:,} rows, from which its log-likelihood is estimated"
        sentence = f"set aside after {mine.evaluations:,} passes{over}: other starts did better."
        return replace(estimated, outcome=Outcome(Status.SET_ASIDE, sentence))
