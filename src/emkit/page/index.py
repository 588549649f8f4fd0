"""A page that links other pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote

from emkit.page.html import asset, policy, shown, style


class Entry(NamedTuple):
    """One link: the file beside the page, its title, a sentence about it, and a `picture` as SVG that holds no text."""

    file: str
    title: str
    about: str
    picture: str = ""


def index_page(entries: Iterable[Entry]) -> str:
    """The page of links in their order, as one string of HTML; the first is where to start."""
    items = "".join(
        f'<li>{entry.picture}<div><p class="place">{"Start here" if number == 1 else number}</p>'
        f'<a href="{quote(entry.file)}">{shown(entry.title)}</a><p>{shown(entry.about)}</p></div></li>'
        for number, entry in enumerate(entries, start=1)
    )
    css = style("index")
    text = asset("index.html").replace("{{policy}}", policy("", css)).replace("{{style}}", css)
    return text.replace("{{entries}}", items)
