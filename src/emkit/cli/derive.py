"""``emkit derive``: how the M-step of a family or a lesson follows from its likelihood."""

from __future__ import annotations

import click

from emkit.cli.screen import examples, json_option, print_json
from emkit.cli.subjects import complete_lesson, lesson_called
from emkit.lessons import Lesson

EXAMPLES = ("emkit derive poisson", "emkit derive two-coins --format latex")


def _complete(context: click.Context, param: click.Parameter, begun: str) -> list[str]:
    from emkit.derivations import derived_names

    return [*(name for name in derived_names() if name.startswith(begun)), *complete_lesson(context, param, begun)]


@click.command("derive", epilog=examples(*EXAMPLES))
@click.argument("name", metavar="FAMILY|LESSON", shell_complete=_complete)
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(["text", "markdown", "latex"]))
@json_option
def command(name: str, form: str, as_json: bool) -> None:
    """Derive the M-step of a family (emkit families) or a lesson (emkit lessons), or of the mixing "proportions".

    SymPy differentiates, solves and checks the maximum while you wait; it comes with the extra emkit[teach].
    """
    from emkit.derivations import derivation

    derived = derivation(_subject(name))
    if as_json:
        print_json(derived.to_dict())
        return
    written = {"text": derived.to_text, "markdown": derived.to_markdown, "latex": derived.to_latex}[form]()
    click.echo(written, nl=False)


def _subject(name: str) -> str | Lesson:
    """The name of a family, or the lesson of that name. Errors: UsageError naming what there is."""
    from emkit.derivations import WITHOUT, derived_names

    if name in derived_names() or name in WITHOUT:
        return name
    return lesson_called(name, f" Or name a family: {', '.join(derived_names())}.")
