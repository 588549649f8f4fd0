"""Rows by component: classification, uncertainty, responsibilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emkit.core.arrays import Array
from emkit.plots.stretches import stretches
from emkit.plots.style import INK, axes, colour, finish, in_legend, ink_of, marker, whole_ticks
from emkit.views import Rows
from emkit.views.classified import column_places

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHANCE = "1 - largest responsibility"
AREA = 90.0  # points^2 of the mark of a row of which nothing is known
LEAST_AREA, PALE = 0.12, 0.35  # area and ink of the mark of a row that is certain, as shares of that
WRITTEN = 16  # rows whose responsibilities are written into their cells


def _some(view: Rows) -> str:
    return f" ({len(view.index):,} of {view.of:,} rows)" if len(view.index) < view.of else ""


def classification(
    view: Rows, ax: Axes | None = None, *, columns: Sequence[str | int] | None = None, outlines: Array | None = None
) -> Axes:
    """Every row by its likeliest component: two columns as points, one column as a line of points for each component.

    `outlines` (K, m, 2) are drawn around the components (`emkit.views.outlines`).
    A value that is known up to an interval is drawn as that.
    Errors: ModelError for columns that are not there.
    """
    ax = axes(ax)
    places = view.apart[:2] if columns is None and view.columns else column_places(view.columns, columns, 2)
    labels = view.labels
    for k, name in enumerate(view.components):
        mine = labels == k
        each = [tuple(end[mine] for end in view.ends(place)) for place in places]
        each += [(np.full(mine.sum(), float(k)),) * 2] * (2 - len(places))
        size = 18 * np.sqrt(view.weights[mine] / view.weights.mean())
        _points(ax, each, size, k, f"{name}: {mine.sum():,}")
        if outlines is not None:
            ax.plot(*outlines[k].T, "-", color=colour(k), linewidth=1.2)
    names = [view.columns[place] for place in places]
    for axis, place in zip((ax.xaxis, ax.yaxis), places, strict=False):
        levels = view.levels[place] if place < len(view.levels) else None
        if levels is not None:
            axis.set_ticks(range(len(levels)), list(levels))
    if len(places) == 1:
        ax.set_yticks(range(len(view.components)), list(view.components))
        ax.set_ylim(len(view.components) - 0.5, -0.5)
    ax.legend(frameon=False, fontsize="small", title="rows", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    return finish(ax, "Likeliest component" + _some(view), names[0], names[1] if len(names) == 2 else "component")


def _points(ax: Axes, each: list[tuple[Array, Array]], size: Array, k: int, label: str) -> None:
    """Known points as marks of a component, those known up to an interval in one column as that; in both, as nothing."""
    (x, right), (y, top) = each
    told = ~np.isnan(x) & ~np.isnan(y)
    seen, wide, high = (x == right) & (y == top), (x != right) & (y == top) & told, (x == right) & (y != top) & told
    ink = {"facecolors": "none", "edgecolors": colour(k), "label": in_legend(label)}
    ax.scatter(x[seen], y[seen], s=size[seen], marker=marker(k), **ink)  # type: ignore[arg-type]
    for some, low, end, at, upright in ((wide, x, right, y, False), (high, y, top, x, True)):
        stretches(ax, low[some], end[some], at[some], [colour(k)] * int(some.sum()), upright)


def uncertainty(view: Rows, ax: Axes | None = None, *, columns: Sequence[str | int] | None = None) -> Axes:
    """The chance that each row's label is wrong, 1 - its largest responsibility.

    Over two columns, marks are the larger and fuller the higher it is; over one, it is the height. By default over the first
    columns in which rows lie apart; without any, rows stand in order, least certain first. Values known up to intervals are
    left out of columns.
    Errors: ModelError for columns that are not there.
    """
    ax = axes(ax)
    places = view.spread_out[:2] if columns is None else column_places(view.columns, columns, 2)
    called = [view.columns[place] for place in places]
    title = f"Uncertainty: {view.expected_errors:.1%} of labels expected wrong" + _some(view)
    if len(places) == 2:
        _by_size(view, ax, places)
        return finish(ax, title, *called)
    if places:
        _by_height(view, ax, view.known[:, places[0]])
        return finish(ax, title, called[0], CHANCE)
    order = np.argsort(-view.uncertainty, kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    ax.vlines(rank, 0, view.uncertainty, color="#BBBBBB", linewidth=0.8)
    _by_height(view, ax, rank)
    whole_ticks(ax)
    return finish(ax, title, "row, least certain first", CHANCE)


def _nothing_known(view: Rows) -> float:
    """The uncertainty of a row that is everybody's alike."""
    return 1 - 1 / len(view.components)


def _by_size(view: Rows, ax: Axes, places: Sequence[int]) -> None:
    """Marks whose areas grow with the uncertainty."""
    worst = _nothing_known(view) or 1.0
    for k, name in enumerate(view.components):
        mine = view.labels == k
        share = np.minimum(view.uncertainty[mine] / worst, 1.0)
        x, y = view.known[mine][:, list(places)].T
        ink = [(*ink_of(k), PALE + (1 - PALE) * part) for part in share]
        ax.scatter(x, y, s=AREA * (LEAST_AREA + share), marker=marker(k), color=ink, linewidths=0)
        ax.scatter([], [], s=30, marker=marker(k), color=colour(k), label=in_legend(name))
    for part in (0.0, 0.5, 1.0) if len(view.components) > 1 else ():
        size, alpha = AREA * (LEAST_AREA + part), PALE + (1 - PALE) * part
        ax.scatter([], [], s=size, color=INK, alpha=alpha, linewidths=0, label=f"{part * worst:.2g}")
    title = "labelled, and\nchance of error"
    ax.legend(frameon=False, fontsize="small", title=title, bbox_to_anchor=(1.0, 1.0), loc="upper left")


def _by_height(view: Rows, ax: Axes, at: Array) -> None:
    """Marks as high as the uncertainty, and a line where nothing is known."""
    worst = _nothing_known(view)
    for k, name in enumerate(view.components):
        mine = view.labels == k
        ax.plot(at[mine], view.uncertainty[mine], marker(k), color=colour(k), markersize=4, label=in_legend(name))
    ax.axhline(worst, color=INK, linestyle=":", linewidth=1)
    across = ax.get_yaxis_transform()
    ax.text(1, worst, "nothing known ", ha="right", va="bottom", fontsize="small", color=INK, transform=across)
    ax.set_ylim(-0.02 * worst, worst * 1.12 or 1.0)  # one component: nothing is uncertain
    ax.legend(frameon=False, fontsize="small", title="labelled", bbox_to_anchor=(1.0, 1.0), loc="upper left")


def responsibilities(view: Rows, ax: Axes | None = None) -> Axes:
    """Responsibilities as a heat map, a row of the data on each line; many rows are sorted by component and certainty."""
    ax = axes(ax)
    r = view.responsibilities
    few = len(r) <= WRITTEN
    order = np.arange(len(r)) if few else np.lexsort((-r.max(axis=1), r.argmax(axis=1)))
    image = ax.imshow(r[order], aspect="auto", cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    ax.figure.colorbar(image, ax=ax, label="responsibility")
    ax.set_xticks(range(r.shape[1]), list(view.components))
    if few:
        ax.set_yticks(range(len(r)), [str(i + 1) for i in view.index])
        for i, k in np.ndindex(r.shape):
            ax.text(k, i, f"{r[i, k]:.3f}", ha="center", va="center", fontsize=9, color="white" if r[i, k] > 0.6 else INK)
    finish(ax, "Responsibilities" + _some(view), "component", "row" if few else "rows, sorted by component and certainty")
    ax.spines[:].set_visible(False)
    return ax
