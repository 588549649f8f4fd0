"""The links from the density of a family to its updates: worked out for one parameter, else by the family's own reasons."""

from __future__ import annotations

from collections.abc import Iterator

from emkit.explain.bridge.letters import Letters, some
from emkit.explain.bridge.link import Link
from emkit.explain.bridge.one_parameter import one_parameter
from emkit.families.description import Columns, Description, Reason


def reasons(letters: Letters, described: Description) -> Iterator[Link]:
    """The links of the components, whose family describes itself so."""
    if isinstance(described, Columns) and (links := one_parameter(letters, described)):
        yield from links
    elif described.reasons:
        for number, reason in enumerate(described.reasons):
            yield _reason(letters, reason, f"reason-{number + 1}")
    else:
        yield from _maximiser(letters)


def _reason(letters: Letters, reason: Reason, name: str) -> Link:
    """A reason in the letters of the notation, with the updates of its fields."""
    places = {"i": letters.i, "share": letters.share, "row": letters.row, "log": letters.log, "k": "k"}
    formulas = tuple(formula.format(**places) for formula in reason.formulas)
    if not reason.field:
        return Link(name, reason.said, formulas)
    lines, more = some([_line(letters, reason, place) for place in letters.indices(reason.field)])
    return Link(name, reason.said + more, (*formulas, *lines))


def _line(letters: Letters, reason: Reason, place: tuple[int, ...]) -> str:
    """The numbers of one entry of a field."""
    return reason.numbers.format(entry=letters.entry(f"components.{reason.field}", *place), k=place[0])


def _maximiser(letters: Letters) -> Iterator[Link]:
    """Where nobody has written the way out: what the family's own maximiser does, with its numbers."""
    entries = letters.symbols.entries(letters.subject.start).items()
    components = {symbol for entry, symbol in entries if entry.startswith("components")}
    after = list(letters.step.after)
    own = [after.index(symbol) for symbol in letters.updated if symbol in components]
    lines, more = some([f"{{s{entry}}} = {{u{entry}}} = {{v{entry}}}" for entry in own])
    if lines:
        said = f"The part of each component: every row counts by its responsibility.{more}"
        yield Link("numbers", said, lines)
