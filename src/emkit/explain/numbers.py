"""Tables and paragraphs as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

LEFT, RIGHT = "<", ">"
GLUE = "\0"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], align: str = "", last: bool = False, indent: str = "  ") -> str:
    """Columns set apart by two blanks. `align` holds a ``<`` or ``>`` for each; `last` sets a rule before the last row."""
    align = align or RIGHT * len(header)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = [("-" * width) for width in widths]
    body = [*rows[:-1], rule, rows[-1]] if last and rows else list(rows)
    return "\n".join(
        (indent + "  ".join(f"{cell:{a}{w}}" for cell, a, w in zip(line, align, widths, strict=True))).rstrip()
        for line in [header, rule, *body]
    )


def table_width(header: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ") -> int:
    """How wide `table` would be."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return len(indent) + sum(widths) + 2 * (len(widths) - 1)


def listing(items: Sequence[str], width: int, first: str, most: int = 24) -> str:
    """Items set apart by three blanks, none of them broken, after `first`; the last of more than `most` are counted only."""
    shown = items if len(items) <= most else [*items[: most - 1], f"... ({len(items)} in all)"]
    glued = [item.replace(" ", GLUE) for item in shown]
    return paragraph("   ".join(glued), width, first).replace(GLUE, " ")


def paragraph(text: str, width: int, first: str = "", rest: str | None = None) -> str:
    """`text` wrapped to `width`, its first line after `first`, the others after `rest`."""
    return "\n".join(
        wrap(
            text,
            width,
            initial_indent=first,
            subsequent_indent=rest if rest is not None else " " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
