"""Random effects of groups, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import FAINT, axes, colour, finish
from emkit.views import GroupEffects

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = 2.0  # standard deviations of a line, to each side
NAMED = 40  # groups that have their names or numbers beside them


def effects(view: GroupEffects, ax: Axes | None = None) -> Axes:
    """What is expected of the effect of each group, the least below, with a line as far as it may be off."""
    few = len(view.groups) <= NAMED
    ax = axes(ax, len(view.groups) if few else 0)
    at = np.arange(len(view.groups))
    ax.axvline(0.0, color=FAINT, linestyle=":", linewidth=1)
    ax.hlines(at, view.means - WIDE * view.spreads, view.means + WIDE * view.spreads, color=colour(0), linewidth=1.2)
    ax.plot(view.means, at, "o", color=colour(0), markersize=4)
    ax.set_yticks(at if few else [], view.labels if few else [])
    return finish(
        ax,
        f"Effects of {view.whose}, within {WIDE:g} standard deviations",
        view.effect,
        "group" if view.names else "group, counted from 0",
    )
