"""What the copy button of a block copies: the code of a session, without its prompts and what was printed."""

from __future__ import annotations

import doctest
import re
from html import escape, unescape

SESSION = re.compile(r'<div class="language-(?P<kind>pycon|console) highlight">(?P<block>.*?)</div>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
COMMAND = "$ "


def with_copies(page: str) -> str:
    """A page whose sessions carry what is to be copied of them, in the attribute that the theme's button reads."""

    def marked(session: re.Match[str]) -> str:
        text = unescape(TAG.sub("", session["block"]))
        code = code_of(text) if session["kind"] == "pycon" else commands_of(text)
        return session.group().replace("<div ", f'<div data-copy="{escape(code)}" ', 1)

    return SESSION.sub(marked, page)


def code_of(session: str) -> str:
    """The code of a Python session, as doctest takes it apart: what is run, and no more."""
    return "".join(example.source for example in doctest.DocTestParser().get_examples(session))


def commands_of(session: str) -> str:
    """The commands of a session in a shell."""
    return "".join(f"{line.removeprefix(COMMAND)}\n" for line in session.splitlines() if line.startswith(COMMAND))
