"""Models of a choice compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.plots.style import INK, axes, colour, dash, finish, in_legend, marker
from emkit.views import ChoiceLines

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DECISIVE = 10.0  # a difference of more is very strong evidence: Kass & Raftery (1995), J. Am. Stat. Assoc. 90, 773-795
STEPS = (1, 5, 2)  # times powers of ten: where ticks may be, the first first
APART = 0.06  # of the axis, between ticks at least
MARGIN = 0.05  # of the axis, beyond the lowest and the highest
BESIDE = 7  # forms: the names of more stand beside the figure


def choice(view: ChoiceLines, ax: Axes | None = None) -> Axes:
    """The criterion by number of components, one line for each form; the best is starred, what cannot be chosen is hollow.

    Heights are told as differences from the best (from the lowest, if none can be chosen), small ones in proportion and large
    ones by their logarithms, so that models close to the best are seen apart whatever the others are.
    """
    ax = axes(ax)
    numbers: set[int] = set()
    for k, (form, points) in enumerate(view.lines.items()):
        count, values = [point.components for point in points], [point.value for point in points]
        numbers.update(count)
        ax.plot(
            count,
            values,
            linestyle=dash(k),
            color=colour(k),
            marker=marker(k),
            markersize=4,
            label=in_legend(form or view.name),
        )
        hollow = [point for point in points if not point.sound]
        ax.plot(
            [point.components for point in hollow], [point.value for point in hollow],
            linestyle="", marker=marker(k), color=colour(k), markerfacecolor="white",
        )  # fmt: skip
    values = [point.value for points in view.lines.values() for point in points]
    value = min(values)
    if view.best is not None:
        form, number = view.best
        value = next(point.value for point in view.lines[form] if point.components == number)
        label = f"lowest: {form} {number}".replace("  ", " ")
        ax.plot([number], [value], "*", color=INK, markersize=13, label=f"{label}, {value:.2f}", zorder=5)
    ax.set_xticks(sorted(numbers))
    _from_the_best(ax, value, values)
    if len(view.lines) > BESIDE:
        ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    else:
        ax.legend(frameon=False, fontsize="small")
    return finish(ax, f"{view.name}: lower is better", "components", f"{view.name} above the lowest")


def _from_the_best(ax: Axes, best: float, values: Sequence[float]) -> None:
    """A scale on which differences from the best count, with ticks that say them."""

    def forward(y: Any) -> Any:
        return np.arcsinh((y - best) / DECISIVE)

    def inverse(u: Any) -> Any:
        return best + DECISIVE * np.sinh(u)

    ax.set_yscale("function", functions=(forward, inverse))
    low, high = forward(min(values)), forward(max(values))
    breadth = max(high - low, DECISIVE / 100)
    ax.set_ylim(inverse(low - MARGIN * breadth), inverse(high + MARGIN * breadth))
    ticks = [0.0]
    for size in (sign * step * 10.0**power for step in STEPS for power in range(-2, 9) for sign in (1, -1)):
        place = forward(best + size)
        if low <= place <= high and all(abs(place - forward(best + tick)) > APART * breadth for tick in ticks):
            ticks.append(size)
    ax.set_yticks([best + tick for tick in ticks], [f"{tick:g}" for tick in ticks])
