"""Items of a test on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill as wrapped
from typing import Any, NamedTuple

from emkit.core.arrays import Array
from emkit.core.axes import singular
from emkit.core.coordinates import entry_name, split_path
from emkit.core.parameters import get_at
from emkit.errors import some_of
from emkit.inference.standard_errors import StandardErrors
from emkit.models.abilities_params import ItemPlanesParams
from emkit.report.tables import CELL, WIDTH, as_text, grid_of

DIGITS = 3


def items_table(
    items: Sequence[str], intercepts: tuple[Array, Array], slopes: tuple[Array, Array], difficulties: Array, width: int = WIDTH
) -> str:
    """Intercepts and slopes, each with their standard errors, and difficulties, all (J,); nothing for one that is not there."""
    told = {
        "intercept": intercepts[0], "(error)": intercepts[1], "slope": slopes[0], "(error) ": slopes[1],
        "difficulty": difficulties,
    }  # fmt: skip
    numbers = {name: [f"{value:.{DIGITS}f}" for value in values] for name, values in told.items()}
    numbers["difficulty"] = [
        text if value == value else "" for text, value in zip(numbers["difficulty"], difficulties, strict=True)
    ]
    table = as_text(grid_of({"item": list(items), **numbers}), width).rstrip("\n")
    flat = [item for item, value in zip(items, difficulties, strict=True) if value != value]
    if not flat:
        return table
    which = "no item" if len(flat) == len(items) else f"not {some_of([*map(repr, flat)])}"
    said = (
        f"By these answers, ability decides {which}: with a slope of 0, one in two is right at no ability more than at others."
    )
    return f"{table}\n\n{wrapped(said, width)}"


def planes_table(items: Sequence[str], intercepts: tuple[Array, Array], slopes: Array, width: int = WIDTH) -> str:
    """Intercepts (J,) with standard errors, and slopes (J, m) on abilities; nothing for one of 0, which is held there."""
    numbers = {"intercept": [f"{value:.{DIGITS}f}" for value in intercepts[0]]}
    numbers["(error)"] = [f"{value:.{DIGITS}f}" for value in intercepts[1]]
    return _along(items, numbers, slopes, width)


def plane_items_table(
    names: EntryNames, slopes: Array, told: ItemPlanesParams, held: bool, found: StandardErrors, width: int = WIDTH
) -> str:
    """Slopes (J, m) on abilities, what else items say, with standard errors, and the abilities of people, as they are `told`.

    Standard errors of abilities are told where a pattern has `held` them, so that no more than signs are turned.
    """
    rows = []
    for path, estimate, error in zip(found.names, found.estimates, found.errors, strict=True):
        of_item, (field, place) = path.startswith("items."), split_path(path)
        if not field.endswith(".slopes"):
            value = estimate if of_item else get_at(told, field)[place]
            rows.append((names.of(path), _number(value), _number(error) if of_item or held else ""))
    return f"{_along(names.columns, {}, slopes, width)}\n\n{_entries(rows, width)}"


def _along(items: Sequence[str], numbers: dict[str, list[str]], slopes: Array, width: int) -> str:
    """Slopes (J, m), with `numbers` before them, in as many tables as it takes."""
    along = {
        f"ability {k + 1}": [f"{value:.{DIGITS}f}" if value else "" for value in slopes[:, k]] for k in range(slopes.shape[1])
    }
    room = max(1, (width - max(map(len, items), default=0)) // CELL - 3)
    parts = [dict(list(along.items())[first : first + room]) for first in range(0, len(along), room)]
    parts[0] = {**numbers, **parts[0]}
    return "\n\n".join(as_text(grid_of({"item": list(items), **part}), width).rstrip("\n") for part in parts)


class Entry(NamedTuple):
    """One parameter: of which group or class of people (`whose`), of which item or ability, and how it is called."""

    whose: str
    of: str
    name: str


@dataclass(frozen=True)
class EntryNames:
    """What parameters of items and of people are called, by their paths, such as ``items.2.cuts[0]``.

    `columns` (J,): the items; `shared`: the places of those that all classes of people have in common; `groups`: labels of
    groups of people, or numbers of classes.
    """

    columns: Sequence[str]
    shared: Sequence[int] = ()
    groups: Sequence[object] | None = None

    def of(self, path: str) -> Entry:
        """The words for a parameter."""
        field, place = split_path(path)
        match field.split("."):
            case ["items", j, *name]:
                return Entry("", self.columns[int(j)], entry_name(".".join(name), place or ()))
            case ["shared", i, *name]:
                return Entry("all", self.columns[self.shared[int(i)]], entry_name(".".join(name), place or ()))
            case ["classes", k, "items", i, *name]:
                own = [j for j in range(len(self.columns)) if j not in self.shared]
                return Entry(self._group(int(k)), self.columns[own[int(i)]], entry_name(".".join(name), place or ()))
            case ["others", g, name]:
                return Entry(self._group(int(g) + 1), _abilities(place or ()), singular(name))
            case ["correlations"]:
                return Entry(self._group(0), _abilities(place or ()), singular(field))
            case _:
                name = singular(field.removeprefix("abilities."))
                whose = self._group(place[0]) if place else "all"
                return Entry(whose, "" if name == "proportion" else "ability", name)

    def _group(self, place: int) -> str:
        """The label of a group of people; nothing where there are none."""
        return "" if self.groups is None else str(self.groups[place])


def entries_table(names: EntryNames, found: StandardErrors, width: int = WIDTH) -> str:
    """Every parameter of items of several kinds, and of groups, with its standard error."""
    each = zip(found.names, found.estimates, found.errors, strict=True)
    return _entries([(names.of(path), _number(estimate), _number(error)) for path, estimate, error in each], width)


def _entries(rows: Sequence[tuple[Entry, str, str]], width: int) -> str:
    """A line for each entry, its estimate and its standard error."""
    told = {"of": [_subject(row[0]) for row in rows], "parameter": [row[0].name for row in rows]}
    return as_text(grid_of({**told, "estimate": [row[1] for row in rows], "(error)": [row[2] for row in rows]}), width)


def _subject(entry: Entry) -> str:
    """Of one ability, the group itself; of one of several, both."""
    return entry.whose if entry.of == "ability" and entry.whose else ", ".join(filter(None, [entry.whose, entry.of]))


def classes_table(names: EntryNames, found: StandardErrors, width: int = WIDTH) -> str:
    """Every parameter of items and of classes of people, which are counted from 1, with its standard error."""
    rows = [names.of(path) for path in found.names]
    told = {"class": [row.whose for row in rows], "of": [row.of for row in rows], "parameter": [row.name for row in rows]}
    numbers = {"estimate": [_number(value) for value in found.estimates], "(error)": [_number(value) for value in found.errors]}
    return as_text(grid_of({**told, **numbers}), width)


def _abilities(places: Sequence[int]) -> str:
    """Which abilities, counted from 1: ``ability 2, 1``."""
    return f"ability {', '.join(str(place + 1) for place in places)}"


def _number(value: Any) -> str:
    return f"{value:.{DIGITS}f}"
