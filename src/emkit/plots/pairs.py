"""Rows in several columns, two at a time."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, cast

import numpy as np

from emkit.core.arrays import Array
from emkit.plots.style import FAINT, INK, axes, colour, dash, finish, in_legend, marker
from emkit.views import Density, Pairs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE, LEAST_SIDE = 1.75, 5.5  # inches of one panel, and of a whole figure
BETWEEN = 0.08  # of a panel: what is left free beside each
LETTERS = 18  # of a line of a column's name


def pairs(view: Pairs, ax: Axes | None = None) -> Axes:
    """A panel for each pair of columns, and on the diagonal each column alone: its histogram, and the components.

    The panels are `child_axes` of the axes that are returned, row by row.
    """
    own = ax is None
    ax, many = axes(ax), len(view.places)
    if own:
        side = max(LEAST_SIDE, SIDE * many)
        cast("Figure", ax.figure).set_size_inches(side, side)
    ax.set_axis_off()
    for i in range(many):
        for j in range(i + 1):
            panel = ax.inset_axes((j / many, 1 - (i + 1) / many, (1 - BETWEEN) / many, (1 - BETWEEN) / many))
            _alone(view, i, panel) if i == j else _pair(view, j, i, panel)
            _outside_only(view, panel, i, j)
    for k, name in enumerate(view.rows.components):
        ax.plot([], [], marker(k), linestyle=dash(k), color=colour(k), fillstyle="none", label=in_legend(name))
    ax.legend(frameon=False, loc="upper right")
    return finish(ax, "Likeliest component, two columns at a time", "", "")


def _pair(view: Pairs, across: int, up: int, panel: Axes) -> None:
    """Rows by their likeliest component, and the outlines of components."""
    pair = view.places[across], view.places[up]
    for k in range(len(view.rows.components)):
        x, y = view.rows.x[view.rows.labels == k][:, list(pair)].T
        panel.scatter(x, y, s=9, marker=marker(k), facecolors="none", edgecolors=colour(k), linewidths=0.7)
        if pair in view.outlines:
            panel.plot(*view.outlines[pair][k].T, linestyle=dash(k), color=colour(k), linewidth=1.0)


def _alone(view: Pairs, i: int, panel: Axes) -> None:
    """The histogram of a column, and the density of each component."""
    found, column = view.densities[i], view.rows.x[:, view.places[i]]
    if found is None:
        panel.hist(column[~np.isnan(column)], weights=view.rows.weights[~np.isnan(column)], color="#DDDDDD", edgecolor="white")
        return
    panel.bar(*_bars(found), color="#DDDDDD", edgecolor="white", linewidth=0.5)
    for k, part in enumerate(found.parts):
        panel.plot(found.x, part, linestyle=dash(k), color=colour(k), linewidth=1.2)


def _bars(found: Density) -> tuple[Array, Array, Array]:
    """The middles, heights and widths of a histogram."""
    return (found.edges[:-1] + found.edges[1:]) / 2, found.heights, np.diff(found.edges)


def _outside_only(view: Pairs, panel: Axes, i: int, j: int) -> None:
    """Names and numbers stand at the left of the first panel of a row, and below the last of a column."""
    from matplotlib.ticker import MaxNLocator

    names = ["\n".join(textwrap.wrap(view.rows.columns[view.places[n]], LETTERS)) for n in (j, i)]
    below, beside = i == len(view.places) - 1, j == 0
    for axis, name, outside in ((panel.xaxis, names[0], below), (panel.yaxis, names[1], beside)):
        axis.set_major_locator(MaxNLocator(3))
        axis.set_label_text(name if outside else "", fontsize=9, color=INK)
    panel.tick_params(labelsize=8, color=FAINT, labelbottom=below, labelleft=beside and i != j, left=i != j)
    panel.spines[["top", "right"]].set_visible(False)
