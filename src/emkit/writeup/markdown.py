"""A report as Markdown: tables with pipes, no pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from emkit.writeup.document import Cell, Document, Figure, Link, Number, Paragraph, Table

SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&$])")
BLOCK = re.compile(r"^(?:(\d+)(?=[.)](?:\s|$))|(?=[-+=:]))")  # where a line begins as a list, a rule or a heading does
NO_NUMBER = "–"
PICTURES = "Figures are in the report as HTML."


def markdown(report: Document) -> str:
    """The report as one text; whatever means something in Markdown is escaped in names."""
    lines = [f"# {escaped(report.title)}"]
    for section in report.sections:
        lines.append(f"## {escaped(section.title)}")
        lines += ["\n".join(block) for part in section.parts if (block := list(_part(part)))]
    if any(report.figures):
        lines.append(PICTURES)
    return "\n\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it stands, within a line."""
    return SPECIAL.sub(r"\\\1", text)


def paragraph(text: str) -> str:
    """The same at the beginning of a line: blanks there would make it code, and some marks a list."""
    return BLOCK.sub(r"\1\\", escaped(text.lstrip()))


def _part(part: Paragraph | Link | Table | Figure) -> Iterator[str]:
    if isinstance(part, Paragraph):
        yield paragraph(part.text)
    elif isinstance(part, Link):
        yield f"[{escaped(part.text)}]({quote(part.target)})"
    elif isinstance(part, Table):
        yield from _table(part)


def _table(table: Table) -> Iterator[str]:
    if table.caption:
        yield f"**{escaped(table.caption)}**"
        yield ""
    headings = table.headings or ("",) * len(table.rows[0])
    yield _line(map(escaped, headings))
    yield _line("--:" if numeric else "---" for numeric in table.numeric)
    yield from (_line(map(_cell, row)) for row in table.rows)
    for note in table.notes:
        yield ""
        yield paragraph(note)


def _cell(cell: Cell) -> str:
    if cell is None:
        return NO_NUMBER
    return cell.text if isinstance(cell, Number) else escaped(cell)


def _line(cells: Iterator[str] | map[str]) -> str:
    return f"| {' | '.join(cells)} |"
