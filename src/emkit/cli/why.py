"""``emkit why``: why EM works, with the numbers of a lesson."""

from __future__ import annotations

import click

from emkit.cli.screen import examples, json_option, print_json, text_width
from emkit.cli.subjects import complete_lesson, lesson_called

EXAMPLES = ("emkit why two-coins", "emkit why old-faithful --step 2")


@click.command("why", epilog=examples(*EXAMPLES))
@click.argument("lesson", shell_complete=complete_lesson)
@click.option("--step", default=1, show_default=True, type=click.IntRange(min=1), help="Which EM step, from N-1 to N.")
@json_option
def command(lesson: str, step: int, as_json: bool) -> None:
    """Show why EM works at the numbers of LESSON: Jensen's inequality, the bound, its touching and rising, its relatives.

    `emkit lessons` lists the lessons.
    """
    from emkit.errors import ModelError
    from emkit.teach.why import why

    try:
        answer = why(lesson_called(lesson), step)
    except ModelError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        print_json(answer.to_dict())
        return
    click.echo(answer.text(text_width()))
