"""``emkit fit``: a mixture or a hidden Markov model of any family, from files of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from emkit.cli.asked import FIT, Option, fit_as_asked, with_options
from emkit.cli.elsewhere import WORKED, workers_asked
from emkit.cli.failures import code_for
from emkit.cli.kept import Kept
from emkit.cli.screen import console, examples, json_option, print_json, show
from emkit.core.json_types import Json
from emkit.errors import Status
from emkit.inference import Covariance, wald
from emkit.inference.standard_errors import standard_errors as errors_of
from emkit.persistence.atomic import refuse_unwritable
from emkit.report.summary import report
from emkit.result import AnyResult
from emkit.watching import Progress

MANNER: tuple[Option[Any], ...] = (
    click.option(
        "--save", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.emk", help="Keep the fit, for `emkit predict`."
    ),
    click.option("--standard-errors", is_flag=True, help="Show every number with its standard error and interval."),
    *WORKED,
    json_option,
)


class Manner(NamedTuple):
    """How a fit is made and shown, whatever is asked: `MANNER`, by name."""

    save: Path | None
    standard_errors: bool
    workers: int | None
    scheduler: str | None
    as_json: bool


EXAMPLES = (
    "emkit fit faithful.csv --model gaussian -k 2 --save geyser.emk",
    "emkit fit counts.csv --model poisson -k 3 --columns deaths --weights days --json",
    "emkit fit quakes.csv --model hmm --family poisson -k 3 --columns count --sequence region",
    "emkit fit clinics.csv --formula 'visits ~ age + ward' --family poisson -k 2 --offset 'log(days)'",
    "emkit fit visits.csv --column age=gaussian --column visits=poisson --column ward=categorical -k 3",
    "emkit fit data/*.parquet --model gaussian -k 8 --scheduler tcp://10.0.0.7:8786",
    'emkit fit coins.csv --model binomial -k 2 --trials 10 --start \'{"proportions": [0.5, 0.5],',
    '   "components": {"probabilities": [[0.6], [0.5]]}}\'',
)


@click.command("fit", epilog=examples(*EXAMPLES))
@click.argument("files", nargs=-1, required=True)
@with_options(FIT)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Keep where the fit stands, for `emkit resume`.",
)
@with_options(MANNER)
def command(files: tuple[str, ...], checkpoint: Path | None, **asked: Any) -> int:
    """Fit a mixture, or a hidden Markov model, to the rows of FILES (- for stdin), and show the estimates.

    A file is CSV with a header line (fields set apart by , ; | or tabs), Parquet, Arrow or Feather, packed with gzip or not.
    Several are Parquet, as are a folder and a pattern; their rows are read anew in each pass, as are those of Parquet of more
    than 256 MB. The best of many starts is shown, its components in the order of their first parameter. With
    --checkpoint, a fit that was stopped goes on where it stood, by `emkit resume PATH` or by the same command.
    """
    manner = Manner(**{name: asked.pop(name) for name in Manner._fields})
    return fit_and_show(files, None if checkpoint is None else Kept.of(checkpoint, files, asked), manner, asked)


def fit_and_show(files: Sequence[str], kept: Kept | None, manner: Manner, asked: Mapping[str, Any]) -> int:
    """Fit as asked, show the fit, and return the exit code."""
    if manner.save is not None:
        refuse_unwritable(manner.save)  # rather than after a long fit
    with workers_asked(manner.workers, manner.scheduler) as workers:
        with Progress() as progress:
            result = fit_as_asked(files, progress, kept, workers, **asked)
            found = _covariance(result, progress) if manner.standard_errors else None
        print_fit(result, found, files, manner.as_json)
        if manner.save is not None:
            result.save(manner.save)
    return code_for(result.outcome)


def _covariance(result: AnyResult, progress: Progress) -> Covariance:
    progress.say("working out standard errors")
    return result.covariance()


def print_fit(result: AnyResult, found: Covariance | None, files: Sequence[str], as_json: bool) -> None:
    """The fit on stdout, and on stderr what to do if the budget was too small."""
    if as_json:
        read = {"file": files[0]} if len(files) == 1 else {"files": [*files]}
        print_json({**read, **result.to_dict(), **(_by_name(found) if found is not None else {})})
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
