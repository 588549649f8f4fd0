"""``emkit fit``: a mixture or a hidden Markov model of any family, from a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from emkit.cli.asked import FIT, Option, fit_as_asked, with_options
from emkit.cli.failures import code_for
from emkit.cli.kept import Kept
from emkit.cli.progress import Progress
from emkit.cli.screen import console, json_option, print_json, show
from emkit.core.json_types import Json
from emkit.errors import Status
from emkit.inference import Covariance, wald
from emkit.inference.standard_errors import standard_errors as errors_of
from emkit.persistence.atomic import refuse_unwritable
from emkit.report.summary import report
from emkit.result import AnyResult

SHOWN: tuple[Option[Any], ...] = (
    click.option(
        "--save", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.emk", help="Keep the fit, for `emkit predict`."
    ),
    click.option("--standard-errors", is_flag=True, help="Show every number with its standard error and interval."),
    json_option,
)


@click.command("fit")
@click.argument("file")
@with_options(FIT)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Keep where the fit stands, for `emkit resume`.",
)
@with_options(SHOWN)
def command(file: str, checkpoint: Path | None, save: Path | None, standard_errors: bool, as_json: bool, **asked: Any) -> int:
    """Fit a mixture, or a hidden Markov model, to the rows of a FILE (- for stdin), and show the estimates.

    FILE is CSV with a header line (fields set apart by , ; | or tabs), Parquet, Arrow or Feather, packed with gzip or not. The
    best of many starts is shown, its components in the order of their first parameter. With --checkpoint, a fit that was
    stopped goes on where it stood, by `emkit resume PATH` or by the same command.

    \b
    emkit fit faithful.csv --model gaussian -k 2 --save geyser.emk
    emkit fit counts.csv --model poisson -k 3 --columns deaths --weights days --json
    emkit fit quakes.csv --model hmm --family poisson -k 3 --columns count --sequence region
    emkit fit clinics.csv --formula 'visits ~ age + ward' --family poisson -k 2 --offset 'log(days)'
    emkit fit visits.csv --column age=gaussian --column visits=poisson --column ward=categorical -k 3
    emkit fit coins.csv --model binomial -k 2 --trials 10 --start '{"proportions": [0.5, 0.5],
       "components": {"probabilities": [[0.6], [0.5]]}}'
    """  # noqa: D301
    kept = None if checkpoint is None else Kept.of(checkpoint, file, asked)
    return fit_and_show(file, kept, save, standard_errors, as_json, asked)


def fit_and_show(
    file: str, kept: Kept | None, save: Path | None, standard_errors: bool, as_json: bool, asked: Mapping[str, Any]
) -> int:
    """Fit as asked, show the fit, and return the exit code."""
    if save is not None:
        refuse_unwritable(save)  # rather than after a long fit
    with Progress() as progress:
        result = fit_as_asked(file, progress, kept, **asked)
        found = _covariance(result, progress) if standard_errors else None
    print_fit(result, found, file, as_json)
    if save is not None:
        result.save(save)
    return code_for(result.outcome)


def _covariance(result: AnyResult, progress: Progress) -> Covariance:
    progress.say("working out standard errors")
    return result.covariance()


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
