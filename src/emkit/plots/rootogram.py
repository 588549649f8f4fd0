"""Counts beside their expectation, as a hanging rootogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import INK, axes, finish, whole_ticks
from emkit.views import Rootogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rootogram(view: Rootogram, ax: Axes | None = None) -> Axes:
    """Bars of what is observed hang from the curve of what is expected; where they miss the line at 0, the model does."""
    ax = axes(ax)
    root = np.sqrt(view.expected)
    ax.bar(view.x, np.sqrt(view.observed), 0.8, bottom=view.hanging, color="#DDDDDD", edgecolor="white", label="observed")
    ax.plot(view.x, root, "o-", color=INK, markersize=4, linewidth=1.2, label="expected")
    ax.axhline(0, color=INK, linewidth=0.8)
    whole_ticks(ax)
    ax.legend(frameon=False, fontsize="small")
    return finish(ax, "Hanging rootogram", view.column, "square root of the number of rows")
