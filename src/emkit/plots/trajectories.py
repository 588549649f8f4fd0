"""Mean lines of classes of groups, over the lines of the groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import axes, colour, dash, finish, in_legend
from emkit.views import Trajectories

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def trajectories(view: Trajectories, ax: Axes | None = None) -> Axes:
    """A thin line for each group in the colour of its likeliest class, and a thick one for the mean of each class."""
    ax = axes(ax)
    faint = float(np.clip(20 / max(len(view.likeliest), 1), 0.08, 0.4))
    for first, end, k in zip(view.bounds[:-1], view.bounds[1:], view.likeliest, strict=True):
        ax.plot(view.x[first:end], view.y[first:end], color=colour(int(k)), linewidth=0.7, alpha=faint)
    for k, (name, share) in enumerate(zip(view.classes, view.proportions, strict=True)):
        label = in_legend(f"{name} ({share:.0%})")
        ax.plot(view.at, view.means[k], color=colour(k), linestyle=dash(k), linewidth=2.6, label=label)
    ax.legend(frameon=False, fontsize="small", title="mean in class", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    few = f" ({len(view.likeliest):,} of {view.of:,} groups)" if len(view.likeliest) < view.of else ""
    finish(ax, f"Groups and the mean of each class{few}", view.covariate, view.response)
    if view.levels is not None:
        ax.set_xticks(range(len(view.levels)), list(view.levels))
    return ax
