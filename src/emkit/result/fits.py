"""A fit begun, gone on with, or read from a file."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from emkit.core.engine import Watch, unwatched
from emkit.core.mapreduce import as_executor
from emkit.core.parameters import Parameters
from emkit.core.protocols import Executor
from emkit.core.ready import check_is_model, ready
from emkit.core.stopping import Rule
from emkit.data.given import as_source
from emkit.errors import DataError, DegenerateFitWarning, ModelError
from emkit.fitted import ModelOf, SolverOf
from emkit.fitting import MAX_EVALUATIONS, SOLVERS, TOL, default_rules, fit_each, solver_named
from emkit.models.order import component_count
from emkit.persistence import fit_file
from emkit.persistence.archive import LIMIT
from emkit.persistence.checkpoint import Asked, Place, journal_of, read
from emkit.report.collapse import collapsed
from emkit.result.result import AnyResult, Result

P = TypeVar("P", bound=Parameters)


def fit(
    model: ModelOf[P],
    data: object,
    start: P | Iterable[P],
    *,
    weights: object = None,
    groups: object = None,
    labels: object = None,
    solver: SolverOf[P] | str | None = None,
    tol: float = TOL,
    max_evaluations: int = MAX_EVALUATIONS,
    rules: Iterable[Rule] | None = None,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    watch: Watch = unwatched,
    escape: bool = True,
    checkpoint: str | Path | None = None,
) -> Result[P]:
    """Fit any latent-variable model by expectation-maximization.

    `data`: an array or data frame (n,) or (n, d), or a source of chunks; `weights` (n,) >= 0 count how often each row
    occurs; `groups` (n,) label rows that belong together (a person, a sequence): a mixture gives them one component.
    `labels` (n,) or (n, K): the component of each row, counted from 0, -1 or a gap where it is not known; or how plausible each
    component is, NaN where nothing is known.
    `start`: parameters, or several to start from (the best run is the result; `Result.starts` shows all).
    `solver`: "plain" (the default), "squarem", "anderson", or a solver such as `Squarem()` or your own.
    `tol`: how much log-likelihood may be left.
    `max_evaluations`: the budget of passes over the data of one run. `rules` replace the default stopping rules; `watch`
    wraps the stream of steps of each run (`ek.progress()`). `n_jobs`: threads (None: all cores, where there is work for
    them), or an `executor` of your own that goes over the chunks; the result is the same bits for any of them.
    `escape`: whether a run that has come to a saddle goes on from a higher point beside it, or ends there and says so.
    `checkpoint`: a file that keeps where the fit stands, at most every few seconds and when it is interrupted; if it is there,
    the fit goes on from it, to the same bits. See `resume`.
    Warns: DegenerateFitWarning if components collapsed or received no rows.
    Errors: DataError, ParameterError or ModelError naming what cannot be; a run that goes wrong is an outcome, not an error.

    Ten counts, two kinds of them:

    >>> import emkit as ek
    >>> counts = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6]
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit(ek.Mixture("poisson"), counts, start, solver="squarem")
    >>> print(result.params.components.rates.round(2).ravel(), round(result.log_likelihood, 3), result.outcome.name)
    [0.73 6.07] -21.847 CONVERGED
    """
    check_is_model(model)
    ending = tuple(rules) if rules is not None else default_rules(model, tol, max_evaluations)
    asked = Asked(model, _as_starts(start), _as_solver(solver), ending, escape)
    place = None if checkpoint is None else Place(checkpoint)
    return _fit(asked, (data, weights, groups, labels), _as_workers(executor, n_jobs), watch, place)


def resume(
    path: str | Path,
    data: object,
    *,
    weights: object = None,
    groups: object = None,
    labels: object = None,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    watch: Watch = unwatched,
    classes: Iterable[type] = (),
    limit: int = LIMIT,
) -> AnyResult:
    """Go on with a fit that was stopped, from the file that ``fit(..., checkpoint=path)`` kept: the result is the same bits.

    `data`, `weights`, `groups`, `labels`: those that the fit began with; `n_jobs`, `executor` and `watch` may be others.
    `classes`: those of your own that the fit is made of; `limit`: the most bytes that the file may hold, see `load`.
    Errors: DataError naming the file and what is wrong with it, or for other data than those of the fit.

    >>> import emkit as ek
    >>> from tempfile import TemporaryDirectory
    >>> counts = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6]
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> with TemporaryDirectory() as folder:
    ...     path = f"{folder}/run.ckpt"
    ...     result = ek.fit(ek.Mixture(ek.Poisson()), counts, start, checkpoint=path)
    ...     again = ek.resume(path, counts)
    >>> again.log_likelihood == result.log_likelihood and again.history == result.history
    True
    """
    place = Place(path, tuple(classes), limit)
    asked = read(place).asked
    if not isinstance(asked, Asked):
        raise DataError(
            f"{str(path)!r} is the checkpoint of an estimator, or of the command line: go on with the estimator, by `fit` with "
            "the same data, or with `emkit resume`."
        )
    return _fit(asked, (data, weights, groups, labels), _as_workers(executor, n_jobs), watch, place)


def load(path: str | Path, classes: Iterable[type] = (), limit: int = LIMIT) -> AnyResult:
    """The fit that `Result.save` wrote to a file: everything but what needs the data again, and it predicts other rows.

    Nothing in the file is imported or run. `classes`: those of your own that the fit is made of, models, families and
    parameters. `limit`: the most bytes that the file may hold, unpacked.
    Errors: DataError naming the file and what is wrong with it.

    >>> import emkit as ek
    >>> from tempfile import TemporaryDirectory
    >>> start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    >>> result = ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start)
    >>> with TemporaryDirectory() as folder:
    ...     again = ek.load(result.save(f"{folder}/counts.emk"))
    >>> again.log_likelihood == result.log_likelihood, again.predict([0, 3, 9]).tolist()
    (True, [0, 1, 1])
    """
    return Result.of(fit_file.load(path, classes, limit))


def _fit(
    asked: Asked, rows: tuple[Any, Any, Any, Any], workers: Executor | int | None, watch: Watch, place: Place | None
) -> AnyResult:
    """The fit that is asked for, from where it stands, if it is kept at a place. Warns, errors: see `fit`.

    `rows` are the data, with their weights, groups and labels.
    """
    source = asked.model.recoded(as_source(*rows, component_count(asked.starts[0]) or 1))
    model = ready(asked.model, source, asked.starts)
    parts = {field.name: getattr(asked, field.name) for field in fields(asked)} if place is not None else {}
    go_on = f"emkit.resume({str(place.path)!r}, data)" if place is not None else ""
    with journal_of(place, asked, parts, source, go_on) as journal:
        result = Result.of(
            fit_each(
                model,
                source,
                asked.starts,
                solver=asked.solver,
                rules=asked.rules,
                workers=workers,
                watch=watch,
                off_saddles=asked.escape,
                journal=journal,
            )
        )
    if result.degenerate:
        warnings.warn(collapsed(model, result), DegenerateFitWarning, stacklevel=3)
    return result


def _as_solver(given: Any) -> Any:
    """The solver that is given, or named; None leaves the choice. Errors: ModelError if it is none."""
    solver = solver_named(given) if isinstance(given, str) else given
    if solver is not None and (isinstance(solver, type) or not hasattr(solver, "step")):
        raise ModelError(
            f"solver is {given!r}; it must be one of {', '.join(SOLVERS)}, or a solver such as ek.solvers.Squarem()."
        )
    return solver


def _as_workers(executor: Any, n_jobs: int | None) -> Executor | int | None:
    """Who goes over the chunks: an executor, or so many threads. Errors: ModelError if it is none, or if both are given."""
    if executor is None:
        return n_jobs
    chosen = as_executor(executor)
    if n_jobs is not None:
        raise ModelError("n_jobs is for threads of this process, and an executor brings its own workers; give one of the two.")
    return chosen


def _as_starts(start: Any) -> tuple[Any, ...]:
    """The start or starts. Errors: ModelError unless each is a `Parameters` dataclass."""
    starts = (start,) if isinstance(start, Parameters) or not isinstance(start, Iterable) else tuple(start)
    if not starts:
        raise ModelError("there is no start: give parameters, or several of them.")
    for each in starts:
        if not isinstance(each, Parameters):
            raise ModelError(
                f"a start must be parameters (a frozen dataclass derived from emkit.Parameters), not {type(each).__name__}: "
                "such as MixtureParams([0.5, 0.5], PoissonParams([[1.0], [3.0]]))."
            )
    return starts
