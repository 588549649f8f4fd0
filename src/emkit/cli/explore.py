"""``emkit explore``: the page with refits by Python, served on this machine."""

from __future__ import annotations

from typing import Any

import click

from emkit.cli.failures import OK
from emkit.cli.screen import json_option, print_json
from emkit.cli.subjects import subject_of, subject_options


@click.command("explore")
@subject_options
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Where to serve.  [default: any free port]")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@json_option
def command(port: int, no_browser: bool, as_json: bool, what: str, **about: Any) -> int:
    """Open the page of a LESSON, or of a mixture fitted to a FILE, with refits while you read. Ctrl-C ends it.

    It is served on 127.0.0.1, to this machine alone, under an address that nobody can guess. The page holds the data.
    """
    from emkit.page.explore import explore

    def say(address: str) -> None:
        if as_json:
            print_json({"address": address})
        else:
            click.echo(address)
        click.echo("Ctrl-C ends it.", err=True)

    explore(subject_of(what, **about), port, not no_browser, say)
    click.echo("stopped.", err=True)
    return OK
