"""One run from each of the starts given: any model, any source, on one thread or many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from emkit.core.checks import check_range, is_count
from emkit.core.engine import Record, Watch, run, unwatched
from emkit.core.evaluation import EMMap
from emkit.core.journal import Journal, Unkept
from emkit.core.mapreduce import one_thread, threads
from emkit.core.parameters import Parameters, leaves
from emkit.core.protocols import Executor
from emkit.core.ready import refuse_gaps
from emkit.core.restarts import SAME, Restarts
from emkit.core.solvers import Anderson, Plain, Squarem
from emkit.core.stopping import Budget, Decreased, Drawn, Rule, Settled
from emkit.data.source import RowSource
from emkit.errors import DataError, DegenerateFitError, ModelError, Outcome, ParameterError, Status
from emkit.fitted import Fitted, ModelOf, SolverOf

P = TypeVar("P", bound=Parameters)
WORTH_SHARING = 5_000_000  # rows x (numbers in the parameters + A_ROW): less is done sooner by one thread
A_ROW = 50  # numbers that cost as much as what is done once a row
TOL, MAX_EVALUATIONS = 1e-8, 10_000  # log-likelihood that may be left to gain; passes over the data of one run
SOLVERS = {"anderson": Anderson, "squarem": Squarem, "plain": Plain}  # as users call them by name


def solver_named(name: str) -> SolverOf[Any]:
    """The solver that users call by `name`. Errors: ModelError naming those there are."""
    if name not in SOLVERS:
        raise ModelError(f"there is no solver {name!r}; the solvers are {', '.join(SOLVERS)}.")
    solver: SolverOf[Any] = SOLVERS[name]()
    return solver


def default_rules(
    model: ModelOf[P],
    tol: float = TOL,
    max_evaluations: int = MAX_EVALUATIONS,
    before: int = 0,
    setting: str = "max_evaluations",
) -> tuple[Rule, ...]:
    """Fallen, settled or out of budget; a model that does not promise to ascend can only run out of budget.

    `before`: how much of the budget was spent earlier. `setting`: what the budget is called where it is set.

    Errors: ModelError for a limit that cannot be.
    """
    check_range("tol", tol, ModelError, "it must be a number >= 0 (in units of log-likelihood)", 0, float("inf"))
    if not is_count(max_evaluations):
        raise ModelError(f"{setting} is {max_evaluations}; at least 1 pass over the data is needed.")
    if not model.ascends:
        return (Drawn(max_evaluations, before, setting),)
    return Decreased(), Settled.within(tol), Budget(max_evaluations, before, setting)


def fit_each(
    model: ModelOf[P],
    source: RowSource,
    starts: Sequence[P],
    *,
    solver: SolverOf[P] | None,
    rules: Iterable[Rule],
    workers: int | Executor | None = None,
    watch: Watch = unwatched,
    to_the_end: bool = True,
    off_saddles: bool = True,
    journal: Journal | None = None,
) -> Fitted[P]:
    """A run from each of the `starts`, which the model has checked with the `source`; the record is of the best of them.

    `workers`: a number of threads (None: as many as are worth while), or an executor. `to_the_end`, `off_saddles`: see `run`.
    `journal`: keeps the runs, and may have kept some before, which are not made again.
    Errors: the last start's, if no start could be evaluated at all; a run that goes wrong is an outcome.
    """
    chosen: SolverOf[P] = solver if solver is not None else Plain()
    ending = tuple(rules)
    passes = model.prepare(source).shared_out(row_work(starts[0]))
    executor = executor_for(passes, starts[0], workers)
    kept = journal if journal is not None else Unkept()
    with executor() as map_reduce:

        def run_from(first: P) -> Record[P]:
            em = EMMap(model, passes, first, map_reduce)
            return kept.follow(lambda begun, keep: run(em, first, chosen, ending, watch, to_the_end, off_saddles, begun, keep))

        runs = best_of(run_from, starts)
    spikes = frozenset(
        i
        for i, run in enumerate(runs.runs)
        if not run.outcome.failed and len(starts) > 1 and model.spikes(run.params, passes.profile)
    )
    return Fitted(model, source, passes, replace(runs, degenerate=spikes), executor)


def reunited(fitted: Fitted[P], source: RowSource) -> Fitted[P]:
    """A fit without its data, with them again. Errors: DataError unless they are those that it was fitted to."""
    model, params = fitted.model, fitted.params
    refuse_gaps(model, source)
    model.check(params, source.profile)
    passes = model.prepare(source).shared_out(row_work(params))
    made = replace(fitted, source=source, passes=passes, executor=threads_for(passes, params, None))
    with made.em() as em:
        found = float(em.expectation(params).log_likelihood)
    if abs(found - fitted.log_likelihood) > SAME * (1 + abs(found)):
        raise DataError(
            f"these are not the data of the fit: their log-likelihood is {found:.6g}, and it was {fitted.log_likelihood:.6g}. "
            "Give the same rows, with the weights, groups and labels that it had."
        )
    return made


def best_of(fit: Callable[[P], Record[P]], starts: Iterable[P]) -> Restarts[P]:
    """Run `fit` from every start; that one cannot be evaluated is what became of it. Errors: the last one's, if none can."""
    runs: list[Record[P]] = []
    refused: ParameterError | DegenerateFitError | None = None
    for start in starts:
        try:
            runs.append(fit(start))
        except (ParameterError, DegenerateFitError) as error:
            refused = error
            runs.append(_not_begun(start, error))
    if not runs:
        raise ValueError("there are no starts to run from")
    if refused is not None and all(run.objective == -np.inf for run in runs):
        raise refused
    return Restarts(tuple(runs))


def _not_begun(start: P, error: Exception) -> Record[P]:
    """The run from a start at which nothing can be evaluated."""
    return Record(start, start, -np.inf, -np.inf, Outcome(Status.DEGENERATE, f"not begun: {error}"), 0, 0, ())


def row_work(params: Parameters) -> int:
    """About how many numbers are worked on for each row of the data in a pass at `params`."""
    return sum(leaf.value.size for leaf in leaves(params)) + A_ROW


def executor_for(source: RowSource, params: Parameters, workers: int | Executor | None) -> Executor:
    """The executor that was given, or so many threads (None: as many as are worth while)."""
    return workers if callable(workers) else threads_for(source, params, workers)


def threads_for(source: RowSource, params: Parameters, n_jobs: int | None) -> Executor:
    """Threads, unless there is only one cut to work on, or so little that one thread is done before others wake up."""
    cuts = sum(1 for _ in islice(source.cuts(), 2))
    if n_jobs is None and (cuts < 2 or source.rows * row_work(params) < WORTH_SHARING):
        return one_thread
    return partial(threads, n_jobs)
