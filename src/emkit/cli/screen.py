"""Where output goes: data to stdout, talk to stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from emkit.report.tables import as_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

NARROWEST, WIDEST = 80, 100  # characters: longer lines are hard to read
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON in full precision.")


def examples(*lines: str) -> str:
    """The end of a command's help: what one may write, each on a line of its own, or on several that are set in."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def console(stderr: bool = False) -> Console:
    """A console that prints text as it stands; rich honours NO_COLOR, COLUMNS and what kind of terminal there is."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    found = Console(file=stream, highlight=False, markup=False, emoji=False)
    if found.width > WIDEST:
        found.width = WIDEST
    return found


def text_width() -> int:
    """The width of plain text: that of the terminal, within what reads well."""
    from shutil import get_terminal_size

    return min(max(get_terminal_size().columns, NARROWEST), WIDEST)


def show(content: RenderableType) -> None:
    """Print on stdout; where that is no terminal, without the blanks at the ends of lines that fill up a table."""
    screen = console()
    if screen.is_terminal:
        screen.print(content)
        return
    click.echo(as_text(content, screen.width))


def print_json(value: object) -> None:
    """`value` as JSON on stdout; a number that is not finite becomes null."""
    click.echo(json_text(value))


def json_text(value: object) -> str:
    """`value` as JSON; a number that is not finite becomes null."""
    return json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False)


def finite(value: object) -> object:
    """`value` with None for every number in it that is not finite."""
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
