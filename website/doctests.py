"""Examples of docstrings as blocks of code: what stands after prompts is no quotation, as Markdown would have it."""

from __future__ import annotations

import inspect
import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"(?:^[ ]*>>> .*\n?(?:^[ ]*\S.*\n?)*)+", re.MULTILINE)  # up to the next blank line


def fenced(docstring: str) -> str:
    """A docstring whose examples are blocks of a session."""
    return EXAMPLE.sub(lambda example: f"\n```pycon\n{inspect.cleandoc(example.group())}\n```\n", docstring)


class Doctests(griffe.Extension):
    """Rewrites the docstrings of all objects as they are read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for every object."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(inspect.cleandoc(obj.docstring.value))
