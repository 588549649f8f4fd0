"""A report as plain values: sections of paragraphs, tables and figures. A number in it is the one that readers see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from emkit.core.json_types import Json
from emkit.markup import Tabled, ToldTable
from emkit.report.tables import aligned


@dataclass(frozen=True)
class Number:
    """A number as it is shown, or a bound: ``<.001``."""

    text: str

    @property
    def value(self) -> int | float | str:
        """What the text says, no more; of a bound, the text."""
        if self.text.startswith("<"):
            return self.text
        try:
            return int(self.text)
        except ValueError:
            return float(self.text)


Cell = str | Number | None  # None: there is no such number


def fixed(value: float, decimals: int) -> Number | None:
    """A number with so many decimals, 0 without a sign; None for one that is not finite."""
    return Number(f"{round(value, decimals) + 0.0:.{decimals}f}") if np.isfinite(value) else None


def alike(values: Any) -> list[Number | None]:
    """Numbers of one kind, with as many decimals as the largest asks for; None for those that are not finite."""
    given = np.asarray(values, dtype=np.float64)
    shown = aligned(np.where(np.isfinite(given), given, np.nan))
    return [Number(text) if text else None for text in shown]


def legible(text: str) -> str:
    """Text in which nothing can hide: what is no letter, sign or blank stands as its code."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


@dataclass(frozen=True)
class Part:
    """What a report is made of. Whatever text it is given is made `legible`."""

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _legible(getattr(self, field.name)))


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return legible(value)
    return tuple(map(_legible, value)) if isinstance(value, tuple | list) else value


@dataclass(frozen=True)
class Paragraph(Part):
    """Sentences."""

    text: str

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"text": self.text}


@dataclass(frozen=True)
class Link(Part):
    """Words that lead to another file: to `target`, as it is found from the report."""

    text: str
    target: str

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"text": self.text, "target": self.target}


@dataclass(frozen=True)
class Table(Part):
    """Rows of cells below `headings` (none where rows are a name and a value), with `notes` below them.

    The `caption` of the one table of a section is blank.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers and nothing else."""
        return tuple(not any(isinstance(cell, str) for cell in column) for column in zip(*self.rows, strict=True))

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        rows = [[cell.value if isinstance(cell, Number) else cell for cell in row] for row in self.rows]
        return {"caption": self.caption, "headings": list(self.headings), "rows": rows, "notes": list(self.notes)}


@dataclass(frozen=True)
class Figure(Part):
    """A picture, by the `kind` that it is drawn as, and what is to be seen on it."""

    kind: str
    caption: str

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"figure": self.kind, "caption": self.caption}


@dataclass(frozen=True)
class Section(Part):
    """What is said of one thing, under its `title`; `name` is the key of it."""

    name: str
    title: str
    parts: tuple[Paragraph | Link | Table | Figure, ...]

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {"title": self.title, "parts": [part.to_dict() for part in self.parts]}


@dataclass(frozen=True, repr=False)
class Document(Tabled, Part):
    """A report."""

    title: str
    sections: tuple[Section, ...]

    def __getitem__(self, name: str) -> Section:
        """A section by its name. Errors: KeyError."""
        return {section.name: section for section in self.sections}[name]

    @property
    def figures(self) -> Iterator[Figure]:
        """All figures, in order."""
        return (part for section in self.sections for part in section.parts if isinstance(part, Figure))

    def to_dict(self) -> Json:
        """Plain values for JSON: each number is the one that is shown."""
        return {"title": self.title, "sections": {section.name: section.to_dict() for section in self.sections}}

    def _as_table(self) -> ToldTable:
        columns = {"section": [section.name for section in self.sections], "of": [section.title for section in self.sections]}
        return ToldTable(f"Report: {self.title}", columns, ["report(path) of the fit writes it as HTML or Markdown"])
