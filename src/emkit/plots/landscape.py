"""The path of EM across the log-likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import INK, axes, colour, finish
from emkit.views import Landscape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path as MatplotlibPath

LEGIBLE = 0.25  # of the width of the picture: how wide a contour is that has room for its label
DROPS = (0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 300.0, 1000.0)  # contours, below the highest point


def path(land: Landscape, ax: Axes | None = None) -> Axes:
    """Contours of the log-likelihood, labelled by how far below the highest point they lie, and the iterates of EM."""
    ax = axes(ax)
    from matplotlib.patheffects import withStroke

    height = np.ma.masked_invalid(land.log_likelihood)
    top = max(float(height.max()), land.highest)
    below = top - height
    reached = [drop for drop in DROPS if below.min() < drop < below.max()]
    if reached:
        ax.contourf(land.x, land.y, below, levels=[0, *reached, float(below.max()) + 1e-9], colors=_greys(len(reached) + 1))
        lines = ax.contour(land.x, land.y, below, levels=reached, colors=INK, linewidths=0.6)
        wide = LEGIBLE * np.ptp(land.x)
        named = [drop for drop, line in zip(reached, lines.get_paths(), strict=True) if _width(line) > wide]
        for label in ax.clabel(lines, named, fmt=lambda drop: f"-{drop:g}", fontsize=8):
            label.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    ax.plot(
        *land.path.T,
        "-o",
        color=colour(1),
        markersize=4,
        linewidth=1.2,
        label=f"EM, {_times(len(land.path) - 1)}",
        clip_on=False,
    )
    ax.plot(*land.path[0], "s", color=colour(0), markersize=8, label="start", clip_on=False, zorder=5)
    ax.plot(*land.path[-1], "*", color=colour(2), markersize=14, label="end", clip_on=False, zorder=5)
    ax.set_xlim(land.x[0], land.x[-1])
    ax.set_ylim(land.y[0], land.y[-1])
    ax.legend(framealpha=0.85, fontsize="small")
    kind = "profile" if land.profile else "slice"
    return finish(ax, f"Log-likelihood below its highest, {top:.6g} ({kind})", *land.names)


def _width(contour: MatplotlibPath) -> float:
    """How far a line reaches from left to right."""
    across = np.asarray(contour.vertices)[:, 0]
    return float(np.ptp(across)) if len(across) else 0.0


def _greys(count: int) -> list[str]:
    """From white at the top to a grey that ink can still be read on."""
    return [str(1 - 0.32 * i / max(count - 1, 1)) for i in range(count)]


def _times(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps:,} steps"
