"""A series with the level that a state space sees in it, and where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import FAINT, axes, colour, finish, whole_ticks
from emkit.views import MovingSeries

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = 2.0  # standard deviations of a band, to each side


def smoothed(view: MovingSeries, ax: Axes | None = None) -> Axes:
    """Rows as points, with a line of what is expected of them without their errors; beyond the last one, of rows to come."""
    ax = axes(ax)
    t = np.arange(len(view.values))
    ax.plot(t, view.values, ".", color=FAINT, markersize=4, label="rows")
    ax.plot(t, view.means, "-", color=colour(0), linewidth=1.8, label="without errors")
    ax.fill_between(
        t, view.means - WIDE * view.spreads, view.means + WIDE * view.spreads, color=colour(0), alpha=0.2, linewidth=0
    )
    if len(view.ahead):
        later = len(t) + np.arange(len(view.ahead))
        ax.plot(later, view.ahead, "--", color=colour(1), linewidth=1.8, label="rows to come")
        low, high = view.ahead - WIDE * view.ahead_spreads, view.ahead + WIDE * view.ahead_spreads
        ax.fill_between(later, low, high, color=colour(1), alpha=0.2, linewidth=0)
    whole_ticks(ax)
    ax.legend(frameon=False, fontsize="small", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    return finish(ax, f"What moves, within {WIDE:g} standard deviations", "row, counted from 0", view.column)
