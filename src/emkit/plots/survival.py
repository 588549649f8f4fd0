"""Steps of a survival curve without a law, and curves of fits beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import INK, axes, colour, dash, finish, in_legend
from emkit.views import SurvivalSteps

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def survival(view: SurvivalSteps, ax: Axes | None = None) -> Axes:
    """Where a step lies, nothing tells within its interval: that is shaded."""
    ax = axes(ax)
    ends = np.concatenate([view.lower, view.upper])
    finite = ends[np.isfinite(ends)]
    margin = 0.05 * float(np.ptp(finite)) or 1.0
    least, most = float(finite.min()) - margin, float(finite.max()) + margin
    least = max(least, 0.0) if finite.min() >= 0 else least
    at, label = least, "without a law"
    for low, high, before, after in zip(
        np.maximum(view.lower, least), np.minimum(view.upper, most), view.before, view.after, strict=True
    ):
        ax.plot([at, low], [before, before], color=INK, linewidth=1.2, label=label)
        label = "_"
        if high > low:
            ax.fill_between([low, high], after, before, color="#DDDDDD", linewidth=0)
        else:
            ax.plot([low, low], [before, after], color=INK, linewidth=1.2)
        at = high
    ax.plot([at, most], [view.after[-1]] * 2, color=INK, linewidth=1.2)
    if view.bounds is not None:
        places = np.concatenate([[least], np.minimum(view.upper, most), [most]])
        low, high = (np.concatenate([[1.0], bound, bound[-1:]]) for bound in view.bounds.T)
        ax.fill_between(places, low, high, step="post", color=INK, alpha=0.12, linewidth=0)
    for k, (name, (places, beyond)) in enumerate(view.curves.items()):
        ax.plot(places, beyond, color=colour(k), linestyle=dash(k), label=in_legend(name))
    ax.set_ylim(0, 1.02)
    ax.legend(frameon=False, fontsize="small")
    return finish(ax, "How many lie beyond", "value", "probability of larger values")
