"""``emkit lessons``: the worked examples."""

from __future__ import annotations

import click

from emkit.cli.screen import json_option, print_json
from emkit.explain.numbers import table


@click.command("lessons")
@json_option
def command(as_json: bool) -> None:
    """List the worked examples. `emkit explain NAME` works through one."""
    from emkit.lessons import LESSONS

    lessons = [make() for make in LESSONS.values()]
    if as_json:
        keys = ("name", "title", "story", "reference")
        print_json({"schema": "emkit-lessons/1", "lessons": [{key: vars(lesson)[key] for key in keys} for lesson in lessons]})
        return
    click.echo(table(["lesson", "about"], [[lesson.name, lesson.title] for lesson in lessons], "<<", indent=""))
