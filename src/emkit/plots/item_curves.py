"""Curves of items over the ability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emkit.core.arrays import Array
from emkit.plots.style import axes, colour, dash, finish, in_legend
from emkit.views import ItemCurves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NAMED = 20  # in a legend


def items(view: ItemCurves, ax: Axes | None = None) -> Axes:
    """A curve for each item or, of one item, for each answer; in each class of people, if there are several."""
    ax = axes(ax)
    own = len(view.names) // view.classes
    for k, (name, curve) in enumerate(zip(view.names, view.curves, strict=True)):
        _line(view, ax, name, curve, k % own, k // own if view.classes > 1 else k)
    _legend(view, ax)
    ax.set_ylim(-0.02, 1.02)
    return finish(ax, f"Answers to {view.of}" if view.of else "Answers to items", "ability", view.shown)


def information(view: ItemCurves, ax: Axes | None = None) -> Axes:
    """A curve for each item, and a wide one for the whole test; in each class of people, if there are several."""
    ax = axes(ax)
    own = len(view.names) // view.classes
    for k, (name, curve) in enumerate(zip(view.names, view.curves, strict=True)):
        item, of_class = k % own, k // own
        if item == own - 1:
            ax.plot(view.at, curve, color="black", linestyle=dash(of_class), linewidth=2.4, label=in_legend(name))
        else:
            _line(view, ax, name, curve, item, of_class if view.classes > 1 else item)
    _legend(view, ax)
    ax.set_ylim(bottom=0)
    return finish(ax, "What answers tell of an ability", "ability", view.shown)


def _line(view: ItemCurves, ax: Axes, name: str, curve: Array, item: int, dashed: int) -> None:
    """One curve, in the colour of its item."""
    label = in_legend(name) if len(view.names) <= MOST_NAMED else None
    ax.plot(view.at, curve, linestyle=dash(dashed), color=colour(item), linewidth=1.6, label=label)


def _legend(view: ItemCurves, ax: Axes) -> None:
    if ax.get_legend_handles_labels()[0]:
        title = "answer" if view.of else "item"
        ax.legend(frameon=False, fontsize="small", title=title, bbox_to_anchor=(1.0, 1.0), loc="upper left")
