"""Records as plain tables, and text and tables as HTML, for notebooks.

All that is given stays text: whoever has something to show knows no tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import zip_longest
from numbers import Integral, Real
from types import MappingProxyType
from typing import NamedTuple

MOST = 60  # rows of a table
MOST_LINES = 20  # of a table in plain text
Columns = Mapping[str, Sequence[object]]


def text_as_html(text: str) -> str:
    """Text with its lines and blanks as they stand."""
    return f"<pre>{escape(text)}</pre>"


def table_as_html(columns: Columns, title: str = "", notes: Sequence[str] = ()) -> str:
    """Columns by their headings, of which the first 60 rows are shown, below a title, with notes at the end.

    Numbers have four digits; NaN and None are blank cells.

    >>> table_as_html({"name": ["a<b"], "value": [0.12345]})
    '<table><thead><tr><th>name</th><th>value</th></tr></thead><tbody><tr><td>a&lt;b</td><td>0.1235</td></tr></tbody></table>'
    """
    rows = list(zip_longest(*columns.values(), fillvalue=None))
    head = _row("th", columns)
    body = "".join(_row("td", map(_told, row)) for row in rows[:MOST])
    said = [*notes, f"{len(rows) - MOST:,} rows more"] if len(rows) > MOST else notes
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    table = f"<table>{caption}<thead>{head}</thead><tbody>{body}</tbody></table>"
    return table + "".join(f"<p>{escape(note)}</p>" for note in said)


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(each)}</{tag}>" for each in cells) + "</tr>"


def _told(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, Integral) or not isinstance(value, Real):
        return str(value)
    return f"{float(value):.4g}"


def table_as_text(columns: Columns, title: str = "", notes: Sequence[str] = ()) -> str:
    """The same in plain text, of which the first 20 rows are shown.

    >>> print(table_as_text({"name": ["a", "b"], "value": [0.12345, 12]}, "Two of them"))
    Two of them
      name   value
      a     0.1235
      b         12
    """
    rows = list(zip_longest(*columns.values(), fillvalue=None))
    shown = [[*columns], *([_told(cell) for cell in row] for row in rows[:MOST_LINES])]
    text = [any(isinstance(cell, str) for cell in column) for column in columns.values()]
    wide = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = [
        "  ".join(cell.ljust(w) if left else cell.rjust(w) for cell, w, left in zip(row, wide, text, strict=True))
        for row in shown
    ]
    said = [f"... and {len(rows) - MOST_LINES:,} rows more"] if len(rows) > MOST_LINES else []
    body = [f"  {line}".rstrip() for line in (lines if columns else [])]
    return "\n".join([*([title] if title else []), *body, *said, *notes])


class ToldTable(NamedTuple):
    """A table of `columns` by their headings below a `title`, and `notes` at its end."""

    title: str
    columns: Columns = MappingProxyType({})
    notes: Sequence[str] = ()


class Tabled:
    """A record that prints as a table, and is shown as one in notebooks; `_as_table` says which."""

    def _as_table(self) -> ToldTable:
        raise NotImplementedError(f"{type(self).__name__} does not say how it is shown.")

    def __repr__(self) -> str:
        title, columns, notes = self._as_table()
        return table_as_text(columns, title, notes)

    def _repr_html_(self) -> str:
        title, columns, notes = self._as_table()
        return table_as_html(columns, title, notes)


class TidyTable(dict[str, Sequence[object]]):
    """A dictionary of columns that notebooks show as a table."""

    def _repr_html_(self) -> str:
        return table_as_html(self)
