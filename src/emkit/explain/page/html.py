"""One file: markup, style, script and trace put together, with a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

SCRIPTS = (
    *("elements", "numbers", "formula", "view", "chart", "contour"),
    *("data", "estep", "mstep", "path", "bound", "ledger", "whatif", "source", "words"),
)
MARKS = {"rows": "rows", "levels": "levels", "histogram": "histogram", "points": "plane", "grids": "plane"}
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page(trace: dict[str, Any], derivation: str = "", live: str = "") -> str:
    """The page for a trace. `derivation` is HTML that was made safe; `live` the address that answers refits, if one does."""
    script, css = code(*parts(trace)), style()
    values = {
        "policy": policy(script, css, live=bool(live)),
        "title": shown(f"{trace['title']} - emkit"),
        "style": css,
        "heading": shown(trace["title"]),
        "story": shown(trace["story"]),
        "derivation": derivation,
        "trace": embedded(trace),
        "live": escape(live, quote=True),
        "script": script,
    }
    return _filled(asset("page.html"), values)


@cache
def asset(name: str) -> str:
    """The text of a file that belongs to the page."""
    return (files("emkit.explain.page") / "assets" / name).read_text(encoding="utf-8")


def parts(trace: dict[str, Any]) -> list[str]:
    """The files of the script that only some pages need: for the kind of marks, the page's own EM, the ridge."""
    marks = [MARKS[trace["marks"]["kind"]]] if trace["marks"]["kind"] in MARKS else []
    own = ["twin", trace["twin"]["family"], "imagine"] if trace["twin"] else []
    return [*marks, *own, *(["ridge"] if trace["ridge"] else [])]


@cache
def code(*more: str) -> str:
    """The script: its files, and `more`, one after the other in a scope of their own, without comment lines and idle blanks."""
    lines = (line.strip() for name in (*SCRIPTS, *more, "main") for line in asset(f"{name}.js").splitlines())
    kept = "\n".join(_squeezed(line) for line in lines if line and not line.startswith("//"))
    return "(() => {'use strict';\n" + re.sub(r"(?<=[;,{(\[])\n", "", kept) + "\n})();"


def _squeezed(line: str) -> str:
    """A line of script without the blanks beside its punctuation, strings aside; untouched if that is hard to tell apart."""
    line = line.partition(" // ")[0] if '"' not in line else line
    parts = re.split(r'("[^"]*"|`[^`]*`)', line)
    plain = "".join(parts[::2]).replace(" / ", "")
    if any(mark in plain for mark in "`/'\"\\") or any(part.count("${") != part.count("}") for part in parts[1::2]):
        return line
    parts[::2] = (re.sub(r"\s*([{}()\[\],;:?=<>&|*])\s*", r"\1", part) for part in parts[::2])
    return "".join(parts)


@cache
def style(*names: str) -> str:
    """The page's style, and that of the files `names` after it, without line breaks and idle blanks."""
    text = "".join(asset(f"{name}.css") for name in ("page", *names))
    return re.sub(r"\s*([{};,])\s*|(?<=:)\s+", r"\1", re.sub(r"\s+", " ", text)).strip()


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


def embedded(value: Any) -> str:
    """JSON for a script element: nothing in it can end the element, begin another, or break a line of JavaScript."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = re.sub(r"[\ud800-\udfff]", "\ufffd", text)
    return "".join(UNSAFE.get(letter, letter) for letter in text)


def shown(text: str) -> str:
    """Text for the markup itself: escaped, and a character that no page may hold shown as one that is not known."""
    return escape(re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "\ufffd", text))


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with each ``{{name}}`` replaced, in one pass, so that no value is taken for a place."""
    parts = template.split("{{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}}")
        filled += [values[name], rest]
    return "".join(filled)
