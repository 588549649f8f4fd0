"""Lines of regressions over the rows, and proportions along a covariate of the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.core.arrays import Array
from emkit.plots.stretches import stretches
from emkit.plots.style import axes, colour, dash, finish, in_legend
from emkit.views import GateEffect, RegressionLines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BESIDE = 0.15  # by how much points of one level lie beside each other, at most


def lines(view: RegressionLines, ax: Axes | None = None) -> Axes:
    """Rows as points whose colours are mixed as their responsibilities are, with a line for each component."""
    ax = axes(ax)
    x = view.x
    if view.levels is not None:
        x = x + np.random.default_rng(0).uniform(-BESIDE, BESIDE, len(x))
    seen, inks = view.y == view.upper, _mixed(view.responsibilities)
    if seen.any():
        ax.scatter(x[seen], view.y[seen], s=16, c=inks[seen], alpha=0.75, linewidths=0)
    stretches(ax, view.y[~seen], view.upper[~seen], x[~seen], inks[~seen], upright=True)
    for k, name in enumerate(view.components):
        _line(ax, view.at, view.means[k], k, name, view.levels is not None)
    ax.legend(frameon=False, fontsize="small", title="mean in", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    few = f" ({len(view.x):,} of {view.of:,} rows)" if len(view.x) < view.of else ""
    title = f"Rows and the mean of each component{few}" if view.of else "The mean of each component"
    return _named(finish(ax, title, view.covariate, view.response), view)


def gate(view: GateEffect, ax: Axes | None = None) -> Axes:
    """The proportion of each component along a covariate of the gate."""
    ax = axes(ax)
    for k, name in enumerate(view.components):
        _line(ax, view.at, view.proportions[k], k, name, view.levels is not None)
    ax.set_ylim(0, 1)
    ax.legend(frameon=False, fontsize="small", title="component", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    return _named(finish(ax, "Proportions by the gate", view.covariate, "proportion"), view)


def _line(ax: Axes, x: Array, y: Array, k: int, name: str, is_of_levels: bool) -> None:
    mark = {"marker": "D", "markersize": 6} if is_of_levels else {}
    ax.plot(x, y, linestyle=dash(k), color=colour(k), linewidth=1.8, label=in_legend(name), **mark)  # type: ignore[arg-type]


def _mixed(shares: Array) -> Array:
    """A colour (n, 3) for each row: those of the components in its shares."""
    from matplotlib.colors import to_rgb

    colours = np.array([to_rgb(colour(k)) for k in range(shares.shape[1])])
    return np.clip(np.nan_to_num(shares) @ colours, 0, 1)


def _named(ax: Axes, view: RegressionLines | GateEffect) -> Axes:
    if view.levels is not None:
        ax.set_xticks(range(len(view.levels)), list(view.levels))
        ax.margins(x=0.1)
    return ax
