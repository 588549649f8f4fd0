"""The page: one offline file that shows every step of EM in numbers and pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from emkit.core.parameters import Parameters
from emkit.core.solvers import Squarem
from emkit.data.source import columns_of
from emkit.data.stand_ins import refuse_stand_ins
from emkit.errors import DataError
from emkit.explain.subject import Fit, Subject, subject_of_fit
from emkit.fitted import Fitted
from emkit.fitting import default_rules, fit_each
from emkit.page.derived import derived
from emkit.page.html import Beside, page
from emkit.page.step_trace import SCHEMA, ending_of, trace
from emkit.report.summary import title as in_words

__all__ = ["SCHEMA", "lesson_page", "page", "result_page", "trace", "write"]

P = TypeVar("P", bound=Parameters)


def lesson_page(lesson: Subject, live: str = "", beside: Beside = ()) -> str:
    """The page of a lesson, data and all, as one string of HTML, with links to files `beside` it."""
    name = lesson.name.replace("-", "_")
    named, shown = f'ek.lessons.lesson_named("{lesson.name}")', f'to_html("{name}.html")'
    call = f"import emkit as ek\n{named}.{shown}"
    other = f"from dataclasses import replace\nlesson = replace({named}, source=data, row_names=(), known=())\nlesson.{shown}"
    rules = default_rules(lesson.model)
    ending = ending_of(fit_each(lesson.model, lesson.source, [lesson.start], solver=Squarem(), rules=rules))
    return page(trace(lesson, call=call, call_with_rows=other, ending=ending), derived(lesson), live, beside)


def result_page(
    result: Fitted[P], title: str | None = None, include_data: bool = False, live: str = "", beside: Beside = ()
) -> str:
    """The page of a fit as one string of HTML; without `include_data` it holds sums and counts in bins, and no row."""
    made = trace(subject_of_result(result, title), include_data, RESULT_CALL, RESULT_CALL, ending_of(result))
    return page(made, derived(result.model), live, beside)


RESULT_CALL = 'result = ek.fit(model, data, start)\nresult.to_html("report.html")'


def subject_of_result(result: Fitted[P], title: str | None = None) -> Fit:
    """What the page of a fit is about: plain EM from the start of its best run.

    Errors: ModelError for data of which rows stand for others.
    """
    refuse_stand_ins(result.source, "no row can be shown: fit the rows themselves.")
    subject = subject_of_fit(result.model, result.passes, result.record.start)
    return replace(subject, title=title or in_words(result), story=_story(result))


def _story(result: Fitted[P]) -> str:
    columns = ", ".join(columns_of(result.source))
    return f"{result.rows:,.10g} rows; columns: {columns}." if columns else f"{result.rows:,.10g} rows."


def write(path: str | Path, text: str) -> Path:
    """Write a page to a file. Errors: DataError if the file cannot be written."""
    place = Path(path)
    try:
        place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot write {str(place)!r}: {error.strerror}.") from None
    return place
