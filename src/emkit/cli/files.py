"""Files that a user names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click


def given_file(file: str) -> Path | BinaryIO:
    """A file that the user names, - for stdin. Errors: UsageError if stdin is closed."""
    if file == "-" and sys.stdin is None:
        raise click.UsageError("- is stdin, and it is closed: pipe rows into it, or name a file.", click.get_current_context())
    return sys.stdin.buffer if file == "-" else Path(file)
