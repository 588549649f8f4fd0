"""``emkit explain``: one EM step of a lesson in numbers."""

from __future__ import annotations

import click

from emkit.cli.screen import examples, json_option, print_json, text_width
from emkit.cli.subjects import complete_lesson, lesson_called
from emkit.explain.notation import NOTATIONS
from emkit.models import Hard

ROWS_OF_JSON = 1_000


EXAMPLES = ("emkit explain two-coins", "emkit explain two-coins --notation cs229 --exact", "emkit explain umbrella --row 2")


@click.command("explain", epilog=examples(*EXAMPLES))
@click.argument("lesson", shell_complete=complete_lesson)
@click.option("--step", default=1, show_default=True, type=click.IntRange(min=1), help="Which EM step, from N-1 to N.")
@click.option(
    "--notation",
    default="coin",
    show_default=True,
    type=click.Choice(list(NOTATIONS), case_sensitive=False),
    help="Whose symbols to use.",
)
@click.option("--map", "side_by_side", is_flag=True, help="Add the notations side by side, and what is easily mistaken.")
@click.option("--exact", is_flag=True, help="Add the step in fractions (for coins and the like).")
@click.option("--hard", is_flag=True, help="Assign every row wholly to its likeliest component (classification EM).")
@click.option("--rows", type=click.IntRange(min=1), help="How many different rows to show (20; with --json 1000).")
@click.option("--sequence", default=1, show_default=True, type=click.IntRange(min=1), help="Of rows in sequence: which one.")
@click.option("--row", type=click.IntRange(min=1), help="Of rows in sequence: the row to work out (2).")
@json_option
def command(
    lesson: str,
    step: int,
    notation: str,
    side_by_side: bool,
    exact: bool,
    hard: bool,
    rows: int | None,
    sequence: int,
    row: int | None,
    as_json: bool,
) -> None:
    """Work through one EM step of LESSON: responsibilities, expected counts, the M-step, and the ledger of the bound.

    Of a hidden Markov model it shows forward and backward tables, and works out one row of one sequence.

    `emkit lessons` lists the lessons. For a fit of your own, use result.explain(step=1) in Python.
    """
    example = lesson_called(lesson).assigned(Hard()) if hard else lesson_called(lesson)
    if as_json:
        rows = rows or ROWS_OF_JSON
    worked = example.explain(step, notation, rows, exact, sequence=sequence, row=row)
    if as_json:
        print_json(worked.to_dict())
    else:
        click.echo(worked.text(text_width(), side_by_side))
