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
    "elements",
    "numbers",
    "formula",
    "twin",
    "imagine",
    "view",
    "chart",
    "contour",
    "data",
    "estep",
    "mstep",
    "path",
    "bound",
    "ledger",
    "whatif",
    "source",
    "words",
    "main",
)
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page(trace: dict[str, Any], derivation: str = "", live: str = "") -> str:
    """The page for a trace. `derivation` is HTML that was made safe; `live` the address that answers refits, if one does."""
    script, css = code(), style()
    values = {
        "policy": policy(script, css, live=bool(live)),
        "title": escape(f"{trace['title']} - emkit"),
        "style": css,
        "heading": escape(trace["title"]),
        "story": escape(trace["story"]),
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


@cache
def code() -> str:
    """The page's script: its files one after the other in a scope of their own, without comment lines and idle blanks."""
    lines = (line.strip() for name in SCRIPTS for line in asset(f"{name}.js").splitlines())
    kept = (_squeezed(line) for line in lines if line and not line.startswith("//"))
    return "(() => {\n'use strict';\n" + "\n".join(kept) + "\n})();"


def _squeezed(line: str) -> str:
    """A line of script without the blanks beside its punctuation, strings aside; untouched if that is hard to tell apart."""
    parts = re.split(r'("[^"]*"|`[^`]*`)', line)
    plain = "".join(parts[::2]).replace(" / ", "")
    if any(mark in plain for mark in "`/'\"\\") or any(part.count("${") != part.count("}") for part in parts[1::2]):
        return line
    parts[::2] = (re.sub(r"\s*([{}()\[\],;:?=<>&|*])\s*", r"\1", part) for part in parts[::2])
    return "".join(parts)


@cache
def style() -> str:
    """The page's style without line breaks and idle blanks."""
    return re.sub(r"\s*([{};,])\s*|(?<=:)\s+", r"\1", re.sub(r"\s+", " ", asset("page.css"))).strip()


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
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return "".join(UNSAFE.get(letter, letter) for letter in text)


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with each ``{{name}}`` replaced, in one pass, so that no value is taken for a place."""
    parts = template.split("{{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}}")
        filled += [values[name], rest]
    return "".join(filled)
