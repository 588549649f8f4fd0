"""What the command line says and how it exits when something is not as it should be."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

import click

from emkit.errors import DataError, DegenerateFitError, EmkitError, EmkitWarning, Outcome
from emkit.interrupts import INTERRUPTED

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

OK, FAILED, USAGE, NOT_CONVERGED, BAD_DATA = 0, 1, 2, 3, 4


class UnwrittenError(OSError):
    """The output cannot be written: what fails elsewhere in the system is told from it by this class."""


class Screen(io.FileIO):
    """Where the output goes, of a process that was given it."""

    def write(self, content: Buffer) -> int:
        try:
            return super().write(content)
        except OSError as error:
            raise UnwrittenError(error.errno, error.strerror) from None


def screen_of(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """The same stream for text, whose faults are `UnwrittenError`s. Names that its encoding lacks are shown escaped."""
    raw: Any = Screen(stream.fileno(), "wb", closefd=False)
    options: Any = {"line_buffering": stream.line_buffering, "write_through": stream.write_through}
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, "backslashreplace", **options)


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
        except UnwrittenError as error:
            leave_unwritten(sys.stdout)
            tell(f"the output cannot be written: {error.strerror or error}.")
            return BAD_DATA
        except OSError as error:
            if error.filename is not None:
                raise
            tell(f"the system refused what is needed: {error.strerror or error}.")
            return FAILED
        except MemoryError:
            tell("there is not enough memory for this: use fewer columns, components or rows.")
            return FAILED
        except (click.Abort, KeyboardInterrupt) as error:
            interrupt = error.__cause__ if isinstance(error, click.Abort) else error
            tell(" ".join(["interrupted.", *getattr(interrupt, "__notes__", ())]))
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
    _say(f"error: {sentence}{where}")


def leave_unwritten(stream: TextIO) -> None:
    """Let go of what a stream could not write, so that Python does not try it again when it ends."""
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def _say(text: str) -> None:
    """Print on stderr, if that can be written."""
    try:
        click.echo(text, err=True)
    except OSError:
        leave_unwritten(sys.stderr)


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
    _say(f"warning: {text}")
