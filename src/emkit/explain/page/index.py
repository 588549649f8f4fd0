"""A page that links other pages."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from emkit.explain.page.html import asset, policy, style


class Entry(NamedTuple):
    """One link: the file beside the page, its title, and a sentence about it."""

    file: str
    title: str
    about: str


def index_page(entries: Iterable[Entry]) -> str:
    """The page of links, as one string of HTML."""
    items = "".join(
        f'<li><a href="{quote(entry.file)}">{escape(entry.title)}</a><p>{escape(entry.about)}</p></li>' for entry in entries
    )
    text = asset("index.html").replace("{{policy}}", policy("", style())).replace("{{style}}", style())
    return text.replace("{{entries}}", items)
