"""Numbers of components compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emkit.plots.style import INK, axes, colour, dash, finish, marker, plain_numbers
from emkit.views import ChoiceLines, Criteria

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def criteria(table: Criteria, ax: Axes | None = None) -> Axes:
    """BIC and AIC by number of components; the lowest BIC is marked, and fits that did not converge are hollow."""
    ax = axes(ax)
    count = [line.components for line in table.lines]
    criteria = {"BIC": [line.bic for line in table.lines], "AIC": [line.aic for line in table.lines]}
    for k, (name, values) in enumerate(criteria.items()):
        ax.plot(count, values, "-" if k == 0 else "--", color=colour(k), marker=marker(k), label=name)
        stuck = [(line.components, value) for line, value in zip(table.lines, values, strict=True) if not line.converged]
        if stuck:
            ax.plot(
                *zip(*stuck, strict=True), marker(k), color=colour(k), markerfacecolor="white", label=f"{name}, not converged"
            )
    best = table.best
    ax.plot([best.components], [best.bic], "*", color=colour(2), markersize=15, label=f"lowest BIC, {best.bic:.2f}", zorder=5)
    ax.set_xticks(sorted(set(count)))
    plain_numbers(ax)
    ax.legend(frameon=False, fontsize="small")
    return finish(ax, "How many components? Lower is better", "components", "criterion")


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
