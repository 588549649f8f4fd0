"""``emkit report``: the page of a lesson, or of a fit to a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from emkit.cli.failures import OK, code_for
from emkit.cli.screen import json_option, print_json
from emkit.cli.subjects import subject_of, subject_options, title_of
from emkit.lessons import Lesson


@click.command("report")
@subject_options
@click.option(
    "--html",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    metavar="OUT",
)
@click.option("--include-data", is_flag=True, help="Put rows of the file into the page (at most 500), and not only sums.")
@json_option
def command(out: Path, include_data: bool, as_json: bool, what: str, **about: Any) -> int:
    """Write a page that shows every step of EM, for a LESSON or for a mixture fitted to a FILE.

    The page is one file that opens in any browser, without a network. That of a FILE holds sums and counts in bins, and no
    row, unless you ask for the data to be in it.

    \b
    emkit report two-coins --html two-coins.html
    emkit report faithful.csv --model gaussian -k 2 --html report.html
    """  # noqa: D301
    subject = subject_of(what, **about)
    if isinstance(subject, Lesson):
        subject.to_html(out)
    else:
        subject.to_html(out, title=title_of(what), include_data=include_data)
    size = out.stat().st_size
    click.echo(f"wrote {out} ({size / 1000:.0f} KB, opens offline)", err=True)
    if as_json:
        print_json({"page": str(out), "bytes": size, **({} if isinstance(subject, Lesson) else subject.to_dict())})
    return OK if isinstance(subject, Lesson) else code_for(subject.outcome)
