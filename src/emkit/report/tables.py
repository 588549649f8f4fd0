"""Estimates as tables that stay legible without lines and colours, at any width."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import COMPONENT
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import leaves
from emkit.core.spaces import PositiveDefinite
from emkit.errors import ModelError, ParameterError
from emkit.inference import Covariance, StandardErrors, standard_errors, wald, z_and_p
from emkit.inference.delta import p_told
from emkit.models.around import bare
from emkit.models.components import Components
from emkit.models.long_run import stationary
from emkit.models.mixture import AnyMixtureParams, MixtureParams
from emkit.models.order import component_leaves, spread_over
from emkit.report.labels import Names, entry_label, is_covariance, labels, names_of

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from emkit.fitted import AnyFitted

CELL = 12  # characters of a number and the space before it
MOST_ROWS = 60
WIDTH = 80
MEANINGS = {"error": "error: standard error", "from": "from, to: 95 % interval", "z": "z, p: estimate against 0"}


class Row(NamedTuple):
    """One line of the table of estimates: the `values` (K,) of all components, or of the one that there is."""

    what: str
    of: str
    values: Array


def components_across(result: AnyFitted, width: int) -> list[RenderableType]:
    """Parameters down, components (by name, or counted from 1) across; as many tables as the width asks for."""
    if not isinstance(result.params, MixtureParams):
        return [estimates_down(result)]
    called = names_of(result)
    rows = list(component_rows(result.params, called))
    labelled = 4 + max(len("component"), *(len(row.what) for row in rows)) + max(len(row.of) for row in rows)
    number = len(result.params.proportions)
    headings = tuple(map(called.component, range(number)))
    across = max(1, (width - labelled) // CELL)
    tables: list[RenderableType] = []
    for first in range(0, number, across):
        grid = new_grid("component", "", *headings[first : first + across])
        for row in rows[:MOST_ROWS]:
            grid.add_row(cell(row.what), cell(row.of), *map(cell, aligned(row.values)[first : first + across]))
        tables.append(grid)
    return [*tables, *left_out(len(rows))]


def chain_table(result: AnyFitted) -> list[RenderableType]:
    """Of rows in sequence, how long each state lasts, and its share of the rows in the long run; nothing of other rows."""
    model = bare(result.model)
    if not isinstance(model, Components):
        return []
    try:
        chain = model.chain(result.params)
    except ModelError:
        return []
    grid = new_grid("state", "expected stay (rows)", "share in the long run")
    try:
        shares = aligned(stationary(chain.transitions))
    except ParameterError:
        shares = ["-"] * len(chain.initial)
    stays = aligned(np.where(np.isinf(chain.expected_stay), np.nan, chain.expected_stay))
    called = names_of(result)
    for k, (stay, share) in enumerate(zip(stays, shares, strict=True)):
        grid.add_row(cell(called.component(k)), cell(stay or "for ever"), cell(share))
    return [grid]


def component_rows(params: AnyMixtureParams, names: Names) -> Iterator[Row]:
    """The estimates a line each, variances as standard deviations, covariances as correlations.

    What the components share is repeated for each of them; NaN stands for what a component does not have.
    """
    own = {leaf.path for leaf in component_leaves(params)}
    for leaf in leaves(params):
        number, scope = len(params.proportions), leaf.scope(COMPONENT)
        shared = (number if scope is None else len(scope.places), *leaf.value.shape)
        each = leaf.value if leaf.path in own else np.broadcast_to(leaf.value, shared)
        value = spread_over(leaf, each, number, np.nan)
        if isinstance(leaf.space, PositiveDefinite):
            first = (0,) * (leaf.value.ndim - 2)
            called = [entry_label(leaf, (*first, j, j), names).of for j in range(value.shape[-1])]
            yield from _spread_rows(value, called, "sd" if is_covariance(leaf) else "scale")
            continue
        for index in np.ndindex(*value.shape[1:]):
            label = entry_label(leaf, (0, *index) if leaf.path in own else index, names)
            if label.what == "variance":
                yield Row("sd", label.of, np.sqrt(value[(slice(None), *index)]))
            else:
                yield Row(label.what, label.of, value[(slice(None), *index)])


def _spread_rows(covariances: Array, called: Sequence[str], root: str) -> Iterator[Row]:
    d = covariances.shape[-1]
    deviations = np.sqrt(np.einsum("kjj->kj", covariances))
    yield from (Row(root, called[j], deviations[:, j]) for j in range(d))
    for i in range(d):
        for j in range(i + 1, d):
            both = deviations[:, i] * deviations[:, j]
            yield Row(
                "correlation",
                f"{called[i]}, {called[j]}",
                np.where(both > 0, covariances[:, i, j], np.nan) / np.where(both > 0, both, 1.0),
            )


def estimates_down(result: AnyFitted, found: Covariance | None = None, width: int = WIDTH) -> RenderableType:
    """One line for each number: name, component, estimate and, given their covariance, what is known of its error.

    That is the standard error, the 95 % interval, z and p, as far as the width goes.
    """
    from rich.console import Group

    words = labels(result.params, names_of(result))
    entries = dict(zip(words, Coordinates(result.params).entries(result.params), strict=True))
    estimates = {name: entries[name] for name in _first(result, list(words))[:MOST_ROWS]}
    shown = [words[name] for name in estimates]
    columns = {"parameter": [label.what for label in shown]}
    if any(label.of for label in words.values()):
        columns[""] = [label.of for label in shown]
    if any(label.component is not None for label in words.values()):
        columns["component"] = ["" if label.component is None else label.component for label in shown]
    if found is None:
        columns["estimate"] = [aligned(np.array([value]))[0] for value in estimates.values()]
        return Group(grid_of(columns), *left_out(len(words)))
    columns = with_errors(columns, estimates, found, width)
    return Group(grid_of(columns), *left_out(len(words)), *notes_of(columns, found))


def _first(result: AnyFitted, names: list[str]) -> list[str]:
    """The names of entries; where a table has no room for all, first those that are estimated."""
    if len(names) <= MOST_ROWS:
        return names
    free = {*result.model.coordinates(result.params).entry_names(result.params)}
    return sorted(names, key=lambda name: name not in free)


def with_errors(
    columns: Mapping[str, list[str]], estimates: Mapping[str, float], found: Covariance, width: int
) -> dict[str, list[str]]:
    """The columns, beside them estimates by name with standard errors and, as far as the width goes, intervals, z and p."""
    errors = standard_errors(found)
    known = [errors[name] if name in errors.names else np.nan for name in estimates]
    told = dict(columns)
    told["estimate"] = [beside(value, error) for value, error in zip(estimates.values(), known, strict=True)]
    told["error"] = [error_cell(errors, name) for name in estimates]
    for extra in (interval_columns(found, estimates), test_columns(found, estimates)):
        if breadth(told | extra) > width:
            break
        told |= extra
    return told


def notes_of(headings: Iterable[str], found: Covariance) -> list[RenderableType]:
    """What the headings of a table mean, and why errors are lacking."""
    from rich.text import Text

    there, errors = set(headings), standard_errors(found)
    notes = sorted({f"  - : {reason}." for reason in errors.reasons.values()})
    told = "; ".join(meaning for heading, meaning in MEANINGS.items() if heading in there)
    return [Text(note, style="dim") for note in [*notes, *([f"  {told}."] if told else [])]]


def grid_of(columns: Mapping[str, Sequence[str]]) -> Table:
    """A table of columns of text by their headings."""
    grid = new_grid(*columns)
    for row in zip(*columns.values(), strict=True):
        grid.add_row(*map(cell, row))
    return grid


def breadth(columns: Mapping[str, Sequence[str]]) -> int:
    """How many characters a table of these columns takes."""
    return sum(2 + max(len(heading), *map(len, cells)) for heading, cells in columns.items())


def interval_columns(found: Covariance, shown: Iterable[str]) -> dict[str, list[str]]:
    """The ends of the 95 % intervals."""
    intervals, errors = wald(found), standard_errors(found)
    known = {name: (*intervals[name], errors[name]) for name in intervals.names}
    ends = [known.get(name, (np.nan,) * 3) for name in shown]
    if not np.isfinite(ends).any():
        return {}
    told = [[beside(end, error) if np.isfinite(end) else "" for end in (low, high)] for low, high, error in ends]
    return {"from": [low for low, _ in told], "to": [high for _, high in told]}


def test_columns(found: Covariance, shown: Iterable[str]) -> dict[str, list[str]]:
    """Estimates over their standard errors, and the chance of as much by accident, where 0 says "nothing"."""
    z, p = z_and_p(found)
    known = {name: each for name, *each in zip(found.near.names, z, p, strict=True) if np.isfinite(each).all()}
    if not known:
        return {}
    told = [known.get(name) for name in shown]
    return {"z": [f"{each[0]:.2f}" if each else "" for each in told], "p": [p_told(each[1]) if each else "" for each in told]}


def left_out(rows: int) -> list[RenderableType]:
    """A line that says how many of so many rows a table leaves out; none if it has all."""
    from rich.text import Text

    if rows <= MOST_ROWS:
        return []
    return [Text(f"  ... and {rows - MOST_ROWS:,} more lines: to_dict(), or --json, has every number.", style="dim")]


def error_cell(errors: StandardErrors, name: str) -> str:
    """The standard error of a number, or why there is none."""
    if name not in errors.names:
        return "held"
    return "-" if np.isnan(errors[name]) else aligned(np.array([errors[name]]))[0]


def beside(value: float, error: float) -> str:
    """An estimate with about five digits, or with as many as a small standard error beside it leaves."""
    if not 1e-14 * abs(value) < error < 1e-4 * abs(value):
        return aligned(np.array([value]))[0]
    return f"{value:.{max(0, 1 - int(np.floor(np.log10(error))))}f}"


def aligned(values: Array) -> list[str]:
    """Numbers with the same number of decimals, about five digits for the largest; none but 0 is shown as 0.

    NaN, which stands for a number that there is not, is left blank.
    """
    there = ~np.isnan(values)
    if not there.all():
        shown_there = iter(aligned(values[there]))
        return [next(shown_there) if is_there else "" for is_there in there]
    largest = np.abs(values).max(initial=0)
    if largest >= 1e10 or 0 < largest < 1e-3:
        return [f"{value:.5g}" for value in values]
    decimals = int(np.clip(4 - np.floor(np.log10(largest or 1)), 0, 5))
    shown = 0.5 * 10.0**-decimals
    return [f"{value:.{decimals}f}" if value == 0 or abs(value) >= shown else f"{value:.0e}" for value in values]


def new_grid(*headings: str) -> Table:
    """A table without lines, set in from the left: words to the left, numbers to the right."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 0, 0, 2), pad_edge=True, show_header=bool(headings), header_style="dim")
    for j, heading in enumerate(headings):
        table.add_column(heading, justify="right" if j and heading not in ("", "component") else "left", no_wrap=True)
    return table


def cell(content: str) -> Text:
    """`content` for a table of rich, as it stands: brackets in it are not markup."""
    from rich.text import Text

    return Text(content)


def as_text(content: RenderableType, width: int) -> str:
    """What rich would print, as plain text: no colours, no line longer than `width`, no blanks at the ends of lines."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(content)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
