"""Items of a test on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill as wrapped

from emkit.core.arrays import Array
from emkit.errors import some_of
from emkit.inference.standard_errors import StandardErrors
from emkit.report.tables import CELL, WIDTH, as_text, grid_of

DIGITS = 3
_ONE = {"means": "mean", "spreads": "spread", "proportions": "proportion"}


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
    columns: Sequence[str], slopes: Array, correlations: Array, found: StandardErrors, width: int = WIDTH
) -> str:
    """Slopes (J, m) on abilities, what else items say, with standard errors, and how abilities correlate (m, m)."""
    rows = [
        (*_of_plane(name, columns, correlations, float(estimate)), float(error))
        for name, estimate, error in zip(found.names, found.estimates, found.errors, strict=True)
        if ".slopes[" not in name
    ]
    told = {"of": [row[0] for row in rows], "parameter": [row[1] for row in rows]}
    numbers = {"estimate": [f"{row[2]:.{DIGITS}f}" for row in rows], "(error)": [f"{row[3]:.{DIGITS}f}" for row in rows]}
    return f"{_along(columns, {}, slopes, width)}\n\n{as_text(grid_of({**told, **numbers}), width)}"


def _of_plane(path: str, columns: Sequence[str], correlations: Array, estimate: float) -> tuple[str, str, float]:
    """Of what a parameter is, how it is called, and its estimate: of correlations, that of abilities as they are shown."""
    if path.startswith("items."):
        return *_named(path, columns, None), estimate
    row, column = (int(place) for place in path.partition("[")[2].rstrip("]").split(","))
    return f"ability {column + 1}, {row + 1}", "correlation", float(correlations[row, column])


def _along(items: Sequence[str], numbers: dict[str, list[str]], slopes: Array, width: int) -> str:
    """Slopes (J, m), with `numbers` before them, in as many tables as it takes."""
    along = {
        f"ability {k + 1}": [f"{value:.{DIGITS}f}" if value else "" for value in slopes[:, k]] for k in range(slopes.shape[1])
    }
    room = max(1, (width - max(map(len, items), default=0)) // CELL - 3)
    parts = [dict(list(along.items())[first : first + room]) for first in range(0, len(along), room)]
    parts[0] = {**numbers, **parts[0]}
    return "\n\n".join(as_text(grid_of({"item": list(items), **part}), width).rstrip("\n") for part in parts)


def entries_table(columns: Sequence[str], groups: Sequence[object] | None, found: StandardErrors, width: int = WIDTH) -> str:
    """Every parameter of items of several kinds, and of groups, with its standard error."""
    rows = [_named(name, columns, groups) for name in found.names]
    told = {"of": [row[0] for row in rows], "parameter": [row[1] for row in rows]}
    numbers = {"estimate": found.estimates, "(error)": found.errors}
    return as_text(grid_of({**told, **{name: [f"{value:.{DIGITS}f}" for value in of] for name, of in numbers.items()}}), width)


def classes_table(columns: Sequence[str], shared: Sequence[int], found: StandardErrors, width: int = WIDTH) -> str:
    """Every parameter of items, those at the places of `shared` alike in all classes, and of classes, with standard errors."""
    own = [j for j in range(len(columns)) if j not in shared]
    rows = [_of_class(name, [columns[j] for j in shared], [columns[j] for j in own]) for name in found.names]
    told = {head: [row[place] for row in rows] for place, head in enumerate(("class", "of", "parameter"))}
    numbers = {"estimate": found.estimates, "(error)": found.errors}
    return as_text(grid_of({**told, **{name: [f"{value:.{DIGITS}f}" for value in of] for name, of in numbers.items()}}), width)


def _of_class(path: str, shared: Sequence[str], own: Sequence[str]) -> tuple[str, str, str]:
    """Of which class, counted from 1, and item a parameter is, and how it is called: ``classes.0.items.2.cuts[0]``."""
    head, _, rest = path.partition(".")
    if head == "shared":
        place, _, name = rest.partition(".")
        return "all", shared[int(place)], name
    if head == "classes":
        k, _, place, name = rest.split(".", 3)
        return str(int(k) + 1), own[int(place)], name
    field, _, place = path.removeprefix("abilities.").partition("[")
    number = str(int(place.rstrip("]")) + 1) if place else "all"
    return number, "" if field == "proportions" else "ability", _ONE[field]


def _named(path: str, columns: Sequence[str], groups: Sequence[object] | None) -> tuple[str, str]:
    """Of which item or group a parameter is, and how it is called: ``items.2.cuts[0]``."""
    where, _, name = path.removeprefix("items.").partition(".")
    if path.startswith("items."):
        return columns[int(where)], name
    field, _, place = name.partition("[")
    group = "ability" if groups is None else str(groups[int(place.rstrip("]"))])
    return group, _ONE[field]
