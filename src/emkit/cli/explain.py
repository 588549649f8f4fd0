"""``emkit explain``: one EM step of a lesson in numbers."""

from __future__ import annotations

from typing import Any

import click

from emkit.cli.screen import WIDEST, json_option, print_json
from emkit.explain.notation import NOTATIONS

NARROWEST = 80
ROWS_OF_JSON = 1_000


@click.command("explain")
@click.argument("lesson")
@click.option("--step", default=1, show_default=True, type=click.IntRange(min=1), help="Which EM step, from N-1 to N.")
@click.option("--notation", default="coin", show_default=True, type=click.Choice(list(NOTATIONS)), help="Whose symbols to use.")
@click.option("--map", "side_by_side", is_flag=True, help="Add the notations side by side, and what is easily mistaken.")
@click.option("--exact", is_flag=True, help="Add the step in fractions (coins only).")
@click.option("--hard", is_flag=True, help="Assign every row wholly to its likeliest component (classification EM).")
@click.option("--rows", type=click.IntRange(min=1), help="How many different rows to show (20; with --json 1000).")
@json_option
def command(
    lesson: str, step: int, notation: str, side_by_side: bool, exact: bool, hard: bool, rows: int | None, as_json: bool
) -> None:
    """Work through one EM step of LESSON: responsibilities, expected counts, the M-step, and the ledger of the bound.

    `emkit lessons` lists the lessons. For a fit of your own, use result.explain(step=1) in Python.
    """
    example = _lesson(lesson, hard)
    if as_json:
        print_json(example.explain(step, notation, rows or ROWS_OF_JSON, exact).to_dict())
        return
    click.echo(example.explain(step, notation, rows, exact).text(_width(), side_by_side))


def _lesson(name: str, hard: bool) -> Any:
    """The lesson of that name. Errors: UsageError naming the lessons there are."""
    from emkit.errors import EmkitError
    from emkit.lessons import lesson_named
    from emkit.models import Hard

    try:
        lesson = lesson_named(name)
    except EmkitError as error:
        raise click.UsageError(str(error)) from None
    return lesson.assigned(Hard()) if hard else lesson


def _width() -> int:
    from shutil import get_terminal_size

    return min(max(get_terminal_size().columns, NARROWEST), WIDEST)
