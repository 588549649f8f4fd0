"""Rows by component: classification, uncertainty, responsibilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emkit.core.arrays import Array
from emkit.plots.style import INK, axes, colour, finish, in_legend, marker
from emkit.views import Rows
from emkit.views.classified import column_places

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CERTAIN, LEAST_SHOWN = 1e-3, 10
WRITTEN = 16  # rows whose responsibilities are written into their cells


def _some(view: Rows) -> str:
    return f" ({len(view.index):,} of {view.of:,} rows)" if len(view.index) < view.of else ""


def classification(
    view: Rows, ax: Axes | None = None, *, columns: Sequence[str | int] | None = None, outlines: Array | None = None
) -> Axes:
    """Every row by its likeliest component: two columns as points, one column as a line of points for each component.

    `outlines` (K, m, 2) are drawn around the components (`emkit.views.outlines`).
    Errors: ModelError for columns that are not there.
    """
    ax = axes(ax)
    places = column_places(view.columns, columns, 2)
    labels = view.labels
    for k, name in enumerate(view.components):
        mine = labels == k
        x = view.x[mine, places[0]]
        y = view.x[mine, places[1]] if len(places) == 2 else np.full(len(x), float(k))
        size = 18 * np.sqrt(view.weights[mine] / view.weights.mean())
        ax.scatter(
            x, y, s=size, marker=marker(k), facecolors="none", edgecolors=colour(k), label=in_legend(f"{name}: {mine.sum():,}")
        )
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


def uncertainty(view: Rows, ax: Axes | None = None) -> Axes:
    """The chance that each row's label is wrong, 1 - its largest responsibility, least certain first.

    Rows that are certain to 0.001 are left out, but ten are shown in any case.
    """
    ax = axes(ax)
    order = np.argsort(-view.uncertainty, kind="stable")
    order = order[: max(LEAST_SHOWN, int((view.uncertainty >= CERTAIN).sum()))]
    rank = np.arange(1, len(order) + 1)
    ax.vlines(rank, 0, view.uncertainty[order], color="#BBBBBB", linewidth=0.8)
    for k, name in enumerate(view.components):
        mine = view.labels[order] == k
        ax.plot(rank[mine], view.uncertainty[order][mine], marker(k), color=colour(k), markersize=4, label=in_legend(name))
    worst = 1 - 1 / len(view.components)
    ax.axhline(worst, color=INK, linestyle=":", linewidth=1)
    ax.text(rank[-1], worst, "nothing known ", ha="right", va="bottom", fontsize="small", color=INK)
    ax.set_ylim(0, worst * 1.12 or 1.0)  # one component: nothing is uncertain
    ax.set_xlim(0, len(order) + 1)
    ax.legend(frameon=False, fontsize="small", title="labelled", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    title = f"Uncertainty: {view.expected_errors:.1%} of labels expected wrong" + _some(view)
    rest = len(view.index) - len(order)
    others = f" ({rest:,} more are certain to {CERTAIN:g})" if rest else ""
    return finish(ax, title, "row, least certain first" + others, "1 - largest responsibility")


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
