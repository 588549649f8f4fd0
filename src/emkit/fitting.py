"""One run from each of the starts given: any model, any source, on one thread or many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np

from emkit.core.engine import Record, Watch, run, unwatched
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import one_thread, threads
from emkit.core.parameters import Parameters, leaves
from emkit.core.protocols import Executor
from emkit.core.restarts import Restarts
from emkit.core.solvers import Anderson, Plain, Squarem
from emkit.core.stopping import Budget, Decreased, Drawn, Rule, Settled
from emkit.errors import DegenerateFitError, ParameterError
from emkit.fitted import Fitted, ModelOf, SolverOf
from emkit.models.frozen import AnySource

P = TypeVar("P", bound=Parameters)
WORTH_SHARING = 5_000_000  # rows x (numbers in the parameters + A_ROW): less is done sooner by one thread
A_ROW = 50  # numbers that cost as much as what is done once a row
TOL, MAX_EVALUATIONS = 1e-8, 10_000  # log-likelihood that may be left to gain; passes over the data of one run
SOLVERS = {"anderson": Anderson, "squarem": Squarem, "plain": Plain}  # as users call them by name


def default_rules(model: ModelOf[P], tol: float = TOL, max_evaluations: int = MAX_EVALUATIONS) -> tuple[Rule, ...]:
    """Fallen, settled or out of budget; a model that does not promise to ascend can only run out of budget."""
    if not model.ascends:
        return (Drawn(max_evaluations),)
    return Decreased(), Settled.within(tol), Budget(max_evaluations)


def fit_each(
    model: ModelOf[P],
    source: AnySource,
    starts: Sequence[P],
    *,
    solver: SolverOf[P] | None,
    rules: Iterable[Rule],
    n_jobs: int | None = None,
    watch: Watch = unwatched,
) -> Fitted[P]:
    """A run from each of the `starts`, which the model has checked with the `source`; the record is of the best of them.

    Errors: the last start's, if no start could be evaluated at all; a run that goes wrong is an outcome.
    """
    chosen: SolverOf[P] = solver if solver is not None else Plain()
    ending = tuple(rules)
    passes = model.prepare(source)
    executor = _executor(passes, sum(leaf.value.size for leaf in leaves(starts[0])), n_jobs)
    with executor() as map_reduce:
        runs = best_of(lambda first: run(EMMap(model, passes, first, map_reduce), first, chosen, ending, watch), starts)
    spikes = frozenset(i for i, run in enumerate(runs.runs) if len(starts) > 1 and model.degenerate(run.params, passes))
    return Fitted(model, source, passes, replace(runs, degenerate=spikes), executor)


def best_of(fit: Callable[[P], Record[P]], starts: Iterable[P]) -> Restarts[P]:
    """Run `fit` from every start. Errors: the last start's error if no start could be evaluated at all."""
    runs: list[Record[P]] = []
    refused: ParameterError | DegenerateFitError | None = None
    for start in starts:
        try:
            runs.append(fit(start))
        except (ParameterError, DegenerateFitError) as error:
            refused = error
    if not runs:
        raise refused or ValueError("there are no starts to run from")
    return Restarts(tuple(runs))


def _executor(source: AnySource, numbers: int, n_jobs: int | None) -> Executor:
    """Threads, unless there is only one chunk to work on, or so little that one thread is done before others wake up."""
    rows = getattr(source, "rows", np.inf)
    chunks = sum(1 for _ in islice(source.chunks(), 2))
    if n_jobs is None and (chunks < 2 or rows * (numbers + A_ROW) < WORTH_SHARING):
        return one_thread
    return partial(threads, n_jobs)
