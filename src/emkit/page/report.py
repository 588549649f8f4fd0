"""A report as one offline file of HTML, legible on paper."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from os.path import relpath
from pathlib import Path
from urllib.parse import quote

from rcssmin import cssmin

from emkit.errors import ModelError
from emkit.page.html import asset, digest, filled, shown
from emkit.persistence import atomic
from emkit.version import __version__
from emkit.writeup import Document, Figure, Link, Number, Paragraph, Table, markdown
from emkit.writeup.document import Cell
from emkit.writeup.markdown import NO_NUMBER

SHORT = 16  # rows of a table that stands on one page
LONG = 24  # letters of a word that may be broken
WIDE = 9  # columns of a table in small print
NO_PICTURES = "There are no figures, since matplotlib is not installed: install emkit[plot]."

ENDINGS = (".html", ".md")
READABLE = 0o644  # by everyone, and written by its owner


def check_place(path: str | Path | None) -> None:
    """Errors: ModelError for a file of another ending than .html and .md; DataError where none can be written."""
    if path is not None:
        if Path(path).suffix.lower() not in ENDINGS:
            known = " or ".join(ENDINGS)
            raise ModelError(f"a report is written to a file whose name ends in {known}, and {str(path)!r} does not.")
        atomic.refuse_unwritable(path)


def way_to(other: str | Path, path: str | Path | None) -> str:
    """How another file is found from a report at `path`."""
    return Path(relpath(other, Path(path or ".").parent)).as_posix()


def write_report(path: str | Path | None, report: Document, pictures: Callable[[], Mapping[str, str]]) -> None:
    """Write a report as its file is called; `pictures` are asked for where it has some. Errors: as `check_place`."""
    if path is None:
        return
    check_place(path)
    is_html = Path(path).suffix.lower() == ".html"
    text = report_page(report, pictures()) if is_html else markdown(report)
    atomic.write(path, text.encode(), READABLE)


def report_page(report: Document, pictures: Mapping[str, str]) -> str:
    """The report as one string of HTML, with `pictures` (SVG) by the kinds of its figures; what has none is left out.

    No script, nothing from the network: the policy of the page forbids both.
    """
    css = str(cssmin(asset("report.css")))
    body = "\n".join(
        f'<section id="{shown(section.name)}">\n<h2>{shown(section.title)}</h2>\n'
        + "\n".join(_part(part, pictures) for part in section.parts)
        + "\n</section>"
        for section in report.sections
    )
    missing = any(report.figures) and not pictures
    return filled(
        asset("report.html"),
        {
            "policy": f"default-src 'none'; style-src '{digest(css)}'; img-src data:; base-uri 'none'; form-action 'none'",
            "generator": f"emkit {__version__}",
            "title": shown(report.title),
            "style": css,
            "sections": body + (f"\n<p>{NO_PICTURES}</p>" if missing else ""),
        },
    )


def _part(part: Paragraph | Link | Table | Figure, pictures: Mapping[str, str]) -> str:
    if isinstance(part, Link):
        return f'<p><a href="{quote(part.target)}">{shown(part.text)}</a></p>'
    if isinstance(part, Paragraph):
        return f"<p>{shown(part.text)}</p>"
    return "".join(_table(part)) if isinstance(part, Table) else _figure(part, pictures)


def _figure(figure: Figure, pictures: Mapping[str, str]) -> str:
    if figure.kind not in pictures:
        return ""
    data = base64.b64encode(pictures[figure.kind].encode()).decode()
    caption = shown(figure.caption)
    image = f'<img alt="{caption}" src="data:image/svg+xml;base64,{data}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _table(table: Table) -> Iterator[str]:
    kinds = ["table", *(["short"] if len(table.rows) <= SHORT else []), *(["wide"] if len(table.numeric) >= WIDE else [])]
    yield f'<div class="{" ".join(kinds)}"><table>'
    if table.caption:
        yield f"<caption>{shown(table.caption)}</caption>"
    if table.headings:
        cells = (_heading(text, numeric) for text, numeric in zip(table.headings, table.numeric, strict=True))
        yield f"<thead><tr>{''.join(cells)}</tr></thead>"
    yield "<tbody>"
    for first, *others in table.rows:
        own, *kinds = ("number" if numeric else "" for numeric in table.numeric)
        head = _data(first, own) if own else _data(first, "", "th", ' scope="row"')
        yield f"<tr>{head}{''.join(map(_data, others, kinds))}</tr>"
    yield "</tbody></table>"
    yield from (f'<p class="note">{shown(note)}</p>' for note in table.notes)
    yield "</div>"


def _heading(text: str, numeric: bool) -> str:
    return _data(text, "number" if numeric else "", "th", ' scope="col"') if text.strip() else "<td></td>"


def _data(cell: Cell, kind: str, tag: str = "td", more: str = "") -> str:
    """A cell; a long word in it may be broken anywhere."""
    if isinstance(cell, str) and max(map(len, cell.split()), default=0) > LONG:
        kind = f"{kind} long".strip()
    text = NO_NUMBER if cell is None else shown(cell.text if isinstance(cell, Number) else cell)
    kinds = f' class="{kind}"' if kind else ""
    return f"<{tag}{more}{kinds}>{text}</{tag}>"
