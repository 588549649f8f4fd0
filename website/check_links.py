"""``python -m website.check_links site``: every link, picture and anchor of the built pages leads somewhere in the site."""

from __future__ import annotations

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Found(HTMLParser):
    """What a page links to, what of it is fetched, and the anchors that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for every element."""
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") != "canonical" and "href" in given:
            self.fetched.append(given["href"])
        elif "src" in given:
            self.fetched.append(given["src"])


@cache
def found_in(page: Path) -> Found:
    """What a page has. Pages of lessons make their anchors themselves, so links are held to those of mkdocs only."""
    found = Found()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def has_anchors(page: Path) -> bool:
    """Whether its anchors stand in the page as it is written."""
    return page.suffix == ".html" and "live" not in page.parts


def faults(site: Path) -> list[str]:
    """A sentence for every link that leads nowhere, and for whatever a page would fetch from elsewhere."""
    told = []
    for page in sorted(site.rglob("*.html")):
        found = found_in(page)
        where = page.relative_to(site)
        told += [f"{where} fetches {url}" for url in found.fetched if urlsplit(url).scheme not in ("", "data")]
        for link in [*found.links, *(url for url in found.fetched if not urlsplit(url).scheme)]:
            url = urlsplit(link)
            if url.scheme:
                continue  # elsewhere: pages of the repository have no such links, but those of mkdocs's theme
            there = (page.parent / unquote(url.path)).resolve() if url.path else page
            if there.is_dir():
                there /= "index.html"
            if not there.exists():
                told.append(f"{where} links to {link}, which is not there")
            elif url.fragment and has_anchors(there) and unquote(url.fragment) not in found_in(there).anchors:
                told.append(f"{where} links to {link}: there is no such anchor")
    return told


if __name__ == "__main__":
    site = Path(sys.argv[1]).resolve()
    told = faults(site)
    print("\n".join(told) or f"{len(list(site.rglob('*.html')))} pages: every link leads somewhere, nothing is fetched")
    sys.exit(bool(told))
