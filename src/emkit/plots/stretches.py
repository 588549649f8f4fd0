"""Values that are known up to an interval: drawn as that, and never as one of its ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from emkit.core.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAID = {(True, True): "between", (True, False): "known to be larger", (False, True): "known not to be larger"}


def stretches(ax: Axes, low: Array, high: Array, at: Array, inks: Any, upright: bool, size: float = 22.0) -> None:
    """Values between `low` and `high` (n,), infinite where there is no end, `at` (n,) along the other axis, in their `inks`.

    A line from end to end, or a hollow arrowhead at the only end that is known, which points to where the value lies.
    """
    inks = np.asarray(inks)
    for ends, said in SAID.items():
        some = (np.isfinite(low) == ends[0]) & (np.isfinite(high) == ends[1])
        if not some.any():
            continue
        label = "_" if said in ax.get_legend_handles_labels()[1] else said
        if all(ends):
            lines = ax.vlines if upright else ax.hlines
            lines(at[some], low[some], high[some], colors=inks[some], linewidths=1.4, alpha=0.75, label=label)
            continue
        tip = (low if ends[0] else high)[some]
        mark = ("^" if upright else ">") if ends[0] else ("v" if upright else "<")
        x, y = (at[some], tip) if upright else (tip, at[some])
        ax.scatter(x, y, s=size, marker=mark, facecolors="none", edgecolors=inks[some], linewidths=0.9, label=label)
