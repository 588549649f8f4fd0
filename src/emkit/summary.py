"""A fit on one screen: what was fitted, how it ended, how well it fits, and the estimates."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.parameters import leaves
from emkit.core.plain import to_plain
from emkit.core.spaces import PositiveDefinite
from emkit.labels import column_label, entry_label, labels
from emkit.models.frozen import Frozen, bare
from emkit.models.mixture import Mixture, MixtureParams
from emkit.models.order import component_leaves

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from emkit.result import Result

WIDTH = 80
CELL = 12  # characters of a number and the space before it
MOST_ROWS = 60  # of a table of estimates
MOST_NAMED = 6  # estimates in one sentence


class Row(NamedTuple):
    """One line of the table of estimates: the `values` (K,) of all components, or of the one that there is."""

    what: str
    of: str
    values: Array


def title(result: Result[Any]) -> str:
    """The model in words: ``Mixture of 2 gaussian components``."""
    model = bare(result.model)
    held = f", {' and '.join(result.model.paths)} held" if isinstance(result.model, Frozen) else ""
    if not isinstance(model, Mixture):
        return f"{type(model).__name__}{held}"
    number = len(result.params.proportions)
    sort = {"Soft": "", "Hard": ", hard assignment", "Sampled": ", sampled assignment"}.get(type(model.assignment).__name__, "")
    return f"Mixture of {number} {model.family.name} component{'' if number == 1 else 's'}{held}{sort}"


def facts(result: Result[Any]) -> list[tuple[str, str, str]]:
    """Name, value and remark of what one asks of a fit first."""
    lower = "lower is better"
    return [
        ("rows", f"{result.rows:,.10g}", ""),
        ("log-likelihood", f"{result.log_likelihood:.4f}", ""),
        *([("objective", f"{result.objective:.4f}", "")] if result.objective != result.log_likelihood else []),
        ("free parameters", f"{result.free_parameters}", ""),
        ("AIC", f"{result.aic:.4f}", lower),
        ("BIC", f"{result.bic:.4f}", lower),
    ]


def remarks(result: Result[Any]) -> list[str]:
    """Sentences: how the fit ended, how many starts agree, which estimates lie on a boundary."""
    said = [str(result.outcome)[:1].upper() + str(result.outcome)[1:]]
    runs, reached = len(result.runs.runs), result.runs.reached_best()
    if runs > 1:
        alone = " Another start may do better still: use more starts." if reached == 1 else ""
        said.append(f"Best reached by {reached} of {runs} starts.{alone}")
    words = labels(result.params, _columns(result))
    edge = [str(words[name]) for name in result.boundary]
    if edge:
        more = f" and {len(edge) - MOST_NAMED} more" if len(edge) > MOST_NAMED else ""
        said.append(
            f"On the boundary of what is possible, hence without a standard error: {'; '.join(edge[:MOST_NAMED])}{more}."
        )
    return said


def to_dict(result: Result[Any]) -> dict[str, Any]:
    """The fit as plain values for JSON, in full precision. ``parameters`` can be given back as a start."""
    return {
        "model": title(result),
        "columns": list(_columns(result)),
        "rows": result.rows,
        "log_likelihood": result.log_likelihood,
        "objective": result.objective,
        "free_parameters": result.free_parameters,
        "aic": result.aic,
        "bic": result.bic,
        "converged": result.converged,
        "outcome": {"status": result.outcome.name, "sentence": result.outcome.sentence},
        "iterations": result.iterations,
        "evaluations": result.evaluations,
        "starts": {
            "runs": len(result.runs.runs),
            "reached_best": result.runs.reached_best(),
            "maxima": [{"objective": value, "runs": runs} for value, runs in result.runs.maxima()],
        },
        "boundary": list(result.boundary),
        "parameters": to_plain(result.params),
    }


def text(result: Result[Any], standard_errors: bool = False, width: int = WIDTH) -> str:
    """The summary as plain text, no line longer than `width`."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(report(result, standard_errors, width))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def report(result: Result[Any], standard_errors: bool = False, width: int = WIDTH) -> RenderableType:
    """The summary as something that rich can print."""
    from rich.console import Group
    from rich.text import Text

    sentences = [Text(sentence) for sentence in remarks(result)]
    tables = [_long_table(result, standard_errors)] if standard_errors else _estimate_tables(result, width)
    spaced = [part for table in tables for part in (Text(), table)]
    return Group(Text(title(result), style="bold"), Text(), _fact_table(result), Text(), *sentences, *spaced)


def _fact_table(result: Result[Any]) -> Table:
    grid = _grid()
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(style="dim")
    for fact in facts(result):
        grid.add_row(*map(_cell, fact))
    return grid


def _estimate_tables(result: Result[Any], width: int) -> list[RenderableType]:
    """Parameters down, components across; as many tables as the width asks for."""
    if not isinstance(result.params, MixtureParams):
        return [_long_table(result)]
    rows = list(component_rows(result.params, _columns(result)))
    labelled = 4 + max(len(row.what) for row in rows) + max(len(row.of) for row in rows)
    number = len(result.params.proportions)
    across = max(1, (width - labelled) // CELL)
    tables: list[RenderableType] = []
    for first in range(0, number, across):
        these = range(first, min(first + across, number))
        grid = _grid("component", "", *map(str, these))
        for row in rows[:MOST_ROWS]:
            grid.add_row(_cell(row.what), _cell(row.of), *map(_cell, _aligned(row.values)[these.start : these.stop]))
        tables.append(grid)
    if len(rows) > MOST_ROWS:
        tables.append(
            Text(f"... and {len(rows) - MOST_ROWS:,} more lines: to_dict(), or --json, has every number.", style="dim")
        )
    return tables


def component_rows(params: MixtureParams[Any], columns: Sequence[str]) -> Iterator[Row]:
    """The estimates a line each, variances as standard deviations, covariances as correlations.

    What the components share is repeated for each of them.
    """
    own = {leaf.path for leaf in component_leaves(params)}
    for leaf in leaves(params):
        shape = leaf.value.shape if leaf.path in own else (len(params.proportions), *leaf.value.shape)
        value = np.broadcast_to(leaf.value, shape)
        if isinstance(leaf.space, PositiveDefinite):
            yield from _spread_rows(value, columns)
            continue
        for index in np.ndindex(*shape[1:]):
            label = entry_label(leaf, index, columns)
            if label.what == "variance":
                yield Row("sd", label.of, np.sqrt(value[(slice(None), *index)]))
            else:
                yield Row(label.what, label.of, value[(slice(None), *index)])


def _spread_rows(covariances: Array, columns: Sequence[str]) -> Iterator[Row]:
    d = covariances.shape[-1]
    deviations = np.sqrt(np.einsum("kjj->kj", covariances))
    names = [column_label(columns, j) for j in range(d)]
    yield from (Row("sd", names[j], deviations[:, j]) for j in range(d))
    for i in range(d):
        for j in range(i + 1, d):
            yield Row("correlation", f"{names[i]}, {names[j]}", covariances[:, i, j] / deviations[:, i] / deviations[:, j])


def _long_table(result: Result[Any], standard_errors: bool = False) -> RenderableType:
    """One line for each number: name, component, estimate and, if wanted, its standard error."""
    from rich.console import Group
    from rich.text import Text

    em_names = labels(result.params, _columns(result))
    found = result.standard_errors() if standard_errors else None
    estimates = dict(zip(em_names, _entries(result), strict=True))
    mixture = isinstance(result.params, MixtureParams)
    grid = _grid("parameter", *(["", "component"] if mixture else []), "estimate", *(["std. error"] if found else []))
    for name in list(estimates)[:MOST_ROWS]:
        label = em_names[name]
        component = "" if label.component is None else str(label.component)
        cells = [label.what, *([label.of, component] if mixture else []), *_aligned(np.array([estimates[name]]))]
        if found:
            cells.append(_error(found, name))
        grid.add_row(*map(_cell, cells))
    reasons = sorted({f"  - : {reason}." for reason in found.reasons.values()}) if found else []
    return Group(grid, *_left_out(len(estimates)), *(Text(reason, style="dim") for reason in reasons))


def _left_out(rows: int) -> list[RenderableType]:
    from rich.text import Text

    if rows <= MOST_ROWS:
        return []
    return [Text(f"  ... and {rows - MOST_ROWS:,} more lines: to_dict(), or --json, has every number.", style="dim")]


def _entries(result: Result[Any]) -> Array:
    return np.concatenate([np.atleast_1d(leaf.space.entries(leaf.value)) for leaf in leaves(result.params)])


def _error(found: Any, name: str) -> str:
    if name not in found.names:
        return "held"
    return "-" if np.isnan(found[name]) else _aligned(np.array([found[name]]))[0]


def _aligned(values: Array) -> list[str]:
    """Numbers with about five digits and the same number of decimals; in powers of ten where that would hide digits."""
    size = np.abs(values[values != 0])
    if len(size) == 0:
        return ["0"] * len(values)
    if size.max() >= 1e7 or size.min() < 1e-4 * min(1.0, size.max()):
        return [f"{value:.5g}" for value in values]
    decimals = int(np.clip(4 - np.floor(np.log10(size.max())), 0, 6))
    return [f"{value:.{decimals}f}" for value in values]


def _columns(result: Result[Any]) -> tuple[str, ...]:
    return tuple(getattr(result.source, "columns", ()))


def _grid(*headings: str) -> Table:
    """A table without lines, set in from the left: words to the left, numbers to the right."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 0, 0, 2), pad_edge=True, show_header=bool(headings), header_style="dim")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("parameter", "component", "") else "right", no_wrap=True)
    return table


def _cell(content: str) -> Any:
    from rich.text import Text

    return Text(content)
