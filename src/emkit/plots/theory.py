"""Why EM works, in two pictures: Jensen's inequality, and the bound that carries the likelihood upwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import FAINT, INK, axes, colour, finish, in_legend, marker, plain_numbers
from emkit.teach.why import BoundCurve, Jensen

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bound(curve: BoundCurve, ax: Axes | None = None) -> Axes:
    """Log-likelihood and bound along the line from one iterate (s = 0) to the next (s = 1)."""
    ax = axes(ax)
    before, after = curve.step - 1, curve.step
    ax.plot(curve.s, curve.log_likelihood, "-", color=colour(0), label="log-likelihood")
    ax.plot(curve.s, curve.bound, "--", color=colour(1), label=f"bound, with q of theta_{before}")
    touch, (top, peak) = curve.at(0)[0], curve.at(1)
    ax.plot([0], [touch], marker(0), color=INK, label="E-step: they touch")
    ax.plot([1], [peak], marker(1), color=INK, label="M-step: the bound is highest")
    ax.plot([1, 1], [peak, top], "-", color=FAINT, linewidth=3, solid_capstyle="butt", label=f"KL, {abs(top - peak):.4g}")
    ax.set_xticks([-0.5, 0, 0.5, 1, 1.5], ["−0.5", f"0\ntheta_{before}", "0.5", f"1\ntheta_{after}", "1.5"])
    ax.set_xlim(curve.s[0], curve.s[-1])
    plain_numbers(ax)
    ax.legend(frameon=False, fontsize="small")
    return finish(ax, f"The bound in EM step {after}", "s, along the line through both", "natural logarithm")


def jensen(choice: Jensen, ax: Axes | None = None) -> Axes:
    """The concave logarithm, the points p(x,z) / q(z) on it, and the chord below it at their mean."""
    ax = axes(ax)
    low, high = min(choice.points.min(), choice.mean), max(choice.points.max(), choice.mean)
    spread = high - low if not choice.touches else high
    x = np.linspace(max(low - 0.35 * spread, 0.15 * low), high + 0.35 * spread, 200)
    ax.plot(x, np.log(x), "-", color=FAINT, label="log")
    order = np.argsort(choice.points)
    corners = order if len(order) == 2 else np.append(order, order[0])
    if not choice.touches:
        ax.plot(choice.points[corners], np.log(choice.points[corners]), "--", color=colour(1), linewidth=1, label="chord")
    for k, (state, weight, point) in enumerate(zip(choice.states, choice.weights, choice.points, strict=True)):
        size = 5 + 9 * np.sqrt(weight)
        ax.plot(
            [point],
            [np.log(point)],
            marker(k),
            color=colour(k),
            markersize=size,
            alpha=0.85,
            label=in_legend(f"{state}: weight {weight:.3g}"),
        )
    ax.plot([choice.mean] * 2, [choice.mean_of_logs, choice.log_of_mean], "-", color=INK, linewidth=3, solid_capstyle="butt")
    ax.plot(
        [choice.mean], [choice.log_of_mean], "_", color=INK, markersize=14, label=f"log of the mean, {choice.log_of_mean:.4f}"
    )
    label = f"mean of the logs, {choice.mean_of_logs:.4f}"
    ax.plot([choice.mean], [choice.mean_of_logs], "_", color=colour(1), markersize=14, label=label)
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return finish(ax, f"Jensen, row {choice.row}, q: {choice.choice}", "p(x, z) / q(z)", "natural logarithm")
