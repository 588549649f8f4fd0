"""``emkit explore``: the page of every step of EM, served on this machine with refits by Python, or as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from emkit.cli.asked import with_options
from emkit.cli.failures import OK, code_for
from emkit.cli.output import say_written
from emkit.cli.screen import examples, json_option, print_json
from emkit.cli.subjects import SUBJECT, subject_of, title_of
from emkit.lessons import Lesson
from emkit.result import AnyResult

EXAMPLES = ("emkit explore two-coins", "emkit explore faithful.csv --model gaussian -k 2 --html steps.html")


@click.command("explore", epilog=examples(*EXAMPLES))
@with_options(SUBJECT)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Where to serve.  [default: any free port]")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option(
    "--html",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write the page to a file instead, without refits.",
)
@click.option("--include-data", is_flag=True, help="Put rows of the file into that file (at most 500), and not only sums.")
@json_option
def command(port: int, no_browser: bool, out: Path | None, include_data: bool, as_json: bool, what: str, **about: Any) -> int:
    """Open a page that shows every step of EM, for a LESSON or for a mixture fitted to a FILE. Ctrl-C ends it.

    It is served on 127.0.0.1, to this machine alone, under an address that nobody can guess, with refits while you read; it
    holds the data. With --html it is one file that opens in any browser, without a network; that of a FILE then holds sums and
    counts in bins, and no row, unless you ask for the data to be in it.
    """
    subject = subject_of(what, **about)
    return _serve(subject, port, no_browser, as_json) if out is None else _write(subject, what, out, include_data, as_json)


def _write(subject: Lesson | AnyResult, what: str, out: Path, include_data: bool, as_json: bool) -> int:
    if isinstance(subject, Lesson):
        subject.to_html(out)
    else:
        subject.to_html(out, title=title_of(what), include_data=include_data)
    size = say_written(out)
    if as_json:
        print_json({"page": str(out), "bytes": size, **({} if isinstance(subject, Lesson) else subject.to_dict())})
    return OK if isinstance(subject, Lesson) else code_for(subject.outcome)


def _serve(subject: Lesson | AnyResult, port: int, no_browser: bool, as_json: bool) -> int:
    from emkit.page.explore import explore

    def say(address: str) -> None:
        if as_json:
            print_json({"address": address})
        else:
            click.echo(address)
        click.echo("Ctrl-C ends it.", err=True)

    explore(subject, port, not no_browser, say)
    click.echo("stopped.", err=True)
    return OK
