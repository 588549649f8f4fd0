"""What the command line says and how it exits when something is not as it should be."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import TextIO

import click

from emkit.errors import DataError, DegenerateFitError, EmkitError, EmkitWarning, Outcome

OK, FAILED, USAGE, NOT_CONVERGED, BAD_DATA, INTERRUPTED = 0, 1, 2, 3, 4, 130


def exit_code_of(command: Callable[[], object]) -> int:
    """Run `command` and return its exit code; a user's mistake becomes one sentence on stderr. Faults of emkit pass through."""
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            code = command()
        except click.UsageError as error:
            tell(error.format_message(), error.ctx)
            return USAGE
        except click.ClickException as error:
            tell(error.format_message())
            return error.exit_code
        except EmkitError as error:
            tell(str(error))
            return _code(error)
        except MemoryError:
            tell("there is not enough memory for this: use fewer columns, components or rows.")
            return FAILED
        except (click.Abort, KeyboardInterrupt):
            tell("interrupted.")
            return INTERRUPTED
    return code if isinstance(code, int) else OK


def code_for(outcome: Outcome) -> int:
    """The exit code of a fit that ended like this."""
    if outcome.converged:
        return OK
    return FAILED if outcome.failed else NOT_CONVERGED


def tell(sentence: str, ctx: click.Context | None = None) -> None:
    """An error on stderr, with a pointer to the command's help if it is a matter of usage."""
    where = f"\nSee '{ctx.command_path} --help'." if ctx is not None else ""
    click.echo(f"error: {sentence}{where}", err=True)


def _code(error: EmkitError) -> int:
    if isinstance(error, DataError):
        return BAD_DATA
    return FAILED if isinstance(error, DegenerateFitError) else USAGE


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    text = str(message) if issubclass(category, EmkitWarning) else warnings.formatwarning(message, category, filename, lineno)
    print(f"warning: {text}", file=sys.stderr)  # noqa: T201
