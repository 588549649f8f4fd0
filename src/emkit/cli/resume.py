"""``emkit resume``: a fit that was stopped goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from emkit.cli.asked import with_options
from emkit.cli.fit import MANNER, Manner, fit_and_show
from emkit.cli.fit import command as fit
from emkit.cli.kept import Kept, kept_at
from emkit.cli.screen import examples

NOT_ASKED = {"files", "checkpoint", *Manner._fields}  # of `emkit fit`: where rows and fit are, and what is done with the result


EXAMPLES = (
    "emkit fit clinics.csv --model gaussian -k 12 --checkpoint clinics.ckpt",
    "emkit resume clinics.ckpt --save clinics.emk",
)


@click.command("resume", epilog=examples(*EXAMPLES))
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("files", nargs=-1)
@with_options(MANNER)
def command(path: Path, files: tuple[str, ...], **manner: Any) -> int:
    """Go on with the fit that `emkit fit --checkpoint PATH` keeps, from where it stood. Its numbers are the same bits.

    FILES (- for stdin) have the rows of the fit; if left out, they are read from where `emkit fit` read them.
    """
    names = {str(each.name) for each in fit.params} - NOT_ASKED
    given, asked = kept_at(path, names)
    return fit_and_show(files or given, Kept.of(path, given, asked), Manner(**manner), asked)
