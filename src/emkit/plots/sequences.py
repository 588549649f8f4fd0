"""Rows in sequence: their states over time, the graph of transitions, and how long states last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.core.arrays import Array
from emkit.plots.style import FAINT, INK, axes, colour, finish, in_legend, marker, whole_ticks
from emkit.views import DwellTimes, StateSequence, TransitionGraph
from emkit.views.sequences import dwell_bins

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_DRAWN = 0.005  # transitions that would be written as 0.00
SMALLEST, LARGEST = 0.17, 0.32  # radii of states, on a circle of radius 1 around which they stand
FEW = 150  # rows with large points
WRITTEN = ((3, LEAST_DRAWN), (6, 0.05), (np.inf, 0.1))  # up to so many states, the least transition with its number beside it
MOST_SHARES = 6  # states that are large enough for their shares


def states(view: StateSequence, ax: Axes | None = None) -> Axes:
    """Rows in order, as points in the colour of their state; a line along the mean of the state that each is in."""
    ax = axes(ax)
    t = view.first + np.arange(len(view.values))
    size = 4.5 if len(t) <= FEW else 2.5
    for start in view.bounds[view.bounds > view.first]:
        ax.axvline(start - 0.5, color=FAINT, linestyle=":", linewidth=1)
    if view.levels is None:
        ax.plot(t, view.values, "-", color="#CCCCCC", linewidth=0.7, zorder=1)
    for k, name in enumerate(view.components):
        mine = view.states == k
        ax.plot(t[mine], view.values[mine], marker(k), color=colour(k), markersize=size, label=in_legend(name), zorder=3)
        if view.levels is None:
            mean = np.where(mine, view.means[k], np.nan)
            edges = np.append(t - 0.5, t[-1] + 0.5)
            ax.stairs(mean, edges, baseline=None, color=colour(k), linewidth=2, alpha=0.6, zorder=2)
    if view.levels is not None:
        ax.set_yticks(range(len(view.levels)), list(view.levels))
    whole_ticks(ax)
    ax.legend(frameon=False, fontsize="small", title="state", bbox_to_anchor=(1.0, 1.0), loc="upper left")
    shown = f" (rows {view.first:,} to {view.first + len(t) - 1:,} of {view.of:,})" if len(t) < view.of else ""
    return finish(ax, "States on the likeliest path" + shown, "row, counted from 0", view.column)


def transitions(view: TransitionGraph, ax: Axes | None = None) -> Axes:
    """States as circles, the larger the more rows they have in the long run; arrows with the probability of what follows."""
    from matplotlib.patches import Circle

    ax = axes(ax)
    number = len(view.components)
    places, sizes = _around(number), _radii(view.shares)
    least = next(least for most, least in WRITTEN if number <= most)
    for i in range(number):
        for k in range(number):
            if view.transitions[i, k] >= LEAST_DRAWN:
                _arrow(ax, places[i], places[k], sizes[i], sizes[k], float(view.transitions[i, k]), least, colour(i))
    for k, name in enumerate(view.components):
        ax.add_patch(Circle(tuple(places[k]), sizes[k], facecolor="white", edgecolor=colour(k), linewidth=2, zorder=3))
        share = "" if np.isnan(view.shares[k]) or number > MOST_SHARES else f"\n{view.shares[k]:.1%}"
        ax.text(
            places[k, 0], places[k, 1], _short(name) + share, ha="center", va="center", fontsize="small", color=INK, zorder=4
        )
    reach = 1.0 + LARGEST + 0.55
    ax.set_xlim(-reach, reach)
    low, high = places[:, 1].min() - LARGEST - 0.55, places[:, 1].max() + LARGEST + 0.55
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    hidden = int(((view.transitions > 0) & (view.transitions < LEAST_DRAWN)).sum())
    rest = [f"{hidden} below {LEAST_DRAWN:g} not drawn"] if hidden else []
    rest += [f"written from {least:g} on"] if least > LEAST_DRAWN else []
    below = "\n" + "; ".join(rest) if rest else ""
    finish(
        ax,
        "Transitions between states",
        "arrows: probability of the next state" + below,
        "circles: share of rows in the long run",
    )
    ax.spines[:].set_visible(False)
    return ax


def dwell_times(view: DwellTimes, ax: Axes | None = None) -> Axes:
    """How often the likeliest paths stay in each state for so many rows, and, as points, what the fit expects."""
    ax = axes(ax)
    edges = dwell_bins(view)
    middles, width, number = (edges[:-1] + edges[1:] - 1) / 2, edges[1] - edges[0], len(view.components)
    for k, name in enumerate(view.components):
        bar = 0.8 * width / number
        at = middles + (k - (number - 1) / 2) * bar
        observed = np.histogram(view.decoded[k], edges)[0]
        below = view.stay[k] ** (edges - 1.0)  # the probability of lasting that long
        expected = len(view.decoded[k]) * (below[:-1] - below[1:])
        mean = "for ever" if np.isinf(view.expected[k]) else f"{view.expected[k]:.3g} rows"
        ax.bar(
            at,
            observed,
            bar,
            color=colour(k),
            alpha=0.35,
            label=in_legend(f"{name}: {len(view.decoded[k])} stays, {mean} expected"),
        )
        ax.plot(at, expected, marker(k), linestyle="-", linewidth=0.8, markersize=4, color=colour(k))
    whole_ticks(ax)
    whole_ticks(ax, "y")
    ax.legend(frameon=False, fontsize="small")
    cut = sum(map(len, view.cut))
    binned = f", {width} to a bin" if width > 1 else ""
    more = f"; {cut} cut short by the ends of sequences" if cut else ""
    return finish(ax, "How long states last: likeliest paths (bars), fit (points)", f"rows of a stay{binned}{more}", "stays")


def _around(number: int) -> Array:
    """Places (K, 2) on a circle: two beside each other, more beginning at the top."""
    if number == 1:
        return np.zeros((1, 2))
    angle = (np.pi if number == 2 else np.pi / 2) - 2 * np.pi * np.arange(number) / number
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _radii(shares: Array) -> Array:
    """Radii (K,) of circles whose areas grow with the shares, within bounds that leave room for a name."""
    number = len(shares)
    crowded = min(1.0, 6 / max(number, 1))  # many states stand close
    grown = np.sqrt(np.nan_to_num(shares, nan=1 / number))
    return crowded * (SMALLEST + (LARGEST - SMALLEST) * grown)


def _arrow(ax: Axes, start: Array, end: Array, before: float, after: float, share: float, least: float, own: str) -> None:
    """An arrow that bends to its left, so that the way there and the way back are two; a loop, to where it began."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    if (start == end).all():
        away = float(np.arctan2(start[1], start[0])) if start.any() else np.pi / 2
        turns, far = away + np.array([0.45, 0.75, -0.75, -0.45, 0.0]), before + np.array([0.0, 0.42, 0.42, 0.0, 0.36])
        *points, label = start + far[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    else:
        towards = (end - start) / np.linalg.norm(end - start)
        aside = np.array([-towards[1], towards[0]])
        bend = 0.22 * np.linalg.norm(end - start)
        first, last = _edge(start, towards, aside, before), _edge(end, -towards, aside, after)
        one, other = (2 * start + end) / 3 + bend * aside, (start + 2 * end) / 3 + bend * aside
        points = [first, one, other, last]
        t = 0.3  # nearer to where it comes from, so that labels of crossing arrows do not meet
        weights = np.array([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
        label = weights @ np.array(points)
    path = Path([tuple(point) for point in points], [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    look: Any = {"arrowstyle": "-|>", "mutation_scale": 11, "color": own, "linewidth": 0.8 + 2.4 * share, "alpha": 0.75}
    ax.add_patch(FancyArrowPatch(path=path, zorder=2, **look))
    if share < least:
        return
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    ax.text(label[0], label[1], f"{share:.2f}", ha="center", va="center", fontsize="small", color=own, bbox=box, zorder=5)


def _edge(centre: Array, towards: Array, aside: Array, radius: float) -> Array:
    """Where an arrow leaves or meets a circle: a little to the side to which it bends."""
    direction = towards + 0.55 * aside
    return centre + radius * direction / np.linalg.norm(direction)


def _short(name: str) -> str:
    return name if len(name) <= 9 else name[:8] + "…"
