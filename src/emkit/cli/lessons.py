"""``emkit lessons``: the worked examples."""

from __future__ import annotations

import click

from emkit.cli.screen import examples, json_option, print_json
from emkit.explain.numbers import table

EXAMPLES = ("emkit lessons", "emkit lessons --json")


@click.command("lessons", epilog=examples(*EXAMPLES))
@json_option
def command(as_json: bool) -> None:
    """List the worked examples. `emkit explore NAME` opens the page of one; `emkit explain NAME` works through a step of it."""
    from emkit.lessons import LESSONS

    lessons = [make() for make in LESSONS.values()]
    if as_json:
        keys = ("name", "title", "story", "reference")
        print_json({"schema": "emkit-lessons/1", "lessons": [{key: vars(lesson)[key] for key in keys} for lesson in lessons]})
        return
    click.echo(table(["lesson", "about"], [[lesson.name, lesson.title] for lesson in lessons], "<<", indent=""))
    click.echo("emkit explore NAME opens the page of one; emkit explain NAME works through a step of it.", err=True)
