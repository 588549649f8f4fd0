"""What griffe asks of us as it reads docstrings: each becomes Markdown, which quotes what stands after prompts otherwise."""

from __future__ import annotations

from typing import Any

import griffe

from website.docstrings import as_markdown


class Doctests(griffe.Extension):
    """Rewrites the docstrings of all objects as they are read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for every object."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
