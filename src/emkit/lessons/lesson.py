"""A worked example as a value: data, model, start, the numbers its source prints, and what to notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emkit.data.source import ArraySource
from emkit.explain.subject import Question
from emkit.markup import table_as_html
from emkit.models.around import AnyModel
from emkit.models.assignment import Assignment
from emkit.models.reassigned import with_assignment
from emkit.result import AnyResult, fit

if TYPE_CHECKING:
    from emkit.explain import Explanation


@dataclass(frozen=True)
class Printed:
    """A number as its source prints it: the `text` keeps the digits, `where` says on which line it stands."""

    name: str
    text: str
    where: str

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)


@dataclass(frozen=True)
class Lesson:
    """Everything a worked example consists of.

    `components` name the latent states; `symbols` map a name of the worksheet (``theta_A``) to the dotted entry it stands
    for (``components.probabilities[0, 0]``); `printed` are the numbers of the `reference` for the first step, to be checked,
    and `iterates` those that it prints for one parameter step by step; `notice` is what the lesson is about, and `errata`
    is what else is wrong in its source. `told` are sentences for scenes of its page, by their names; `known` are the labels
    of the rows, if they came to be known, and `notation` is that of its source. `questions` are asked at the end of its page.
    `counted` says what its page calls the expected counts that its family has other words for (``heads``).
    """

    name: str
    title: str
    story: str
    model: AnyModel
    source: ArraySource
    start: Any
    components: tuple[str, ...]
    symbols: dict[str, str] = field(default_factory=dict)
    row_names: tuple[str, ...] = ()
    printed: tuple[Printed, ...] = ()
    notice: tuple[str, ...] = ()
    reference: str = ""
    iterates: tuple[Printed, ...] = ()
    errata: tuple[str, ...] = ()
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: tuple[int, ...] = ()
    notation: str = "coin"
    questions: tuple[Question, ...] = ()
    counted: Mapping[str, str] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        told = {"number": [each.name for each in self.printed], "printed": [each.text for each in self.printed]}
        where = {"where": [each.where for each in self.printed]}
        return table_as_html({**told, **where}, self.title, [self.story, self.reference, *self.notice])

    def fit(self, **options: Any) -> AnyResult:
        """Fit the lesson's model to its data from its start; options as in `emkit.fit`."""
        return fit(self.model, self.source.naming(self.components, self.symbols), self.start, **options)

    def assigned(self, assignment: Assignment) -> Lesson:
        """The same lesson with another E-step: `Hard()` or `Sampled(seed)` in place of `Soft()`; nothing printed is left."""
        return replace(self, model=with_assignment(self.model, assignment), printed=(), iterates=())

    def of_rows(self, rows: Any, title: str = "", story: str = "") -> Lesson:
        """The same model, start and symbols with `rows` of one's own, array-like or a source.

        Nothing is left of what was said of the lesson's rows. `title` and `story` are the page's.
        Errors: DataError for rows that are none.

        >>> import emkit as ek
        >>> ours = ek.lessons.two_coins().of_rows([[6], [2], [7], [3], [8]], "The tosses of our class")
        >>> ours.fit().params.components.probabilities.ravel().round(3).tolist()
        [0.698, 0.272]
        """
        source = rows if isinstance(rows, ArraySource) else ArraySource(rows, columns=self.source.columns)
        return replace(
            self, source=source, title=title or self.name.replace("-", " ").capitalize(), story=story, reference="",
            row_names=(), known=(), printed=(), iterates=(), errata=(), notice=(), told={}, questions=(),
        )  # fmt: skip

    def explain(
        self,
        step: int = 1,
        notation: str = "coin",
        rows: int | None = None,
        exact: bool = False,
        *,
        sequence: int = 1,
        row: int | None = None,
    ) -> Explanation:
        """EM step `step` in numbers; see `emkit.explain.explain`."""
        from emkit.explain import explain

        return explain(self, step, notation, rows, exact, sequence, row)

    def to_html(self, path: str | Path) -> Path:
        """Write a page that shows every step: one file that needs no network. Errors: DataError if it cannot be written."""
        from emkit.page import lesson_page, write

        return write(path, lesson_page(self))
