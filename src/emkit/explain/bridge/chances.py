"""The links for chances that sum to 1: expected counts times their logarithms, the derivative, the share of the count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from emkit.explain.bridge.letters import Letters, some
from emkit.explain.bridge.link import Link

MOST_TERMS = 3  # chances whose terms are all written out


class Chances(NamedTuple):
    """Chances that sum to 1: their `entries` among the parameters, and the places of their expected `counts`.

    `begin` is a line with the first count; `ratios` say in letters what the chances are, and are empty where nothing is new.
    """

    entries: tuple[int, ...]
    counts: tuple[str, ...]
    begin: str
    ratios: tuple[str, ...]


class Told(NamedTuple):
    """The `name` of the links, what is left of a part of the sum, and what solves it."""

    name: str
    left: str
    solved: str


def chances(letters: Letters, told: Told, groups: Sequence[Chances]) -> Iterator[Link]:
    """Three links for groups of chances; none for a chance that is all of its group."""
    free = [group for group in groups if len(group.entries) > 1]
    if not free:
        return
    rule = "the other chance is what is left of 1"
    if any(len(group.entries) > 2 for group in free):
        rule = "the chances must sum to 1, which the multiplier lambda sees to"
    begun, more = some([line for group in free for line in (group.begin, f"argmax {_collected(group, letters.log)}") if line])
    yield Link(told.name, f"{told.left}; {rule}.{more}", begun)
    slopes, more = some([f"{_slope(group)} = 0" for group in free])
    highest = "Where it is highest, its derivative is 0; the second derivative is negative."
    yield Link(f"{told.name}-slope", highest + more, slopes)
    solved = [_ratio(*pair) for group in free for pair in zip(group.entries, group.ratios, strict=True)]
    lines, more = some(solved)
    yield Link(f"{told.name}-ratio", f"Solved: {told.solved}.{more}", lines)


def _collected(group: Chances, log: str) -> str:
    """Expected counts times logarithms, and the multiplier where there are more than two."""
    names = [f"{{s{entry}}}" for entry in group.entries]
    if len(names) == 2:  # one number says both
        return f"{group.counts[0]} {log} {names[0]} + {group.counts[1]} {log} (1 - {names[0]})"
    terms = [f"{count} {log} {name}" for count, name in zip(group.counts, names, strict=True)]
    if len(names) > MOST_TERMS:
        terms, names = [*terms[:2], "..."], [*names[:2], "..."]
    return f"{' + '.join(terms)} + lambda (1 - {' - '.join(names)})"


def _slope(group: Chances) -> str:
    first = f"{{s{group.entries[0]}}}"
    left = "lambda" if len(group.entries) > 2 else f"{group.counts[1]} / (1 - {first})"
    return f"{group.counts[0]} / {first} - {left}"


def _ratio(entry: int, letters: str) -> str:
    return " = ".join(filter(None, (f"{{s{entry}}}", letters, f"{{u{entry}}}", f"{{v{entry}}}")))
