"""``emkit resume``: a fit that was stopped goes on."""

from __future__ import annotations

from pathlib import Path

import click

from emkit.cli.asked import with_options
from emkit.cli.fit import SHOWN, fit_and_show
from emkit.cli.fit import command as fit
from emkit.cli.kept import Kept, kept_at

NOT_ASKED = {"file", "checkpoint", "save", "standard_errors", "as_json"}  # of `emkit fit`: what is done with the result


@click.command("resume")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("file", required=False)
@with_options(SHOWN)
def command(path: Path, file: str | None, save: Path | None, standard_errors: bool, as_json: bool) -> int:
    """Go on with the fit that `emkit fit --checkpoint PATH` keeps, from where it stood. Its numbers are the same bits.

    FILE (- for stdin) has the rows of the fit; if left out, they are read from where `emkit fit` read them.

    \b
    emkit fit clinics.csv --model gaussian -k 12 --checkpoint clinics.ckpt
    emkit resume clinics.ckpt --save clinics.emk
    """  # noqa: D301
    names = {str(each.name) for each in fit.params} - NOT_ASKED
    given, asked = kept_at(path, names)
    file = given if file is None else file
    return fit_and_show(file, Kept.of(path, given, asked), save, standard_errors, as_json, asked)
