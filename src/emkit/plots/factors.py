"""Loadings of columns on factors, and how many factors there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emkit.plots.style import FAINT, INK, axes, colour, finish, marker, whole_ticks
from emkit.views import FactorLoadings, Scree

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DARK = 0.6  # a loading whose cell needs light figures


def loadings(view: FactorLoadings, ax: Axes | None = None) -> Axes:
    """A table: one row for each column, one column for each factor; blue for loadings > 0, orange for those < 0."""
    from matplotlib.colors import LinearSegmentedColormap

    d, m = view.loadings.shape
    ax = axes(ax, d)
    shades = LinearSegmentedColormap.from_list("loadings", [colour(1), "#FFFFFF", colour(0)])
    ax.imshow(view.loadings, cmap=shades, vmin=-1, vmax=1, aspect="auto")
    for j, k in np.ndindex(d, m):
        value = view.loadings[j, k]
        ax.text(k, j, f"{value:.2f}", ha="center", va="center", color="white" if abs(value) > DARK else INK, fontsize="small")
    ax.set_yticks(np.arange(d), list(view.columns))
    ax.set_xticks(np.arange(m), [str(k + 1) for k in range(m)])
    ax.tick_params(length=0)
    together = [f"{k + 1} and {i + 1}: {view.correlations[k, i]:.2f}" for k in range(m) for i in range(k + 1, m)]
    correlated = not np.allclose(view.correlations, np.eye(m)) and len(together) <= 3
    named = f"factor (correlations: {', '.join(together)})" if correlated else "factor"
    return finish(ax, "Loadings, where columns and factors have variance 1", named, "column")


def scree(view: Scree, ax: Axes | None = None) -> Axes:
    """Eigenvalues of the correlations by size, and which of them chance alone stays below."""
    ax = axes(ax)
    at = np.arange(1, len(view.eigenvalues) + 1)
    ax.axhline(1.0, color=FAINT, linestyle=":", linewidth=1)
    ax.plot(at, view.eigenvalues, "-", marker=marker(0), color=colour(0), label="these columns")
    ax.plot(at, view.by_chance, "--", marker=marker(1), color=colour(1), markersize=4, label="independent columns, 95 %")
    whole_ticks(ax)
    ax.legend(frameon=False, fontsize="small")
    many = f"{view.factors} {'is' if view.factors == 1 else 'are'} larger than by chance"
    return finish(ax, f"Eigenvalues of the correlations: {many}", "number", "eigenvalue")
