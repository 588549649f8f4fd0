"""A page that links other pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote

from emkit.page.html import asset, policy, shown, style


class Entry(NamedTuple):
    """One link: the file beside the page, its title, and a sentence about it."""

    file: str
    title: str
    about: str


def index_page(entries: Iterable[Entry]) -> str:
    """The page of links, as one string of HTML."""
    items = "".join(
        f'<li><a href="{quote(entry.file)}">{shown(entry.title)}</a><p>{shown(entry.about)}</p></li>' for entry in entries
    )
    css = style("index")
    text = asset("index.html").replace("{{policy}}", policy("", css)).replace("{{style}}", css)
    return text.replace("{{entries}}", items)
