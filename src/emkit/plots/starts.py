"""Many starts on one map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.core.restarts import SAME
from emkit.plots.style import axes, colour, finish, marker
from emkit.views import StartsMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREY = "#999999"
NAMED = 6  # optima with a colour and a line in the legend; the rest are grey


def starts(view: StartsMap, ax: Axes | None = None) -> Axes:
    """Where each run began (small) and ended (large): runs of one colour and shape found the same optimum.

    Starts that were left on the way are grey, and lead to where they stood.
    """
    ax = axes(ax)
    for began, stood in zip(view.left_starts, view.left_at, strict=True):
        ax.plot(*np.stack([began, stood]).T, "-", color=GREY, linewidth=0.6, alpha=0.5)
    if len(view.left_at):
        on_the_way = f"left on the way: {len(view.left_at)}"
        ax.plot(*view.left_at.T, "o", color=GREY, markersize=5, markerfacecolor="none", zorder=4, label=on_the_way)
    for m, (objective, count) in enumerate(zip(view.objectives, view.counts, strict=True)):
        mine = np.flatnonzero(view.optimum == m)
        ink, shape = (colour(m), marker(m)) if m < NAMED else (GREY, ".")
        for run in mine:
            ax.plot(*np.stack([view.starts[run], view.ends[run]]).T, "-", color=ink, linewidth=0.6, alpha=0.5)
        ax.plot(*view.starts[mine].T, shape, color=ink, markersize=4, alpha=0.8, markerfacecolor="white")
        label = f"{objective:.6g}: {count} of {len(view.optimum)}" if m < NAMED else None
        ax.plot(*view.ends[mine].T, shape, color=ink, markersize=10, markeredgecolor="white", label=label)
    more = len(view.objectives) - NAMED
    if more > 0:
        ax.plot([], [], ".", color=GREY, label=f"{more} more")
    ax.legend(frameon=False, fontsize="small", title="objective: runs", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    first, second = (f"direction {i + 1} ({share:.0%} of the variation)" for i, share in enumerate(view.explained))
    title = "Where starts (small) ended (large), or were left (rings)"
    if np.any(np.abs(np.diff(view.objectives)) <= SAME * (1 + np.abs(view.objectives[1:]))):
        title += "\nequal objectives at different places: the data cannot tell them apart"
    return finish(ax, title, first, second)
