"""Short runs from many starts, then long ones from where the best of them ended: a function around `fit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from emkit.core.engine import Record
from emkit.core.parameters import Parameters
from emkit.core.ready import ready
from emkit.core.restarts import Restarts
from emkit.core.stopping import ROUGH, Decreased, Iterations, NoHigher, Rule, Settled
from emkit.data.source import ArraySource
from emkit.errors import Outcome, ParameterError, Status
from emkit.fitted import Fitted, ModelOf, SolverOf
from emkit.fitting import fit_each
from emkit.search.race import SAME, Runs, Search, Starts, joined, rank, search, unit

P = TypeVar("P", bound=Parameters)

ROWS_A_PARAMETER, LEAST_ROWS, MOST_ROWS = 2, 4_000, 10_000  # of the sample on which large data are searched
WORK, FEWEST, MOST = 400_000_000, 4, 20  # rows x free parameters of all short runs; starts
LEFT = f"not converged: left when at most {ROUGH:g} of log-likelihood seemed still to be gained, as another start did better."
AGREEING = 8  # starts tried first: if they come to one maximum at once, there is no need to try more


def enough_starts(source: ArraySource, free_parameters: int) -> int:
    """How many starts to try: 20 for small problems; fewer, but at least 4, where each of them costs a lot."""
    rows = min(source.rows, _sample_rows(free_parameters))
    return int(np.clip(WORK / (rows * max(free_parameters, 1)), FEWEST, MOST))


def short_then_long(
    model: ModelOf[P],
    source: ArraySource,
    starts: Sequence[P],
    *,
    tol: float,
    max_iter: int,
    solver: SolverOf[P] | None = None,
    more: Starts[P] | None = None,
    first_rules: tuple[Rule, ...] = (),
    n_jobs: int | None = None,
) -> Fitted[P]:
    """Look for the highest maximum from many starts, and follow only the best to the end.

    Every start makes a few steps, the better ones some more. The model's `moves` are tried from where the best of
    them is, as long as they lead higher; then the best run on until maxima can be told apart. The best one is followed until
    it settles within `tol`, or for `max_iter` steps of `solver`. Large data are searched on a random sample (2 rows a
    free parameter, 4,000 to 10,000); maxima that are close there are followed one after the other over all rows, each until
    it is clear that it is no higher than those before. A single start is simply followed. Unless all `starts` come to one
    and the same maximum at once, `more` are tried. `first_rules` come before all others in the runs over all rows.
    `Fitted.runs` has a run for each start, the one that was followed to the end first; the others say in their outcome what
    became of them.
    """
    model = ready(model, source, starts[:1])
    long = LongRuns(model, source, solver, tol, max_iter, first_rules, n_jobs)
    if len(starts) == 1:
        return long(starts[0])

    def searched(rows: ArraySource) -> Search[P]:
        return search(Runs(model, rows, max_iter, n_jobs), starts, more)

    short = searched(_sample(source, model.coordinates(starts[0]).size))
    try:
        results = {} if short.sample is source else long.compared(short)
    except ParameterError:  # where the sample leads, a row outside it is impossible
        short, results = searched(source), {}
    ends = {i: result.runs.runs[0] for i, result in results.items()} or short.known()
    done = {i: result for i, result in results.items() if ends[i].outcome.status is not Status.SET_ASIDE}
    while (best := min(ends, key=lambda i: rank(ends[i], model, source))) not in done:  # at its end, a run may turn out a spike
        done[best] = long(ends[best].params, before=ends[best].iterations)
        ends[best] = joined(ends[best], done[best].record)
    ends = {i: _left(run) for i, run in ends.items()}
    runs = tuple(short.told(i, ends, source) for i in sorted(short.order, key=lambda i: (i != best, i not in ends)))
    spikes = frozenset(
        i for i, run in enumerate(runs) if not run.outcome.failed and model.degenerate(run.params, source.profile)
    )
    return replace(done[best], runs=Restarts(runs, spikes))


@dataclass(frozen=True)
class LongRuns(Generic[P]):
    """Runs over all rows, until they settle within `tol` or have made `max_iter` steps in all."""

    model: ModelOf[P]
    source: ArraySource
    solver: SolverOf[P] | None
    tol: float
    max_iter: int
    first_rules: tuple[Rule, ...]
    n_jobs: int | None

    def __call__(self, start: P, *endings: Rule, before: int = 0) -> Fitted[P]:
        last = (Settled.within(self.tol), Iterations(self.max_iter, before))
        rules: list[Rule] = [*self.first_rules, Decreased(), *endings, *last]
        return fit_each(self.model, self.source, [start], solver=self.solver, rules=rules, workers=self.n_jobs)

    def compared(self, short: Search[P]) -> dict[int, Fitted[P]]:
        """Runs that go on from the highest maxima of the sample; all but the first only as long as they may lead higher."""
        results: dict[int, Fitted[P]] = {}
        for i in short.close():
            ranks = [rank(result.runs.runs[0], self.model, self.source) for result in results.values()]
            heights = [-lowness for failed, spike, lowness in ranks if not (failed or spike)]
            results[i] = self(
                short.found[i].params,
                *([NoHigher(max(heights), unit(self.source), SAME * unit(self.source))] if heights else []),
            )
        return results


def _sample_rows(free_parameters: int) -> int:
    return int(np.clip(ROWS_A_PARAMETER * free_parameters, LEAST_ROWS, MOST_ROWS))


def _sample(source: ArraySource, free_parameters: int) -> ArraySource:
    rows = _sample_rows(free_parameters)
    return source if source.rows <= 2 * rows else source.sample(rows)


def _left(run: Record[P]) -> Record[P]:
    """A run that was left where its maximum is known roughly."""
    if run.outcome.status is not Status.SET_ASIDE:
        return run
    return replace(run, outcome=Outcome(Status.BUDGET, LEFT))
