"""The pages that ``emkit demo`` writes, as they stand in the site: with a way back, and fit for a frame in another page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from posixpath import relpath

FRAMED = (Path(__file__).parent / "framed.js").read_text(encoding="utf-8")
SCRIPTS = re.compile(r"script-src '[^';]*'")
LINKS = re.compile(r'<nav class="beside"[^>]*>')
FOLDER = "live"


def in_site(page: str, name: str, about: Mapping[str, str]) -> str:
    """A page with a link to the page of the site that is `about` it, or to the site's first; in a frame, links leave the frame.

    name: its file in the folder of these pages. about: files of such pages, and the addresses of the site's pages about them.
    Errors: ValueError if the page has no place for what is put into it: pages of lessons have changed.
    """
    back = about.get(name, "index.html")
    link = f'<a data-back href="{relpath(back, FOLDER)}">{"About this" if name in about else "The site of emkit"}</a>'
    if LINKS.search(page):
        page = LINKS.sub(lambda nav: nav.group() + link, page, count=1)
    else:
        page = put(page, f'<nav class="beside" aria-label="Other pages">{link}</nav>', before="</header>")
    for file, there in about.items():
        page = page.replace(f'<a href="{file}">', f'<a href="{file}" data-in-site="{relpath(there, FOLDER)}">')
    page = put(page, '<base target="_top">\n', before="<title>")
    page = put(page, f"<script>{FRAMED}</script>\n", before='<div id="story"' if 'id="story"' in page else "<main")
    return SCRIPTS.sub(lambda allowed: f"{allowed.group()} '{digest(FRAMED)}'", page, count=1)


def put(page: str, more: str, before: str) -> str:
    """A page with `more` in front of the first `before`."""
    head, found, rest = page.partition(before)
    if not found:
        raise ValueError(f"a page of a lesson has no {before} any more, before which the site puts {more[:40]!r}.")
    return head + more + found + rest


def digest(script: str) -> str:
    """The hash by which the policy of a page knows a script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
