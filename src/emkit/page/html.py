"""One file: markup, style, script and trace put together, with a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from urllib.parse import quote

from rcssmin import cssmin
from rjsmin import jsmin

from emkit.core.json_types import Json

SCRIPTS = (
    *("elements", "numbers", "formula", "view", "chart", "contour"),
    *("data", "estep", "bridge", "mstep", "path", "bound", "ledger", "whatif", "source", "words"),
    *("rows", "story", "scenes"),
)
MARKS = {"levels": "levels", "histogram": "histogram", "points": "plane", "grids": "plane"}
STYLED = ("plane", "sequence", "ridge")  # files of the script with a style of their own
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


Beside = Sequence[tuple[str, str]]  # files beside a page, and what they are called


def page(trace: Json, derivation: str = "", live: str = "", beside: Beside = ()) -> str:
    """The page for a trace. `derivation` is HTML that was made safe; `live` the address that answers refits, if one does.

    `beside` are files that it links, such as the next lesson's.
    """
    script, css = code(*parts(trace)), style(*styles(trace))
    values = {
        "policy": policy(script, css, live=bool(live)),
        "title": shown(f"{trace['title']} - emkit"),
        "style": css,
        "heading": shown(f"{trace['title']}"),
        "story": shown(f"{trace['about']}"),
        "derivation": derivation,
        "beside": links(beside),
        "trace": embedded(trace),
        "live": escape(live, quote=True),
        "script": script,
    }
    return filled(asset("page.html"), values)


def links(beside: Beside) -> str:
    """Links to files beside a page, as HTML; nothing if there are none."""
    items = "".join(f'<a href="{quote(file)}">{shown(title)}</a>' for file, title in beside)
    return f'<nav class="beside" aria-label="Other pages">{items}</nav>' if items else ""


@cache
def asset(name: str) -> str:
    """The text of a file that belongs to the page."""
    return (files("emkit.page") / "assets" / name).read_text(encoding="utf-8")


def parts(trace: Json) -> list[str]:
    """The files of the script that only some pages need: for the kind of marks, the page's own EM, the ridge."""
    marks, own = trace["marks"], trace["browser_em"]
    drawn = [MARKS[marks["kind"]]] if isinstance(marks, dict) and marks["kind"] in MARKS else []
    run = ["browser_em", own["family"], "imagine", "changes"] if isinstance(own, dict) else []
    run += ["known", "line"] if isinstance(own, dict) else []
    along = ["passes", "sequence"] if trace["in_sequence"] else []
    return [*drawn, *run, *along, *(["ridge"] if trace["ridge"] else [])]


def styles(trace: Json) -> list[str]:
    """The files of the style that only some pages need: for those parts of the script that have one."""
    return [name for name in parts(trace) if name in STYLED]


@cache
def code(*more: str) -> str:
    """The script: its files, and `more`, one after the other in a scope of their own, without comments and idle blanks."""
    text = "\n".join(asset(f"{name}.js") for name in (*SCRIPTS, *more, "main"))
    return str(jsmin("(() => {'use strict';\n" + text + "\n})();"))


@cache
def style(*names: str) -> str:
    """The page's style, and that of the files `names` after it, without comments and idle blanks."""
    return str(cssmin("\n".join(asset(f"{name}.css") for name in ("page", "story", *names))))


def policy(script: str, css: str, live: bool = False) -> str:
    """The content security policy: this script, this style, and nothing from anywhere (refits from the page's own server)."""
    connect = "; connect-src 'self'" if live else ""
    return (
        f"default-src 'none'; script-src '{digest(script)}'; style-src '{digest(css)}'{connect}; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """The hash by which a policy knows a script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def embedded(value: object) -> str:
    """JSON for a script element: nothing in it can end the element, begin another, or break a line of JavaScript."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = re.sub(r"[\ud800-\udfff]", "\ufffd", text)
    return "".join(UNSAFE.get(letter, letter) for letter in text)


def shown(text: str) -> str:
    """Text for the markup itself: escaped, and a character that no page may hold shown as one that is not known."""
    return escape(re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "\ufffd", text))


def filled(template: str, values: dict[str, str]) -> str:
    """The template with each ``{{name}}`` replaced, in one pass, so that no value is taken for a place."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], template)
