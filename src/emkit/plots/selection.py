"""Numbers of components compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emkit.plots.style import INK, axes, colour, dash, finish, marker, plain_numbers
from emkit.views import ChoiceLines

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def choice(view: ChoiceLines, ax: Axes | None = None) -> Axes:
    """The criterion by number of components, one line for each form; the best is starred, what cannot be chosen is hollow."""
    ax = axes(ax)
    numbers: set[int] = set()
    for k, (form, points) in enumerate(view.lines.items()):
        count, values = [point.components for point in points], [point.value for point in points]
        numbers.update(count)
        ax.plot(count, values, linestyle=dash(k), color=colour(k), marker=marker(k), markersize=4, label=form or view.name)
        hollow = [point for point in points if not point.sound]
        ax.plot(
            [point.components for point in hollow], [point.value for point in hollow],
            linestyle="", marker=marker(k), color=colour(k), markerfacecolor="white",
        )  # fmt: skip
    form, number = view.best
    value = next(point.value for point in view.lines[form] if point.components == number)
    label = f"lowest: {form} {number}".replace("  ", " ")
    ax.plot([number], [value], "*", color=INK, markersize=13, label=f"{label}, {value:.2f}", zorder=5)
    ax.set_xticks(sorted(numbers))
    plain_numbers(ax)
    ax.legend(frameon=False, fontsize="small", ncols=1 + len(view.lines) // 8)
    return finish(ax, f"{view.name}: lower is better", "components", view.name)
