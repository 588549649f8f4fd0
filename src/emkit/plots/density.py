"""The fitted density beside the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import FAINT, INK, axes, colour, dash, finish, in_legend, marker, shade, whole_ticks
from emkit.views import Density, Density2

if TYPE_CHECKING:
    from matplotlib.axes import Axes


SHARES = (0.99, 0.9, 0.75, 0.5, 0.25)  # of the fitted density, that regions of two columns hold, from the lowest to the highest


def density(view: Density | Density2, ax: Axes | None = None) -> Axes:
    """One column: histogram, mixture and components. Two columns: the rows and contours of the mixture."""
    ax = axes(ax)
    return _one(view, ax) if isinstance(view, Density) else _two(view, ax)


def _one(view: Density, ax: Axes) -> Axes:
    widths = np.diff(view.edges) * (0.8 if view.discrete else 1.0)
    middles = (view.edges[:-1] + view.edges[1:]) / 2
    ax.bar(middles, view.heights, widths, color="#DDDDDD", edgecolor="white", label="data")
    if view.discrete:
        ax.plot(view.x, view.total, "_", color=INK, markersize=16, markeredgewidth=2, label="mixture")
    else:  # broad and pale, for a component often hides all of it
        ax.plot(view.x, view.total, "-", color=INK, linewidth=5, alpha=0.3, label="mixture")
    for k, (name, part) in enumerate(zip(view.components, view.parts, strict=True)):
        called = in_legend(name)
        if view.discrete:
            ax.plot(view.x, part, linestyle=dash(k), marker=marker(k), color=colour(k), markersize=5, linewidth=1, label=called)
        else:
            ax.plot(view.x, part, linestyle=dash(k), color=colour(k), label=called)
    if view.discrete:
        whole_ticks(ax)
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize="small")
    return finish(ax, "Fitted density and data", view.column, "share of rows" if view.discrete else "density")


def _two(view: Density2, ax: Axes) -> Axes:
    from matplotlib.lines import Line2D

    if len(view.points):
        ax.plot(*view.points.T, ".", color=FAINT, markersize=4, alpha=0.6)
    heights = np.sort(view.total.ravel())[::-1]
    inside = np.cumsum(heights) / heights.sum()
    levels = {float(heights[np.searchsorted(inside, share)]): share for share in SHARES}
    inks = [shade(share) for share in levels.values()]
    ax.contour(view.x, view.y, view.total, levels=list(levels), colors=inks, linewidths=1.4)
    named = [Line2D([], [], color=ink, label=f"{share:.0%}") for ink, share in zip(inks, levels.values(), strict=True)]
    ax.legend(handles=named[::-1], frameon=False, fontsize="small", title="inside", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    return finish(ax, "Fitted density: regions that hold a share of it", *view.columns)
