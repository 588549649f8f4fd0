"""A step in fractions as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from emkit.explain.exact import ExactStep, digits
from emkit.explain.numbers import LEFT, RIGHT, paragraph, table

LONGEST = 40  # characters of a fraction that fit a table


def exact_section(step: ExactStep, names: Sequence[str], width: int) -> str:
    """Responsibilities (called by their `names`), expected counts and updates in fractions."""
    states = range(len(names))
    shown = [[row.label, *(short(row.responsibilities[k]) for k in states)] for row in step.rows[:20]]
    header = ["row", *names]
    lines = [paragraph(f"{symbol} = {short(value)}", width, "  ", "    ") for symbol, value in step.after.items()]
    cut = any(not fits(value) for value in (*step.after.values(), *(r for row in step.rows for r in row.responsibilities)))
    note = ["  Fractions too long for a line are cut off; --json has them in full."] if cut else []
    return "\n".join(["EXACTLY", table(header, shown, LEFT + RIGHT * len(states)), *_counts(step, names, width), *lines, *note])


def _counts(step: ExactStep, names: Sequence[str], width: int) -> Iterator[str]:
    for side, sums in step.totals.items():
        for k, row in enumerate(sums):
            if all(fits(value) for value in row):
                yield paragraph(f"sum of {names[k]} * {side} = {', '.join(map(str, row))}", width, "  ", "    ")


def fits(value: Fraction) -> bool:
    """Whether a fraction is short enough to print."""
    return digits(value.numerator) + digits(value.denominator) < LONGEST


def short(value: Fraction) -> str:
    """The fraction, or the first of its decimals."""
    return str(value) if fits(value) else f"{decimal(value)}..."


def decimal(value: Fraction, digits: int = 20) -> str:
    """The first digits after the point of a fraction >= 0, not rounded."""
    whole, rest = divmod(value.numerator, value.denominator)
    return f"{whole}.{rest * 10**digits // value.denominator:0{digits}d}"
