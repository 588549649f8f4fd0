"""Docstrings as Markdown: examples become blocks of code, and what is listed under `Parameters:` becomes a list."""

from __future__ import annotations

import inspect
import re

EXAMPLE = re.compile(r"(?:^[ ]*>>> .*\n?(?:^[ ]*\S.*\n?)*)+", re.MULTILINE)  # up to the next blank line
LISTED = re.compile(r"^(?P<title>(?:Parameters|Attributes)[^:\n]*):\n(?P<entries>(?:^ +\S.*(?:\n|\Z))+)", re.MULTILINE)
NAMED = re.compile(r"(?P<names>[^:`]+): (?P<about>.*)")


def as_markdown(docstring: str) -> str:
    """A docstring as the site shows it."""
    return as_lists(fenced(inspect.cleandoc(docstring)))


def fenced(docstring: str) -> str:
    """A docstring whose examples are blocks of a session."""
    return EXAMPLE.sub(lambda example: f"\n```pycon\n{inspect.cleandoc(example.group())}\n```\n", docstring)


def as_lists(docstring: str) -> str:
    """A docstring whose parameters and attributes are lists, each under its title in bold."""
    return LISTED.sub(lambda section: f"\n**{section['title']}**\n\n{items(section['entries'])}\n", docstring)


def items(entries: str) -> str:
    """One item for each line of the least indent, with what stands before its colon as code; lines further in go on with it."""
    told: list[str] = []
    for line in inspect.cleandoc(entries).splitlines():
        named = NAMED.fullmatch(line)
        if line.startswith(" "):
            told[-1] += f"\n    {line.strip()}"
        else:
            told.append(f"`{named['names']}`: {named['about']}" if named else line)
    return "".join(f"- {item}\n" for item in told)
