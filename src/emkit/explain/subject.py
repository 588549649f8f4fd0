"""What an explanation is about: a worked example, or a fit of the reader's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from emkit.core.axes import component_name
from emkit.core.parameters import Parameters
from emkit.fitted import AnyFitted
from emkit.models.around import AnyModel, AnySource, bare
from emkit.models.cells import Cells
from emkit.models.components import Components
from emkit.models.order import component_count


class Printed(Protocol):
    """A number as the source of a worked example prints it."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def where(self) -> str: ...


@dataclass(frozen=True)
class Question:
    """A question to a reader who saw the first steps: what is `asked`, its `answer` from the steps, the scene that has it."""

    asked: str
    answer: Callable[[Sequence[Any]], float]
    scene: str


class Subject(Protocol):
    """Model, data and start, the names of their parts, and what there is to say about them (`emkit.lessons.Lesson` is one)."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def story(self) -> str: ...
    @property
    def model(self) -> AnyModel: ...
    @property
    def source(self) -> Any: ...
    @property
    def start(self) -> Any: ...
    @property
    def components(self) -> tuple[str, ...]: ...
    @property
    def symbols(self) -> dict[str, str]: ...
    @property
    def row_names(self) -> tuple[str, ...]: ...
    @property
    def notice(self) -> tuple[str, ...]: ...
    @property
    def errata(self) -> tuple[str, ...]: ...
    @property
    def reference(self) -> str: ...
    @property
    def printed(self) -> tuple[Printed, ...]: ...
    @property
    def told(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def known(self) -> tuple[int, ...]: ...
    @property
    def notation(self) -> str: ...
    @property
    def questions(self) -> tuple[Question, ...]: ...
    @property
    def counted(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Fit:
    """The subject that a fitted model makes: its data and the start of its best run, components called A, B, C ..."""

    name: str
    title: str
    model: AnyModel
    source: AnySource
    start: Parameters
    components: tuple[str, ...]
    story: str = ""
    symbols: dict[str, str] = field(default_factory=dict)
    row_names: tuple[str, ...] = ()
    notice: tuple[str, ...] = ()
    errata: tuple[str, ...] = ()
    reference: str = ""
    printed: tuple[Printed, ...] = ()
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    known: tuple[int, ...] = ()
    notation: str = "coin"
    questions: tuple[Question, ...] = ()
    counted: dict[str, str] = field(default_factory=dict)


def subject_of_fit(model: AnyModel, source: AnySource, start: Parameters) -> Fit:
    """The subject for a model fitted to `source` from `start`."""
    inner = bare(model)
    of = f" of {inner.family.name} components" if isinstance(inner, Components) else ""
    return Fit("fit", f"{type(inner).__name__}{of}", model, source, start, _component_names(inner, start, source))


def subject_of(result: AnyFitted) -> Fit:
    """The subject of a fit, with its own rows: not the collapsed ones, and not those of a sample."""
    return subject_of_fit(result.model, result.source, result.record.start)


def _component_names(model: AnyModel, start: Parameters, source: AnySource) -> tuple[str, ...]:
    if isinstance(model, Cells):
        return tuple(cell.name for cell in model.cells)
    count = component_count(start) or 0
    return tuple(component_name(k, getattr(source, "component_names", ())) for k in range(count))
