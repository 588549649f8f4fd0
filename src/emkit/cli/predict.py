"""``emkit predict``: what a fit in a file says of other rows."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from emkit.cli.by_formula import means_of_file
from emkit.cli.given import Known, joined_by, rows_of_fit
from emkit.cli.output import FORMATS, write_rows
from emkit.cli.screen import examples, json_option
from emkit.data import ArraySource
from emkit.models.assignment import Posterior
from emkit.models.frozen import bare
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.prediction import paths_of, posterior_of
from emkit.report.frames import assigned
from emkit.result import load
from emkit.watching import Progress

EXAMPLES = (
    "emkit fit faithful.csv --model gaussian -k 2 --save geyser.emk",
    "emkit predict geyser.emk faithful.csv --out components.csv",
)


@click.command("predict", epilog=examples(*EXAMPLES))
@click.argument("model", metavar="MODEL.emk")
@click.argument("file")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT", help="Write the rows to a file.")
@click.option("--to", "form", type=click.Choice(list(FORMATS)), help="As what.  [default: as OUT is called; csv on the screen]")
@click.option("--groups", metavar="COLUMN", help="A column that says whose a row is: rows of one share a component.")
@click.option("--sequence", metavar="COLUMN", help="Of a hidden Markov model: the sequence of a row.  [default: all are one]")
@click.option("--mean", is_flag=True, help="Of a fit by --formula: the mean of the response, which FILE need not have.")
@json_option
def command(
    model: str,
    file: str,
    out: Path | None,
    form: str | None,
    groups: str | None,
    sequence: str | None,
    mean: bool,
    as_json: bool,
) -> None:
    """Tell for every row of a FILE (- for stdin) which component of the fit in MODEL.emk it most probably belongs to.

    There is a row for each row of FILE, in the same order: its component, by the label that it was given or counted from 1,
    the probability of each component, and the row's log-likelihood. FILE is CSV (fields set apart by , ; | or tabs), Parquet,
    Arrow or Feather; its columns are found by their names, and may be more than those of the fit. A row that is impossible
    under every component has component 0, or none where they have labels, and no probabilities. With --groups, these are of
    all rows of a group together. Of a hidden Markov model, they are of each row given its sequence, with its state on the
    likeliest path through the sequence. With --mean there is, of a fit by --formula, the mean of the response given the
    covariates of a row, of all components by their proportions and of each by itself, or the probability of each level of the
    response, if it is in levels; without it, FILE must have the response.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --to {form} ask for different things: give one of the two.")
    fitted = load(model)
    if mean:
        for option in (option for option, value in (("--groups", groups), ("--sequence", sequence)) if value is not None):
            raise click.UsageError(f"--mean is told of each row by its covariates alone: leave out {option}.")
        with Progress() as progress:
            means = means_of_file(fitted, file, progress)
        write_rows(means, out, "json" if as_json else form)
        return
    together = joined_by(fitted, groups, sequence)
    is_chain = isinstance(bare(fitted.model), HiddenMarkovChain)
    with Progress() as progress:
        source = rows_of_fit(fitted, file, progress, known=Known(groups=together))
        progress.say("working out probabilities")
        found = posterior_of(fitted.model, fitted.params, source)
        if source.groups is not None:
            found = found._replace(log_likelihood=np.repeat(found.log_likelihood, np.diff(source.groups)))
    _warn_of_impossible(found, source)
    if is_chain and together is None:
        click.echo(
            f"note: all {source.rows:,} rows were taken as one sequence; --sequence COLUMN says which is whose.", err=True
        )
    path = {"path": paths_of(fitted.model, fitted.params, source).states + 1} if is_chain else {}
    told = {**assigned(found, fitted.source.component_names), **path}
    write_rows({**told, "log_likelihood": found.log_likelihood}, out, "json" if as_json else form)


def _warn_of_impossible(found: Posterior, source: ArraySource) -> None:
    rows = np.flatnonzero(np.isneginf(found.log_likelihood))
    if len(rows):
        others = len(rows) - 1
        more = f", and so {'is' if others == 1 else 'are'} {others:,} more" if others else ""
        click.echo(f"warning: {source.place_of_row(int(rows[0]))} is impossible under every component{more}.", err=True)
