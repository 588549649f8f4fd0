"""``emkit lessons``: the worked examples, and the page of one."""

from __future__ import annotations

import tempfile
import textwrap
import webbrowser
from pathlib import Path

import click

from emkit.cli.output import say_written
from emkit.cli.screen import examples, json_option, print_json, text_width
from emkit.cli.subjects import complete_lesson, lesson_called
from emkit.core.json_types import Json
from emkit.explain.numbers import table
from emkit.lessons import LESSONS, Lesson

EXAMPLES = ("emkit lessons", "emkit lessons two-coins", "emkit lessons two-coins --open", "emkit lessons --json")


@click.command("lessons", epilog=examples(*EXAMPLES))
@click.argument("name", metavar="[LESSON]", required=False, shell_complete=complete_lesson)
@click.option("--open", "to_open", is_flag=True, help="Open the page of LESSON in the browser.")
@click.option(
    "--html",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write that page to this file; else --open writes one among the temporary files.",
)
@json_option
def command(name: str | None, to_open: bool, out: Path | None, as_json: bool) -> None:
    """List the worked examples, or tell of one LESSON: its story, its source, and what to notice.

    Its page shows every step: one file that opens in any browser, without a network. `emkit explore LESSON` serves the same
    page with refits while you read; `emkit explain LESSON` works through a step of it.
    """
    if name is None:
        if to_open or out is not None:
            said = f"say which lesson's page is meant: {', '.join(LESSONS)}."
            raise click.UsageError(said, click.get_current_context())
        _list(as_json)
        return
    lesson = lesson_called(name)
    page = None
    if to_open or out is not None:
        page = lesson.to_html(out if out is not None else Path(tempfile.mkdtemp(prefix="emkit-")) / f"{name}.html")
        say_written(page)
    if as_json:
        print_json({"schema": "emkit-lessons/1", "lessons": [_told(lesson)], **({} if page is None else {"page": str(page)})})
    elif page is None:
        click.echo(_text(lesson))
    if page is not None and to_open and not webbrowser.open(page.resolve().as_uri()):
        click.echo(f"warning: there is no browser that could be opened here; open {page} in one.", err=True)


def _list(as_json: bool) -> None:
    lessons = [make() for make in LESSONS.values()]
    if as_json:
        print_json({"schema": "emkit-lessons/1", "lessons": [_told(lesson) for lesson in lessons]})
        return
    click.echo(table(["lesson", "about"], [[lesson.name, lesson.title] for lesson in lessons], "<<", indent=""))
    click.echo("emkit lessons NAME --open opens the page of one; emkit explain NAME works through a step of it.", err=True)


def _told(lesson: Lesson) -> Json:
    return {"name": lesson.name, "title": lesson.title, "story": lesson.story, "reference": lesson.reference}


def _text(lesson: Lesson) -> str:
    """The lesson in words."""
    width = text_width()
    notice = [textwrap.fill(each, width, initial_indent="* ", subsequent_indent="  ") for each in lesson.notice]
    parts = [lesson.title, textwrap.fill(lesson.story, width), textwrap.fill(f"Source: {lesson.reference}.", width), *notice]
    return "\n\n".join(parts)
