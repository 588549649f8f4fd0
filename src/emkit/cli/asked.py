"""What a user asks to be fitted: the options that say it, and the fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from emkit.cli.by_formula import Said, check_beside, regression_problems, trials_or_column
from emkit.cli.choices import (
    BUDGET,
    best_fit,
    chosen_families,
    families_of_columns,
    names,
    read_start,
    whole_number,
    whole_numbers,
)
from emkit.cli.elsewhere import THREADS, Workers, are_read_in_passes, parquet_source, the_one
from emkit.cli.given import Known, read_source
from emkit.cli.kept import Kept
from emkit.data.design import Gaps
from emkit.data.source import RowSource
from emkit.fitting import SOLVERS
from emkit.models import HiddenMarkovChain, Mixture
from emkit.models.components import AnyComponents
from emkit.result import AnyResult
from emkit.search.plan import MOST_STARTS
from emkit.search.seeding import Begin, begin
from emkit.selection.choice import WORDS
from emkit.watching import Progress

CHAIN = "hmm"
C = TypeVar("C", bound=Callable[..., int])
Option = Callable[[C], C]
BY_COLUMN: Option[Any] = click.option(
    "--column",
    "mapping",
    callback=families_of_columns,
    multiple=True,
    metavar="NAME=FAMILY",
    help="Instead of --model: the family of one column; repeat it for each column.",
)
ROWS: tuple[Option[Any], ...] = (
    click.option("--columns", callback=names, metavar="A,B", help="The columns to use; all by default."),
    click.option("--weights", metavar="COLUMN", help="A column that says how often each row occurs."),
    click.option(
        "--labels", metavar="COLUMN", help="A column that names (by numbers, too) the class of some rows; blank: not known."
    ),
    click.option(
        "--groups", metavar="COLUMN", help="A column that says whose a row is; rows of one lie together, in one component."
    ),
    click.option(
        "--trials",
        callback=trials_or_column,
        metavar="N|COLUMN",
        help="Of every binomial count, if no column says; a column only with --formula.",
    ),
    click.option("--starts", type=click.IntRange(1, MOST_STARTS), metavar="N", help="Starts of each model.  [default: 8-60]"),
    click.option(
        "--seed", type=click.IntRange(min=0), default=0, metavar="N", help="Another one tries other starts.  [default: 0]"
    ),
)
FORMULA: tuple[Option[Any], ...] = (
    click.option("--formula", metavar="'Y ~ X'", help="A mixture of regressions, such as 'y ~ x + poly(t, 2) + ward'."),
    click.option("--offset", metavar="COLUMN", help="With --formula: what is added to linear predictors, such as 'log(days)'."),
    click.option("--levels", callback=names, metavar="A,B", help="With --formula: those of a response in levels, in order."),
    click.option(
        "--gaps", type=click.Choice(["refuse", "drop"]), help="With --formula: rows with missing cells.  [default: refuse]"
    ),
)
FIT: tuple[Option[Any], ...] = (
    click.option("--model", "family", metavar="FAMILY", help="What one component looks like, see `emkit families`; or hmm."),
    click.option(
        "--family",
        "of_part",
        metavar="FAMILY",
        help="With --model hmm: what one state looks like; with --formula: the response.",
    ),
    *FORMULA,
    click.option("--sequence", metavar="COLUMN", help="With --model hmm: the sequence of a row.  [default: all are one]"),
    BY_COLUMN,
    click.option("-k", "components", callback=whole_number, metavar="K", help="The number of components."),
    *ROWS,
    click.option("--start", metavar="JSON|FILE", help="Explicit parameters to start from, as --json prints them."),
    click.option("--solver", type=click.Choice(list(SOLVERS)), default="anderson", help="[default: anderson]"),
    click.option("--tol", type=float, default=1e-8, metavar="X", help="Log-likelihood left to gain.  [default: 1e-8]"),
    click.option(BUDGET, type=int, default=10_000, metavar="N", help="Passes over the data in one run.  [default: 10000]"),
)
SELECT: tuple[Option[Any], ...] = (
    click.option("--model", "families", multiple=True, metavar="FAMILY", help="One or several, or hmm.  [default: gaussian]"),
    click.option(
        "--family",
        "of_parts",
        multiple=True,
        metavar="FAMILY",
        help="With --model hmm: of a state; with --formula: of the response. Also several.",
    ),
    *FORMULA,
    click.option("--sequence", metavar="COLUMN", help="With --model hmm: the sequence of a row.  [default: all are one]"),
    BY_COLUMN,
    click.option("-k", "components", default="1:6", callback=whole_numbers, metavar="K", help="1:6, or 2,3,5.  [default: 1:6]"),
    click.option("--criterion", type=click.Choice(list(WORDS)), default="bic", help="[default: bic]"),
    *ROWS,
)


def with_options(options: Sequence[Option[Any]]) -> Option[Any]:
    """A command that has these options, in their order."""

    def added(command: C) -> C:
        for option in reversed(options):
            command = option(command)
        return command

    return added


def fit_as_asked(
    files: Sequence[str],
    progress: Progress,
    kept: Kept | None = None,
    workers: Workers = THREADS,
    *,
    family: str | None,
    of_part: str | None,
    formula: str | None,
    offset: str | None,
    levels: list[str] | None,
    gaps: Gaps | None,
    sequence: str | None,
    mapping: dict[str, str],
    components: int | None,
    columns: list[str] | None,
    weights: str | None,
    labels: str | None,
    groups: str | None,
    trials: str | int | None,
    starts: int | None,
    seed: int,
    start: str | None,
    solver: str,
    tol: float,
    max_evaluations: int,
) -> AnyResult:
    """The best fit to the rows of files, from where it is `kept`. Errors: UsageError; those of reading and fitting."""
    _check_usage(components, starts, start, labels)
    model: AnyComponents
    source: RowSource
    if formula is not None:
        check_beside({"family": family, "mapping": mapping, "columns": columns, "labels": labels, "sequence": sequence})
        families = () if of_part is None else (of_part,)
        said = Said(formula, offset, trials, groups, weights, gaps, levels)
        (problem,) = regression_problems(the_one(files, "--formula"), progress, said, families).values()
        model, source = problem.model_of(components or 2), problem.source(components or 2)
    else:
        number = of_all_rows(trials)
        check_without_formula(offset, gaps, levels)
        in_sequence = is_chain(family, of_part, sequence, mapping, groups)
        chosen = chosen_families(of_part if in_sequence else family, mapping, columns, number)
        model = HiddenMarkovChain(chosen.family) if in_sequence else Mixture(chosen.family)
        known = Known(labels, sequence if in_sequence else groups, components or 1)
        if are_read_in_passes(files):
            progress.say("reading")
            source = parquet_source(model, files, chosen.columns, weights, known)
        else:
            source = read_source(model, files[0], chosen.columns, weights, progress, known, chosen.words)
    progress.say("choosing where to start")
    if start is not None:
        beginning = Begin([read_start(model, source, components, start)])
    else:
        assert components is not None
        beginning = begin(model, source, components, seed, starts)
    return best_fit(model, source, beginning, SOLVERS[solver](), progress, tol, max_evaluations, kept, workers)


def check_without_formula(offset: str | None, gaps: str | None, levels: list[str] | None) -> None:
    """Raise UsageError for what goes with --formula alone."""
    given = (("--offset", offset), ("--gaps", gaps), ("--levels", levels))
    for name in (name for name, value in given if value is not None):
        raise click.UsageError(f"{name} goes with --formula.", click.get_current_context())


def of_all_rows(trials: str | int | None) -> int | None:
    """A number of trials. Errors: UsageError for a column, which only a formula has."""
    if isinstance(trials, str):
        said = f"--trials {trials!r} is no whole number; a column of trials goes with --formula."
        raise click.UsageError(said, click.get_current_context())
    return trials


def is_chain(
    family: str | None, of_part: str | None, sequence: str | None, mapping: dict[str, str], groups: str | None
) -> bool:
    """Whether a hidden Markov model is asked for. Errors: UsageError for what goes with none, or with none but these."""
    context = click.get_current_context()
    if family != CHAIN:
        for name in (name for name, value in (("--family", of_part), ("--sequence", sequence)) if value is not None):
            raise click.UsageError(f"{name} goes with --model {CHAIN}.", context)
        return False
    if of_part is None and not mapping:
        said = f"say what one state looks like: --model {CHAIN} --family FAMILY, or --column NAME=FAMILY for each column."
        raise click.UsageError(said, context)
    if groups is not None:
        raise click.UsageError("rows of a hidden Markov model come in sequences: give --sequence for --groups.", context)
    return True


def _check_usage(components: int | None, starts: int | None, start: str | None, labels: str | None) -> None:
    """Raise UsageError unless there is something to start from, and only one such thing."""
    if start is not None and starts is not None:
        raise click.UsageError("--start gives the one start there is; leave out --starts.", click.get_current_context())
    if (start is None or labels is not None) and components is None:
        raise click.UsageError("say how many components to fit: -k 2.", click.get_current_context())
