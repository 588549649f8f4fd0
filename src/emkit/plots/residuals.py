"""Residuals that are standard normal if the model is right: against quantiles of the normal, and row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy

from emkit.plots.style import FAINT, INK, axes, colour, finish, in_legend, marker, whole_ticks
from emkit.views import PseudoResiduals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BANDS = 1.96, 2.58  # between which 95 % and 99 % of them lie
WIDE = 0.05  # a segment that can be seen


def qq(view: PseudoResiduals, ax: Axes | None = None, *, seed: int = 0) -> Axes:
    """The residuals in order against what as many standard normal numbers are expected to be; counts by lot."""
    ax = axes(ax)
    found, end = view.randomised(seed), 1.0
    for j, name in enumerate(view.columns):
        own = np.sort(found[~np.isnan(found[:, j]), j])
        expected = scipy.special.ndtri((np.arange(len(own)) + 0.5) / len(own))
        ax.plot(expected, own, marker(j), color=colour(j), markersize=3.5, fillstyle="none", label=in_legend(name))
        end = max(end, float(np.abs([*expected[:1], *expected[-1:]]).max(initial=1.0)))
    ax.plot([-end, end], [-end, end], "-", color=INK, linewidth=1)
    if len(view.columns) > 1:
        ax.legend(frameon=False, fontsize="small", title="column")
    return finish(ax, "Residuals against the normal", "quantile of the normal", "residual")


def residuals(view: PseudoResiduals, ax: Axes | None = None) -> Axes:
    """Residuals row by row, a count as the segment it is somewhere in, between lines that hold 95 % and 99 %."""
    ax = axes(ax)
    rows = np.arange(len(view.below))
    for j, name in enumerate(view.columns):
        low, high = view.segments[:, j].T
        wide = high - low > WIDE
        ax.vlines(rows[wide], low[wide], high[wide], color=colour(j), linewidth=1.2, alpha=0.6)
        ax.plot(rows, view.middle[:, j], marker(j), color=colour(j), markersize=3, label=in_legend(name))
    ax.axhline(0, color=INK, linewidth=0.8)
    for band in BANDS:
        for at in (-band, band):
            ax.axhline(at, color=FAINT, linestyle="--", linewidth=0.8)
    whole_ticks(ax)
    if len(view.columns) > 1:
        ax.legend(frameon=False, fontsize="small", title="column", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    return finish(ax, "Residuals row by row, with bands of 95 % and 99 %", "row, counted from 0", "residual")
