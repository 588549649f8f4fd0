"""``emkit demo``: a short tour through every lesson and a real data set."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from emkit.cli.choices import best_fit
from emkit.cli.failures import FAILED, OK
from emkit.cli.screen import examples, finite, json_option, print_json, show
from emkit.core.json_types import Json
from emkit.core.solvers import Squarem
from emkit.data.files import read_file
from emkit.families import family_named
from emkit.lessons import LESSONS, Lesson
from emkit.models import Mixture
from emkit.page import lesson_page, result_page
from emkit.page.html import Beside
from emkit.page.thumbnail import thumbnail
from emkit.report.summary import report
from emkit.report.tables import as_text, components_across
from emkit.result import AnyResult
from emkit.search.seeding import begin
from emkit.teach.check import Marking, Verdict, check_printed
from emkit.watching import Progress

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH = 80


class Stop(NamedTuple):
    """One stop of the tour: what to show, its numbers, its data as a small picture, and its page with links to others."""

    name: str
    title: str
    about: str
    content: RenderableType
    numbers: Json
    converged: bool
    picture: str
    page: Callable[[Beside], str]


EXAMPLES = ("emkit demo", "emkit demo --out demo")


@click.command("demo", epilog=examples(*EXAMPLES))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write the tour and its numbers here."
)
@json_option
def command(out: Path | None, as_json: bool) -> int:
    """Fit every lesson, and a real data set from its CSV file; show what came out, and where a source is wrong."""
    with Progress() as progress:
        stops = []
        for name, lesson in LESSONS.items():
            progress.say(f"fitting {name}")
            stops.append(lesson_stop(lesson()))
        progress.say("fitting faithful.csv")
        stops.append(csv_stop())
    if as_json:
        print_json({stop.name: stop.numbers for stop in stops})
    else:
        show(tour(stops))
    if out is not None:
        with Progress() as progress:
            progress.say("writing pages")
            write(out, stops)
        click.echo(f"wrote {len(stops)} pages, their numbers and report.txt to {out}; open {out / 'index.html'}", err=True)
    return OK if all(stop.converged for stop in stops) else FAILED


def lesson_stop(lesson: Lesson) -> Stop:
    """Fit a lesson from its own start, and audit the numbers that its source prints."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    result = lesson.fit(solver=Squarem())
    marking = check_printed(lesson) if lesson.printed else None
    said = [_way(result), *([_verdict(marking)] if marking else []), lesson.notice[0]]
    content = Group(
        Text(lesson.title, style="bold"),
        Padding(Text(lesson.story), (0, 0, 1, 2)),
        *components_across(result, WIDTH),
        Text(),
        *(Padding(Text(sentence), (0, 0, 0, 2)) for sentence in said),
    )
    numbers = {"lesson": lesson.name, **result.to_dict(), "printed": marking.to_dict() if marking else None}
    picture, page = thumbnail(lesson.source), partial(lesson_page, lesson, "")
    return Stop(lesson.name, lesson.title, lesson.story, content, numbers, result.converged, picture, page)


def csv_stop() -> Stop:
    """Fit Old Faithful as a user would: from a CSV file, not knowing where to start."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    source = read_file(str(files("emkit.lessons") / "data" / "faithful.csv")).source()
    model = Mixture(family_named("gaussian"))
    with Progress() as progress:
        result = best_fit(model, source, begin(model, source, 2, 0), Squarem(), progress)
    heading = Text("The same eruptions from a CSV file: emkit fit faithful.csv --model gaussian -k 2", style="bold")
    content = Group(heading, Padding(report(result, width=WIDTH - 2), (0, 0, 0, 2)))
    about = (
        "What emkit explore faithful.csv --model gaussian -k 2 --html writes: counts in cells of a grid, no row of the data."
    )
    page = partial(result_page, result, "faithful.csv", False, "")
    picture = thumbnail(source)
    return Stop("faithful-csv", "A fit to a CSV file", about, content, result.to_dict(), result.converged, picture, page)


def _way(result: AnyResult) -> str:
    start, end = result.history[0].log_likelihood, result.log_likelihood
    word = "converged" if result.converged else "not converged"
    steps = f"{result.iterations} SQUAREM step{'' if result.iterations == 1 else 's'}"
    return f"Log-likelihood {start:.4f} at the start, {end:.4f} after {steps}: {word}."


def _verdict(marking: Marking) -> str:
    """What is right and what is wrong in print."""
    number, first = len(marking.lines), marking.first_mistake
    if first is None:
        return f"Printed by the source for step 1: {_numbers(number)}, right to the digits given."
    wrong = sum(mark.verdict is not Verdict.RIGHT for mark in marking.lines)
    return (
        f"Printed by the source for step 1: {_numbers(number)}, of which {wrong} are wrong. First {first.name}: printed "
        f"{first.claimed}, right {first.right_text}."
    )


def _numbers(number: int) -> str:
    return f"{number} number{'' if number == 1 else 's'}"


def tour(stops: list[Stop]) -> RenderableType:
    """All stops, one below the other."""
    from rich.console import Group
    from rich.text import Text

    spaced = [part for stop in stops for part in (stop.content, Text())]
    return Group(*spaced, Text("Next: emkit explain two-coins --step 1, or your own data with emkit fit."))


def write(folder: Path, stops: list[Stop]) -> None:
    """The tour as files: the text, and a page and the numbers of every stop. Errors: UsageError if that is not possible."""
    from emkit.page.index import Entry, index_page

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.txt").write_text(as_text(tour(stops), WIDTH) + "\n", encoding="utf-8")
        for stop, after in zip_longest(stops, stops[1:]):
            beside = [("index.html", "All pages"), *([(f"{after.name}.html", f"Next: {after.title}")] if after else [])]
            text = json.dumps(finite(stop.numbers), indent=2, ensure_ascii=False, allow_nan=False)
            (folder / f"{stop.name}.json").write_text(text + "\n", encoding="utf-8")
            (folder / f"{stop.name}.html").write_text(stop.page(beside), encoding="utf-8")
        entries = [Entry(f"{stop.name}.html", stop.title, stop.about, stop.picture) for stop in stops]
        (folder / "index.html").write_text(index_page(entries), encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"cannot write to {str(folder)!r}: {error.strerror}.") from None
