"""`fit`: any model, any data, one start or many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from emkit.core.engine import Watch, run
from emkit.core.evaluation import EMMap
from emkit.core.mapreduce import one_thread, threads
from emkit.core.parameters import Parameters, leaves
from emkit.core.protocols import Executor, LatentModel, Solver
from emkit.core.restarts import Restarts, best_of
from emkit.core.solvers import Anderson, Plain, Squarem
from emkit.core.stopping import Budget, Decreased, Drawn, Rule, Settled
from emkit.data.source import as_source
from emkit.errors import ModelError
from emkit.result import Result

P = TypeVar("P", bound=Parameters)
WORTH_SHARING = 5_000_000  # rows x (numbers in the parameters + A_ROW): less is done sooner by one thread
A_ROW = 50  # numbers that cost as much as what is done once a row
SOLVERS = {"anderson": Anderson, "squarem": Squarem, "plain": Plain}  # as users call them by name


def unwatched(steps: Any) -> Any:
    """Pass every step on: the `watch` of those who do not look."""
    return steps


def default_rules(model: LatentModel[Any, Any], tol: float, max_evaluations: int) -> tuple[Rule, ...]:
    """Fallen, settled or out of budget; a model that does not promise to ascend can only run out of budget."""
    if not model.ascends:
        return (Drawn(max_evaluations),)
    return Decreased(), Settled.within(tol), Budget(max_evaluations)


def fit(
    model: LatentModel[P, Any],
    data: Any,
    start: P | Iterable[P],
    *,
    weights: Any = None,
    solver: Solver[P, Any] | None = None,
    tol: float = 1e-8,
    max_evaluations: int = 10_000,
    rules: Iterable[Rule] | None = None,
    n_jobs: int | None = None,
    watch: Watch = unwatched,
) -> Result[P]:
    """Fit any latent-variable model by expectation-maximization.

    `data`: an array or data frame (n,) or (n, d), or a source of chunks; `weights` (n,) >= 0 count how often each row
    occurs. `start`: parameters, or several to start from (the best run is the result; `Result.starts` shows all).
    `solver`: `Plain()` (the default), `Squarem()`, `Anderson()` or your own. `tol`: how much log-likelihood may be left.
    `max_evaluations`: the budget of passes over the data of one run. `rules` replace the default stopping rules; `watch`
    wraps the stream of steps of each run (progress, traces). `n_jobs`: threads (None: all cores, where there is work for
    them); the result is the same bits for any number.
    Errors: DataError, ParameterError or ModelError naming what cannot be; a run that goes wrong is an outcome, not an error.
    """
    if not hasattr(model, "e_step"):
        raise ModelError(f"{model!r} is not a model: it has no e_step. See docs/write_your_own_model.md.")
    given: Any = tol
    if not isinstance(given, int | float | np.floating) or not given >= 0:
        raise ModelError(f"tol is {tol!r}; it must be a number >= 0 (in units of log-likelihood).")
    if max_evaluations < 1:
        raise ModelError(f"max_evaluations is {max_evaluations}; at least 1 pass over the data is needed.")
    if solver is not None and not hasattr(solver, "step"):
        raise ModelError(f"solver is {solver!r}; it must be a solver, such as ek.solvers.Plain() or ek.solvers.Squarem().")
    source = as_source(data, weights)
    starts = _as_starts(start)
    chosen: Solver[P, Any] = solver if solver is not None else Plain()
    ending = tuple(rules) if rules is not None else default_rules(model, tol, max_evaluations)

    for first in starts:
        model.check(first, source)
    model.caution(source)
    passes = model.prepare(source)
    executor = _executor(passes, sum(leaf.value.size for leaf in leaves(starts[0])), n_jobs)
    with executor() as map_reduce:
        runs: Restarts[P] = best_of(
            lambda first: run(EMMap(model, passes, first, map_reduce), first, chosen, ending, watch), starts
        )
    spikes = frozenset(i for i, run in enumerate(runs.runs) if len(starts) > 1 and model.degenerate(run.params, passes))
    return Result(model, source, passes, replace(runs, degenerate=spikes), executor)


def _as_starts(start: Any) -> list[Any]:
    """The start or starts as a list. Errors: ModelError unless each is a `Parameters` dataclass."""
    starts = [start] if isinstance(start, Parameters) or not isinstance(start, Iterable) else list(start)
    if not starts:
        raise ModelError("there is no start: give parameters, or several of them.")
    for each in starts:
        if not isinstance(each, Parameters):
            raise ModelError(
                f"a start must be parameters (a frozen dataclass derived from emkit.Parameters), not {type(each).__name__}: "
                "such as MixtureParams([0.5, 0.5], PoissonParams([[1.0], [3.0]]))."
            )
    return starts


def _executor(source: Any, numbers: int, n_jobs: int | None) -> Executor:
    """Threads, unless there is only one chunk to work on, or so little that one thread is done before others wake up."""
    rows = getattr(source, "rows", np.inf)
    chunks = sum(1 for _ in islice(source.chunks(), 2))
    if n_jobs is None and (chunks < 2 or rows * (numbers + A_ROW) < WORTH_SHARING):
        return one_thread
    return partial(threads, n_jobs)
