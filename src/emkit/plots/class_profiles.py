"""Profiles of latent classes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import axes, colour, dash, finish, in_legend, marker
from emkit.views import ClassProfiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ENTRIES = 60  # legible below each other


def class_profiles(view: ClassProfiles, ax: Axes | None = None) -> Axes:
    """A line for each entry, and on it the probability in each component; the levels of one column are joined."""
    shown = min(len(view.entries), MOST_ENTRIES)
    ax, places = axes(ax, shown), np.arange(shown)
    for k, name in enumerate(view.components):
        for i, (_, entries) in enumerate(groupby(places.tolist(), key=lambda place: view.columns[place])):
            at, label = list(entries), None if i else in_legend(name)
            ax.plot(view.probabilities[k, at], at, marker(k), color=colour(k), linestyle=dash(k), linewidth=0.9, label=label)
    for edge in np.flatnonzero(np.diff(view.columns[:shown])):
        ax.axhline(edge + 0.5, color="#DDDDDD", linewidth=0.6, zorder=0)
    ax.set_yticks(places, view.entries[:shown], fontsize="small")
    ax.set_ylim(shown - 0.5, -0.5)
    ax.set_xlim(-0.02, 1.02)
    ax.legend(frameon=False, fontsize="small", title="component", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    more = f" (the first {shown} of {len(view.entries)})" if shown < len(view.entries) else ""
    return finish(ax, "Profiles" + more, "probability", "column")
