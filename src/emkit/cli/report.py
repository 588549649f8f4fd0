"""``emkit report``: a fit written up, from a file of rows, a saved fit, or a lesson."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from emkit.cli.asked import FIT, fit_as_asked, with_options
from emkit.cli.failures import code_for
from emkit.cli.given import Known, joined_by, rows_of_fit
from emkit.cli.output import say_written
from emkit.cli.screen import examples, json_option, print_json
from emkit.cli.subjects import complete_lesson_or_file
from emkit.core.solvers import Squarem
from emkit.lessons import LESSONS, lesson_named
from emkit.models.order import component_count
from emkit.page.report import check_place
from emkit.result import AnyResult, load
from emkit.watching import Progress

SAVED = ".emk"


EXAMPLES = (
    "emkit report faithful.csv --model gaussian -k 2 --out geyser.html",
    "emkit report geyser.emk --data faithful.csv --out geyser.md",
)


@click.command("report", epilog=examples(*EXAMPLES))
@click.argument("what", metavar="FILE|FIT.emk|LESSON", shell_complete=complete_lesson_or_file)
@with_options(FIT)
@click.option(
    "--out",
    "--html",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    metavar="OUT",
    help="As HTML or Markdown: OUT.html or OUT.md.",
)
@click.option("--data", metavar="FILE", help="Of a FIT.emk: the rows that it was fitted to.")
@click.option(
    "--steps",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.html",
    help="Write the page of every step of EM, too, and link it.",
)
@click.option("--title", help="What stands above it.")
@click.option("--include-data", is_flag=True, help="Put rows of the data into it (at most 500).")
@json_option
def command(
    what: str,
    out: Path,
    data: str | None,
    steps: Path | None,
    title: str | None,
    include_data: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Write up a mixture fitted to a FILE (options as for `emkit fit`), a fit that was saved, or that of a LESSON.

    One file that needs no network and prints well: model, data, starts, convergence, estimates with errors and intervals, fit,
    classification, residuals, what the data cannot tell, versions, seed and hash. A saved fit is without its data: give them
    by --data (with --weights, --groups, --sequence and --labels, if the fit had them) for all but the estimates. No row is in
    the report, unless you ask for the data to be in it. --json prints its numbers, too.
    """
    check_place(out)  # rather than after a long fit
    with Progress() as progress:
        result = _fit(what, data, progress, asked)
        progress.say("working out standard errors")
        made = result.report(out, title=title, include_data=include_data, steps=steps)
    size = say_written(out)
    if as_json:
        print_json({"report": str(out), "bytes": size, **made.to_dict()})
    return code_for(result.outcome)


def _fit(what: str, data: str | None, progress: Progress, asked: dict[str, Any]) -> AnyResult:
    """The fit that is meant. Errors: UsageError if none is; those of reading and fitting."""
    if what.endswith(SAVED):
        return _saved(what, data, progress, asked)
    if data is not None:
        raise click.UsageError(f"--data goes with a saved fit, FIT{SAVED}.", click.get_current_context())
    if asked["family"] is None and asked["formula"] is None and not asked["mapping"]:
        if what in LESSONS:
            return lesson_named(what).fit(solver=Squarem())
        raise click.UsageError(
            f"{what} is no lesson ({', '.join(LESSONS)}); for a file of your own say what to fit: --model FAMILY -k 2.",
            click.get_current_context(),
        )
    return fit_as_asked((what,), progress, **asked)


def _saved(what: str, data: str | None, progress: Progress, asked: dict[str, Any]) -> AnyResult:
    found = load(what)
    if data is None:
        return found
    together = joined_by(found, asked["groups"], asked["sequence"])
    known = Known(asked["labels"], together, component_count(found.params) or 1)
    return found.with_data(rows_of_fit(found, data, progress, asked["weights"], known))
