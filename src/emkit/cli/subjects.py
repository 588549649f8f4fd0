"""What `explore` is about: a lesson by name, or a mixture fitted to a CSV file."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from emkit.cli.choices import best_fit, chosen_family, names, whole_number
from emkit.cli.given import read_source
from emkit.core.solvers import Squarem
from emkit.errors import ModelError
from emkit.lessons import LESSONS, Lesson, lesson_named
from emkit.models import Mixture
from emkit.result import AnyResult
from emkit.search.seeding import begin
from emkit.watching import Progress


def complete_lesson(context: click.Context, param: click.Parameter, begun: str) -> list[str]:
    """The names of lessons that begin so, for a shell that completes words."""
    return [name for name in LESSONS if name.startswith(begun)]


def complete_lesson_or_file(context: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The same, and the files that the shell knows."""
    return [*map(CompletionItem, complete_lesson(context, param, begun)), CompletionItem(begun, type="file")]


SUBJECT = (  # the argument and the options that say what a command is about
    click.argument("what", metavar="LESSON|FILE", shell_complete=complete_lesson_or_file),
    click.option("--model", "family", metavar="FAMILY", help="Of a FILE: what one component looks like."),
    click.option("-k", "components", callback=whole_number, metavar="K", help="Of a FILE: the number of components."),
    click.option("--columns", callback=names, metavar="A,B", help="Of a FILE: the columns to use; all by default."),
    click.option("--weights", metavar="COLUMN", help="Of a FILE: a column that says how often each row occurs."),
    click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Of every binomial count, if no column says."),
)


def lesson_called(name: str, hint: str = "") -> Lesson:
    """The lesson of that name. Errors: UsageError naming the lessons there are, with a further `hint`."""
    try:
        return lesson_named(name)
    except ModelError as error:
        raise click.UsageError(f"{error}{hint}") from None


def subject_of(
    what: str, family: str | None, components: int | None, columns: list[str] | None, weights: str | None, trials: int | None
) -> Lesson | AnyResult:
    """The lesson called `what`, or the best fit to the file `what`.

    Errors: UsageError if neither is meant; those of reading and fitting.
    """
    if what in LESSONS and family is None:
        return lesson_named(what)
    if family is None or components is None:
        known = ", ".join(LESSONS)
        raise click.UsageError(
            f"{what} is no lesson ({known}); for a file of your own say what to fit: --model FAMILY -k 2.",
            click.get_current_context(),
        )
    model = Mixture(chosen_family(family, trials))
    with Progress() as progress:
        source = read_source(model, what, columns, weights, progress)
        return best_fit(model, source, begin(model, source, components, 0), Squarem(), progress)


def title_of(what: str) -> str:
    """What the page of a file is called: by the file's name."""
    return "standard input" if what == "-" else Path(what).name
