"""``emkit fit``: a mixture of any family, from a CSV file."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from emkit.cli.choices import best_fit, chosen_families, families_of_columns, names, read_start, whole_number
from emkit.cli.failures import code_for
from emkit.cli.given import Known, read_source
from emkit.cli.progress import Progress
from emkit.cli.screen import console, json_option, print_json, show
from emkit.core.json_types import Json
from emkit.errors import Status
from emkit.fitting import SOLVERS
from emkit.inference import Covariance, wald
from emkit.inference.standard_errors import standard_errors as errors_of
from emkit.models import Mixture
from emkit.persistence.atomic import refuse_unwritable
from emkit.report.summary import report
from emkit.result import AnyResult
from emkit.search.plan import MOST_STARTS
from emkit.search.seeding import Begin, begin


@click.command("fit")
@click.argument("file")
@click.option("--model", "family", metavar="FAMILY", help="What one component looks like; see `emkit families`.")
@click.option(
    "--column",
    "mapping",
    callback=families_of_columns,
    multiple=True,
    metavar="NAME=FAMILY",
    help="Instead of --model: the family of one column; repeat it for each column.",
)
@click.option("-k", "components", callback=whole_number, metavar="K", help="The number of components.")
@click.option("--columns", callback=names, metavar="A,B", help="The columns to use; all by default.")
@click.option("--weights", metavar="COLUMN", help="A column that says how often each row occurs.")
@click.option("--labels", metavar="COLUMN", help="A column that names the class of some rows; blank where it is not known.")
@click.option(
    "--groups", metavar="COLUMN", help="A column that says whose a row is; rows of one lie together, in one component."
)
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Of every binomial count, if no column says.")
@click.option("--starts", type=click.IntRange(1, MOST_STARTS), metavar="N", help="How many starts to try.  [default: 8 to 60]")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, metavar="N", help="Another one tries other starts.  [default: 0]"
)
@click.option("--start", metavar="JSON|FILE", help="Explicit parameters to start from, as --json prints them.")
@click.option("--solver", type=click.Choice(list(SOLVERS)), default="anderson", help="[default: anderson]")
@click.option("--tol", type=float, default=1e-8, metavar="X", help="Log-likelihood left to gain.  [default: 1e-8]")
@click.option(
    "--max-evaluations", type=int, default=10_000, metavar="N", help="Passes over the data in one run.  [default: 10000]"
)
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.emk", help="Keep the fit, for `emkit predict`."
)
@click.option("--standard-errors", is_flag=True, help="Show every number with its standard error and interval.")
@json_option
def command(
    file: str,
    family: str | None,
    mapping: dict[str, str],
    components: int | None,
    columns: list[str] | None,
    weights: str | None,
    labels: str | None,
    groups: str | None,
    trials: int | None,
    starts: int | None,
    seed: int,
    start: str | None,
    solver: str,
    tol: float,
    max_evaluations: int,
    save: Path | None,
    standard_errors: bool,
    as_json: bool,
) -> int:
    """Fit a mixture to the rows of a FILE (- for stdin), and show the estimates.

    FILE is CSV with a header line (fields set apart by , ; | or tabs), Parquet, Arrow or Feather, packed with gzip or not. The
    best of many starts is shown, its components in the order of their first parameter.

    \b
    emkit fit faithful.csv --model gaussian -k 2 --save geyser.emk
    emkit fit counts.csv --model poisson -k 3 --columns deaths --weights days --json
    emkit fit visits.csv --column age=gaussian --column visits=poisson --column ward=categorical -k 3
    emkit fit coins.csv --model binomial -k 2 --trials 10 --start '{"proportions": [0.5, 0.5],
       "components": {"probabilities": [[0.6], [0.5]]}}'
    """  # noqa: D301
    _check_usage(components, starts, start, labels)
    if save is not None:
        refuse_unwritable(save)  # rather than after a long fit
    chosen = chosen_families(family, mapping, columns, trials)
    model = Mixture(chosen.family)
    with Progress() as progress:
        source = read_source(
            model, file, chosen.columns, weights, progress, Known(labels, groups, components or 1), chosen.words
        )
        progress.say("choosing where to start")
        if start is not None:
            beginning = Begin([read_start(model, source, components, start)])
        else:
            assert components is not None
            beginning = begin(model, source, components, seed, starts)
        result = best_fit(model, source, beginning, SOLVERS[solver](), progress, tol, max_evaluations)
        found = _covariance(result, progress) if standard_errors else None
    print_fit(result, found, file, as_json)
    if save is not None:
        result.save(save)
    return code_for(result.outcome)


def _covariance(result: AnyResult, progress: Progress) -> Covariance:
    progress.say("working out standard errors")
    return result.covariance()


def _check_usage(components: int | None, starts: int | None, start: str | None, labels: str | None) -> None:
    """Raise UsageError unless there is something to start from, and only one such thing."""
    if start is not None and starts is not None:
        raise click.UsageError("--start gives the one start there is; leave out --starts.", click.get_current_context())
    if (start is None or labels is not None) and components is None:
        raise click.UsageError("say how many components to fit: -k 2.", click.get_current_context())


def print_fit(result: AnyResult, found: Covariance | None, file: str, as_json: bool) -> None:
    """The fit on stdout, and on stderr what to do if the budget was too small."""
    if as_json:
        print_json({"file": file, **result.to_dict(), **(_by_name(found) if found is not None else {})})
    else:
        show(report(result, found, console().width))
    if result.outcome.status is Status.BUDGET:
        click.echo("warning: not converged; --max-evaluations allows more passes over the data.", err=True)


def _by_name(found: Covariance) -> Json:
    """Standard errors, and the ends of 95 % intervals, by the names of the parameters."""
    errors, intervals = errors_of(found), wald(found)
    ends = np.stack([intervals.lower, intervals.upper], axis=1)
    return {
        "standard_errors": dict(zip(errors.names, errors.errors.tolist(), strict=True)),
        "confidence_intervals": dict(zip(intervals.names, ends.tolist(), strict=True)),
    }
