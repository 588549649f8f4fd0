"""Curves of items over the ability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emkit.plots.style import axes, colour, dash, finish, in_legend
from emkit.views import ItemCurves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NAMED = 20  # in a legend


def items(view: ItemCurves, ax: Axes | None = None) -> Axes:
    """A curve for each item or, of one item, for each answer."""
    ax = _drawn(view, axes(ax))
    ax.set_ylim(-0.02, 1.02)
    return finish(ax, f"Answers to {view.of}" if view.of else "Answers to items", "ability", view.shown)


def information(view: ItemCurves, ax: Axes | None = None) -> Axes:
    """A curve for each item, and a wide one for the whole test."""
    ax = axes(ax)
    ax.plot(view.at, view.curves[-1], color="black", linewidth=2.4, label=in_legend(view.names[-1]))
    ax = _drawn(ItemCurves(view.at, view.names[:-1], view.curves[:-1], view.shown), ax)
    ax.set_ylim(bottom=0)
    return finish(ax, "What answers tell of an ability", "ability", view.shown)


def _drawn(view: ItemCurves, ax: Axes) -> Axes:
    for k, (name, curve) in enumerate(zip(view.names, view.curves, strict=True)):
        label = in_legend(name) if len(view.names) <= MOST_NAMED else None
        ax.plot(view.at, curve, linestyle=dash(k), color=colour(k), linewidth=1.6, label=label)
    if ax.get_legend_handles_labels()[0]:
        title = "answer" if view.of else "item"
        ax.legend(frameon=False, fontsize="small", title=title, bbox_to_anchor=(1.0, 1.0), loc="upper left")
    return ax
