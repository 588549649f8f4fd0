"""The climb of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import FAINT, axes, colour, finish, plain_numbers, whole_ticks
from emkit.views import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_MARKED = 60  # iterations with a mark of their own


def trace(run: Trace, ax: Axes | None = None) -> Axes:
    """The objective after each iteration, with Aitken's estimates of its limit where there are any."""
    ax = axes(ax)
    many = len(run.iterations) > MOST_MARKED
    ax.plot(run.iterations, run.objective, "-" if many else "-o", color=colour(0), markersize=4, label="objective")
    known = np.isfinite(run.limit)
    if run.final_limit is not None:
        ax.plot(
            run.iterations[known],
            run.limit[known],
            ":" if many else "^",
            color=colour(1),
            markersize=5,
            label="Aitken estimate of its limit",
        )
        ax.axhline(run.final_limit, color=FAINT, linestyle="--", linewidth=1, label=f"last estimate, {run.final_limit:.6g}")
    low, high = run.objective.min(), max(run.objective.max(), run.final_limit or -np.inf)
    pad = 0.08 * ((high - low) or 1.0)
    ax.set_ylim(low - pad, high + 1.5 * pad)  # a first estimate may lie far off: it must not flatten the curve
    whole_ticks(ax)
    plain_numbers(ax)
    ax.legend(frameon=False, loc="lower right")
    return finish(ax, "How EM climbed", "iteration", "objective (natural log)")
