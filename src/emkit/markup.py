"""Text and tables as HTML, for notebooks. All that is given stays text: whoever has something to show knows no tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import zip_longest
from numbers import Integral, Real

MOST = 60  # rows of a table
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


class TidyTable(dict[str, Sequence[object]]):
    """A dictionary of columns that notebooks show as a table."""

    def _repr_html_(self) -> str:
        return table_as_html(self)
